public import Protocol

/// Batch-norm adaptation: the mean and variance of every batch norm are measured
/// anew from unlabelled images through the chip; all else stays.
///
/// Each batch norm normalises a batch by the batch's own statistics, as in training,
/// so that all layers are measured in one pass.
///
/// - Source: Bhattacharjee et al., batch-norm adaptation of crossbars, 2023.
public struct BatchNormReestimation: BatchNormStrategy {
    public enum Averaging: Equatable, Sendable {
        /// r ← (1 − m)·r + m·(batch): forgets the old statistics as (1 − m)^batches.
        case momentum(Double)
        /// The mean over all batches: the old statistics are gone at once.
        case plain

        /// m of batch number `step`, from 0.
        func momentum(at step: Int) -> Double {
            switch self {
            case .momentum(let momentum): momentum
            case .plain: 1 / Double(step + 1)
            }
        }
    }

    public var averaging: Averaging
    /// Images of a batch, about: all batches have the same number, but for one.
    public var batch: Int
    public var passes: Int

    /// Defaults chosen: after three passes of 512 images 3 % of the old statistics
    /// are left.
    public init(
        averaging: Averaging = .momentum(BatchNorm.momentum), batch: Int = 50, passes: Int = 3
    ) {
        precondition(batch >= 2 && passes >= 1)
        self.averaging = averaging
        self.batch = batch
        self.passes = passes
    }

    public var name: String {
        switch averaging {
        case .momentum: "batch-norm adaptation"
        case .plain: "batch-norm adaptation, plain mean"
        }
    }
    public var data: AdaptationData { .images }

    public func tune(
        _ network: Network, with products: any MatrixProducts, on images: ImageSet
    ) throws {
        try network.checkBatchNorms(images)
        try network.withBatchStatistics {
            var step = 0
            for _ in 0 ..< passes {
                for range in images.evenRanges(of: batch) {
                    for norm in network.batchNorms { norm.momentum = averaging.momentum(at: step) }
                    try noGrad {
                        _ = try network.exitScores(images.batch(range).images, with: products)
                    }
                    step += 1
                }
            }
        }
    }
}

/// What keeps a method from a network.
public enum AdaptationError: StatusError, Equatable {
    case noBatchNorm(network: String)
    case oneImage
    case onHost(layer: String)
    case sharedWeight(layer: String)
    case oneExit(network: String)

    public var description: String {
        switch self {
        case .noBatchNorm(let network): "\(network) has no batch norm that could be adapted"
        case .onHost(let layer):
            "the layer '\(layer)' is computed by the host; only layers on the chip can be tuned"
        case .sharedWeight(let layer):
            "the layer '\(layer)' is a part of the shared block, whose weights other places have "
                + "too; the method tiny-shared-block trains it"
        case .oneExit(let network): "\(network) has one exit: there is nothing to choose"
        case .oneImage: "batch norms take statistics of at least 2 images, there is 1"
        }
    }
    public var exitStatus: ExitStatus { .usage }
}

extension Network {
    /// Refuses a network without batch norms.
    func checkBatchNorms() throws(AdaptationError) {
        guard !batchNorms.isEmpty else { throw .noBatchNorm(network: name) }
    }

    /// The same, and images without a variance.
    func checkBatchNorms(_ images: ImageSet) throws {
        try checkBatchNorms()
        guard images.count >= 2 else { throw AdaptationError.oneImage }
    }

    /// Lets batch norms use and follow the batch's own statistics meanwhile.
    func withBatchStatistics(_ body: () throws -> Void) rethrows {
        setTraining(true)
        defer {
            setTraining(false)
            for norm in batchNorms { norm.momentum = BatchNorm.momentum }
        }
        try body()
    }
}

extension ImageSet {
    /// 0 ..< count in the fewest pieces of at most `size`, whose lengths differ by 1
    /// at most: none is so short that its statistics would be worthless.
    func evenRanges(of size: Int) -> [Range<Int>] {
        let pieces = (count + size - 1) / size
        return (0 ..< pieces).map { $0 * count / pieces ..< ($0 + 1) * count / pieces }
    }
}
