/// Values from the chip, gradients from the digital shadow weights: the
/// straight-through estimate of a product that can't be differentiated.
public final class StraightThroughProducts: MatrixProducts {
    private let values: any MatrixProducts

    /// - Parameter values: who measures; normally the chip.
    public init(values: any MatrixProducts) { self.values = values }

    public func product(of layer: MatrixLayer, with input: Tensor) throws -> Tensor {
        let value = try values.product(of: layer, with: try input.detached())
        return try layer.straightThrough(input, value: value)
    }
}
