/// Who carries out a network's matrix products: libtorch in floating point, the
/// same with noise, integer arithmetic, or a chip. All else of a network is
/// digital and the same for everyone.
public protocol MatrixProducts {
    /// The product of `layer`'s weight with `input`, without the bias.
    ///
    /// - Shape: convolutions [n, c, h, w] → [n, o, h', w']; linear [n, i] → [n, o].
    func product(of layer: MatrixLayer, with input: Tensor) throws -> Tensor
}

/// Products in floating point.
public struct FloatProducts: MatrixProducts {
    public init() {}

    public func product(of layer: MatrixLayer, with input: Tensor) throws -> Tensor {
        try layer.digitalProduct(input, weight: layer.weight)
    }
}
