/// Values from the chip, gradients from the digital shadow weights: the
/// straight-through estimate of a product that can't be differentiated.
///
/// Drift takes much the same factor from all weights, and a batch norm behind divides by
/// what is left: gradients through the shadow's weights as they are would grow by the
/// inverse of the factor in every layer. So they go through g·W, with
///
///     g = Σ y·ŷ/Σ ŷ²
///
/// y: the chip's product, ŷ: the shadow's of the same inputs, over the first images.
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
        guard let errors else {
            return try layer.straightThrough(
                input, value: value, gain: gain(of: layer, input, value))
        }
        let shape = input.shape
        return try input.straightThrough(layer.weight, layer.kind, value: value) {
            try errors.inputGradient(of: layer, inputShape: shape, from: $0)
        }
    }

    /// Images that g is found from, at most (chosen: thousands of products each, or hundreds
    /// of a classifier).
    private static let gainImages = 8

    private func gain(of layer: MatrixLayer, _ input: Tensor, _ value: Tensor) throws -> Double {
        try noGrad {
            let images = 0 ..< min(Self.gainImages, input.shape[0])
            let shadow = try FloatProducts().product(of: layer, with: input.narrowed(images))
            let square = try shadow.multiplied(by: shadow).sum()
            guard square > 0 else { return 1 }
            return try value.narrowed(images).multiplied(by: shadow).sum() / square
        }
    }
}

/// Who sends errors back through the matrix of a layer.
public protocol ErrorProducts {
    /// The gradient of the layer's input, of `inputShape`, from that of its product.
    func inputGradient(of layer: MatrixLayer, inputShape: [Int], from gradient: Tensor) throws
        -> Tensor
}
