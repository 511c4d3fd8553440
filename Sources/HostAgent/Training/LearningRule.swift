/// What a training makes of its batches: a loss, and a step by the loss's gradient.
protocol LearningRule: AnyObject {
    /// What is learned.
    var parameters: [Tensor] { get }
    /// Called before an epoch's first step: what is random in it depends on its number
    /// alone.
    func begin(epoch: Int) throws
    /// A scalar with a gradient.
    func loss(
        _ network: Network, _ batch: TrainingBatch, with products: any MatrixProducts
    ) throws -> Tensor
    /// Takes one step by the gradients gathered, and clears them.
    func update(rate: Double) throws

    /// All that the next epochs depend on beside the parameters and `step`.
    var state: [Tensor] { get }
    /// Steps taken.
    var step: Int { get set }
    /// Of the epoch so far, in WAGE's integers.
    var zeros: WAGEZeros? { get }
}

extension LearningRule {
    func begin(epoch: Int) throws {}
    var zeros: WAGEZeros? { nil }
}

/// Cross entropy and an optimiser, in floating point or through rounded weights.
final class GradientLearning: LearningRule {
    let parameters: [Tensor]
    private let optimiser: Optimiser
    private let clip: WeightClip?
    private let smoothing: Double
    private let consistency: Double

    /// - Parameter learned: what is learned of the network.
    init(_ network: Network, _ plan: TrainingPlan, of learned: [NamedTensor]) throws {
        parameters = learned.map(\.tensor)
        optimiser = try Optimiser(
            plan.optimiser, parameters: parameters,
            decays: learned.map { $0.role == .weight ? plan.weightDecay : 0 })
        clip = plan.clip.map { WeightClip(network, deviations: $0) }
        (smoothing, consistency) = (plan.labelSmoothing, plan.consistency)
    }

    /// L(p, y) + λ·JS(p; p₁; p₂), where the batch has views; the weighted sum over
    /// exits.
    ///
    /// All views go through the network as one batch, so that a batch norm sees them all.
    ///
    /// - Source: Hendrycks et al., "AugMix", ICLR 2020, section 3, with λ = 12.
    func loss(
        _ network: Network, _ batch: TrainingBatch, with products: any MatrixProducts
    ) throws -> Tensor {
        guard !batch.views.isEmpty else {
            return try network.loss(
                batch.images, batch.targets, smoothing: smoothing, with: products)
        }
        let count = batch.images.shape[0]
        let all = [batch.images] + batch.views
        return try network.loss(.concatenated(all), with: products) { scores in
            let parts = try all.indices.map {
                try scores.narrowed($0 * count ..< ($0 + 1) * count)
            }
            return try parts[0].crossEntropy(batch.targets, smoothing: smoothing).adding(
                .jensenShannonDivergence(parts), times: consistency)
        }
    }

    func update(rate: Double) throws {
        try optimiser.update(rate: rate)
        try clip?.apply()
    }

    var state: [Tensor] { optimiser.state }
    var step: Int {
        get { optimiser.step }
        set { optimiser.step = newValue }
    }
}
