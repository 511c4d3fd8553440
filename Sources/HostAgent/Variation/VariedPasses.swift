/// Variability-aware training: every step sees fresh chips, one for each of its
/// samples, and follows the mean of their gradients.
///
///     g = (1/n)·Σ_s ∇_w L(w̃(w, ε_s))
///
/// is an unbiased estimate of ∇_w E_ε[L(w̃)], and its variance falls as 1/n. With
/// rounded weights this is QAVAT, with weights in floating point VAT.
///
/// - Source: Deng, Orshansky, DATE 2022, §III.
public final class VariedPasses: TrainingPasses {
    /// Of what the chips should hold.
    public let variation: WeightVariation
    /// n ≥ 1.
    public let samples: Int
    private let quantisers: NetworkQuantisers?
    private let seed: UInt64
    private var generator: RandomGenerator

    /// - Parameter quantisers: `nil` for weights and inputs in floating point.
    public init(
        _ variation: WeightVariation, samples: Int = 1, quantisers: NetworkQuantisers?,
        seed: UInt64
    ) throws {
        precondition(samples >= 1)
        self.variation = variation
        self.samples = samples
        self.quantisers = quantisers
        self.seed = seed
        generator = try Self.generator(seed, epoch: 0)
    }

    public func begin(epoch: Int) throws { generator = try Self.generator(seed, epoch: epoch) }

    private static func generator(_ seed: UInt64, epoch: Int) throws -> RandomGenerator {
        try RandomGenerator(seed: seed, purpose: "deviations while training, epoch \(epoch)")
    }

    public func passes() throws -> [any MatrixProducts] {
        try (0 ..< samples).map { _ in
            let programmed: any LayerWeights =
                quantisers.map { QuantisedWeights($0) } ?? FloatWeights()
            return WeightedProducts(
                try VariedChip(variation, of: programmed, from: generator), inputs: quantisers)
        }
    }
}
