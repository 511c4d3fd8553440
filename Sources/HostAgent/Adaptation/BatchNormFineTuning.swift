internal import Glibc

/// Batch-norm fine-tuning: γ and β learn from labelled images through the chip, and
/// the statistics follow; conductances are frozen, not a pulse is spent.
///
/// Cross entropy; 5 epochs, the rate 0.01 divided by 5 every second epoch. Momentum
/// 0.9 and the batch are chosen: the source names neither.
///
/// - Source: Bhattacharjee et al., batch-norm adaptation of crossbars, 2023.
public struct BatchNormFineTuning: BatchNormStrategy {
    public var epochs: Int
    public var rate: Double
    public var batch: Int
    public var seed: UInt64

    public init(epochs: Int = 5, rate: Double = 0.01, batch: Int = 50, seed: UInt64 = 1) {
        precondition(epochs >= 1 && rate > 0 && batch >= 2)
        self.epochs = epochs
        self.rate = rate
        self.batch = batch
        self.seed = seed
    }

    public var name: String { "batch-norm fine-tuning" }
    public var data: AdaptationData { .labelledImages }

    /// η of an epoch, from 0.
    package func rate(inEpoch epoch: Int) -> Double { rate / pow(5, Double(epoch / 2)) }

    public func tune(
        _ network: Network, with products: any MatrixProducts, on images: ImageSet
    ) throws {
        try BatchNormTraining(
            epochs: epochs, batch: batch, rate: rate(inEpoch:), optimiser: .momentum(0.9),
            seed: seed
        ).train(network, with: products, on: images) { try $0.crossEntropy($1) }
    }
}
