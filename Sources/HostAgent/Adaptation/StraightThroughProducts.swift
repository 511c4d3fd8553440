/// Values from the chip, gradients from the digital shadow weights: the
/// straight-through estimate of a product that can't be differentiated.
public final class StraightThroughProducts: MatrixProducts {
    private let values: any MatrixProducts
    private let errors: (any ErrorProducts)?

    /// - Parameters:
    ///   - values: who measures; normally the chip.
    ///   - errors: who sends errors back through a layer; `nil`: its digital
    ///     shadow weights.
    public init(values: any MatrixProducts, errors: (any ErrorProducts)? = nil) {
        self.values = values
        self.errors = errors
    }

    public func product(of layer: MatrixLayer, with input: Tensor) throws -> Tensor {
        let value = try values.product(of: layer, with: try input.detached())
        guard let errors else { return try layer.straightThrough(input, value: value) }
        let shape = input.shape
        return try input.straightThrough(layer.weight, layer.kind, value: value) {
            try errors.inputGradient(of: layer, inputShape: shape, from: $0)
        }
    }
}

/// Who sends errors back through the matrix of a layer.
public protocol ErrorProducts {
    /// The gradient of the layer's input, of `inputShape`, from that of its product.
    func inputGradient(of layer: MatrixLayer, inputShape: [Int], from gradient: Tensor) throws
        -> Tensor
}
