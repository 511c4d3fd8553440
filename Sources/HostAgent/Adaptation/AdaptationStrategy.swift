/// A way to win back accuracy on a chip that has aged or deviates.
///
/// A strategy sees the chip through a `ChipSession` only: it never knows a true
/// conductance. It may change the network's parameters (those of matrices are the
/// host's shadow of what is on the chip), the deployment, and the chip.
public protocol AdaptationStrategy: Sendable {
    /// For tables.
    var name: String { get }
    /// What it looks at of the images it is given.
    var data: AdaptationData { get }
    /// Which weights it writes again; `some` unless a strategy says otherwise.
    var writes: WrittenWeights { get }

    /// Refuses what can be told to be impossible before anything changes.
    func check(_ network: Network, _ deployment: Deployment) throws

    /// Adapts. The images are training images; what is measured afterwards isn't
    /// the strategy's to see.
    func adapt(
        _ network: Network, _ deployment: inout Deployment, on session: any ChipSession,
        images: ImageSet
    ) throws

    /// The same, and what it met on the way; most have nothing to tell.
    func adaptWithFindings(
        _ network: Network, _ deployment: inout Deployment, on session: any ChipSession,
        images: ImageSet
    ) throws -> AdaptationFindings?
}

extension AdaptationStrategy {
    public func adaptWithFindings(
        _ network: Network, _ deployment: inout Deployment, on session: any ChipSession,
        images: ImageSet
    ) throws -> AdaptationFindings? {
        try adapt(network, &deployment, on: session, images: images)
        return nil
    }
}

/// What a method that learns by steps met on the way.
public struct AdaptationFindings: Codable, Equatable, Sendable {
    /// Weights that learn.
    public var weights: Int
    /// Weights written, each as often as it was.
    public var written = 0
    /// Of the layer that came nearest to a writing: codes by which a weight must have left
    /// that on the chip to be written, and codes by which one had left it most.
    public var threshold: Int
    public var largestMove = 0
    /// The loss of each step's images, before the step.
    public var losses: [Double] = []
    /// Of weights that learn under WAGE, the mean over the steps: the share whose gradient
    /// is exactly zero, and the share that a step leaves where it is.
    public var zeroGradients: Double?
    public var zeroChanges: Double?

    public init(weights: Int, threshold: Int) {
        self.weights = weights
        self.threshold = threshold
    }

    mutating func note(_ writing: LearningLayer.Writing, threshold: Int) {
        written += writing.weights
        if writing.largestMove * self.threshold > largestMove * threshold {
            (self.threshold, largestMove) = (threshold, writing.largestMove)
        }
    }
}

extension AdaptationStrategy {
    public var writes: WrittenWeights { .some }
    public func check(_ network: Network, _ deployment: Deployment) throws {}
}

/// Which weights a strategy writes again. While it does, the chip is neither what it
/// was nor what it will be.
public enum WrittenWeights: Sendable {
    case none
    /// Cells that are younger than the others then, and than the tuning columns.
    case some
    /// All, and the tuning columns with them.
    case all
}

/// What an adaptation needs beside the chip.
public enum AdaptationData: String, Codable, Sendable {
    case nothing, images
    case labelledImages = "labelled images"
}

/// What an adaptation cost and gave.
public struct AdaptationReport: Codable, Sendable {
    public let strategy: String
    public let before: Accuracy
    public let after: Accuracy
    public let data: AdaptationData
    /// 0 where the strategy looks at none.
    public let imagesUsed: Int
    /// Of the adaptation alone, without the two evaluations.
    public let cost: ChipCost
    /// Of the most worn cell's life, as `ChipHealth.lifeUsed`; and afterwards.
    public let lifeUsed: Double
    public let lifeUsedAfter: Double
    /// Of the whole chip, cells whose last write-verify failed.
    public let unverifiedBefore: UInt64
    public let unverifiedAfter: UInt64
    public let hostSeconds: Double
    public let findings: AdaptationFindings?
}

/// Where `AdaptationReport.measuring` is.
public enum AdaptationStage: Equatable, Sendable {
    /// Images evaluated of how many.
    case before(Int, of: Int)
    case after(Int, of: Int)
    /// What the strategy has cost so far.
    case adapting(ChipCost)
}

extension AdaptationReport {
    /// Runs a strategy between two evaluations through the chip, in which images leave
    /// by the deployment's rule of that time.
    ///
    /// - Parameters:
    ///   - known: the accuracy before, where it was measured already.
    ///   - willChange: is given the deployment, marked as being updated, before the strategy
    ///     changes one of its matrices for the first time, to be kept: should it be cut short,
    ///     the chip holds neither network. A strategy that refuses before, or writes fresh
    ///     matrices only, leaves all as it was.
    ///   - watch: is told again and again where it is.
    public static func measuring(
        _ strategy: any AdaptationStrategy, of network: Network, _ deployment: inout Deployment,
        on session: any ChipSession, images: ImageSet, test: ImageSet,
        before known: Accuracy? = nil,
        willChange: (Deployment) throws -> Void = { _ in },
        watch: @escaping (AdaptationStage) -> Void = { _ in }
    ) throws -> AdaptationReport {
        func accuracy(_ each: (Int) -> Void) throws -> Accuracy {
            try Evaluation.accuracy(
                network, with: ChipProducts(session, deployment), on: test,
                by: deployment.exitRule, each: each)
        }
        try strategy.check(network, deployment)
        let before = try known ?? accuracy { watch(.before($0, of: test.count)) }
        let (costBefore, healthBefore) = (session.cost, try session.health())
        let start = ContinuousClock.now
        if strategy.writes == .some { try deployment.willWriteSomeWeights() }
        var marked = deployment
        marked.isUpdating = true
        let findings = try withoutActuallyEscaping(willChange) { [marked] willChange in
            try strategy.adaptWithFindings(
                network, &deployment,
                on: AnnouncedChanges(
                    of: session, to: Set(marked.places.map(\.matrix.id)),
                    worked: { watch(.adapting(session.cost.since(costBefore))) },
                    announcement: { try willChange(marked) }),
                images: images)
        }
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        let (cost, health) = (session.cost.since(costBefore), try session.health())
        return AdaptationReport(
            strategy: strategy.name, before: before,
            after: try accuracy { watch(.after($0, of: test.count)) }, data: strategy.data,
            imagesUsed: strategy.data == .nothing ? 0 : images.count, cost: cost,
            lifeUsed: health.lifeUsed - healthBefore.lifeUsed, lifeUsedAfter: health.lifeUsed,
            unverifiedBefore: healthBefore.unverified, unverifiedAfter: health.unverified,
            hostSeconds: seconds, findings: findings)
    }
}
