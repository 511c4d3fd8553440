/// Weights as one chip holds them: drawn at their first use, the same ever after.
///
/// The draws depend on the generator and on the order in which layers are first
/// used, not on the weights: two networks of one shape meet the same chip.
public final class VariedChip: LayerWeights {
    private let variation: WeightVariation
    private let programmed: any LayerWeights
    private let generator: RandomGenerator
    /// ε_B.
    public let betweenChip: Double
    private var epsilons: [String: Tensor] = [:]

    /// - Parameter programmed: what the chip should hold.
    public init(
        _ variation: WeightVariation, of programmed: any LayerWeights,
        from generator: RandomGenerator
    ) throws {
        self.variation = variation
        self.programmed = programmed
        self.generator = generator
        betweenChip = try generator.normal([1]).scalar() * variation.betweenChip
    }

    public func weight(of layer: MatrixLayer) throws -> Tensor {
        let epsilon =
            try epsilons[layer.name]
            ?? noGrad {
                try generator.normal(layer.weight.shape)
                    .scaled(by: variation.withinChip, offset: betweenChip)
            }
        epsilons[layer.name] = epsilon
        return try variation.deviating(programmed.weight(of: layer), by: epsilon)
    }
}
