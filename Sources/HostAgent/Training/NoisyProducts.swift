/// Floating-point products with a fresh Gaussian deviation on every weight, as a
/// network that will live on a chip is trained:
///
///     w̃ = w + σ·max|w|·z,   z ~ N(0, 1) for each weight and batch
///
/// The gradient at w̃ is applied to w.
public struct NoisyProducts: MatrixProducts {
    /// σ, relative to the layer's largest weight.
    public let sigma: Double
    private let generator: RandomGenerator

    public init(sigma: Double, generator: RandomGenerator) {
        self.sigma = sigma
        self.generator = generator
    }

    public func product(of layer: MatrixLayer, with input: Tensor) throws -> Tensor {
        let noise = try noGrad {
            let largest = try max(layer.weight.maximum(), -layer.weight.minimum())
            let noise = try generator.normal(layer.weight.shape)
            try noise.scale(by: sigma * largest)
            return noise
        }
        return try layer.digitalProduct(input, weight: layer.weight.adding(noise))
    }
}
