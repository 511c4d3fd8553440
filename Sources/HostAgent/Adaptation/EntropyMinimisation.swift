/// Entropy minimisation (Tent): batch norms normalise by the statistics of unlabelled
/// images, and γ and β learn to make predictions sure, through the chip:
///
///     L = mean over images of H(p),   H(p) = −Σ_k p_k·ln p_k,   p = softmax(scores)
///
/// Unlike the source's, the network may be used on single images afterwards: the
/// running statistics start as the plain mean over the images and follow the steps.
/// Rate and optimiser are the source's for CIFAR; the batch is chosen.
///
/// - Source: Wang et al., "Tent: fully test-time adaptation by entropy minimization",
///   ICLR 2021.
public struct EntropyMinimisation: BatchNormStrategy {
    public var epochs: Int
    public var rate: Double
    public var batch: Int
    public var seed: UInt64

    public init(epochs: Int = 1, rate: Double = 1e-3, batch: Int = 50, seed: UInt64 = 1) {
        precondition(epochs >= 1 && rate > 0 && batch >= 2)
        self.epochs = epochs
        self.rate = rate
        self.batch = batch
        self.seed = seed
    }

    public var name: String { "entropy minimisation" }
    public var data: AdaptationData { .images }

    public func tune(
        _ network: Network, with products: any MatrixProducts, on images: ImageSet
    ) throws {
        try BatchNormReestimation(averaging: .plain, batch: batch, passes: 1)
            .tune(network, with: products, on: images)
        try BatchNormTraining(
            epochs: epochs, batch: batch, rate: { _ in rate }, optimiser: .adam, seed: seed
        ).train(network, with: products, on: images) { scores, _ in try scores.entropy() }
    }
}
