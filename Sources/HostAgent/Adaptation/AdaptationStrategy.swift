/// A way to win back accuracy on a chip that has aged or deviates.
///
/// A strategy sees the chip through a `ChipSession` only: it never knows a true
/// conductance. It may change the network's weights and biases (the host's
/// shadow of what is on the chip), the deployment's scales, and the chip.
public protocol AdaptationStrategy {
    /// For tables.
    var name: String { get }

    /// Adapts. The images are training images; what is measured afterwards isn't
    /// the strategy's to see.
    func adapt(
        _ network: Network, _ deployment: inout Deployment, on session: any ChipSession,
        images: ImageSet
    ) throws
}

/// What an adaptation cost and gave.
public struct AdaptationReport: Codable, Sendable {
    public let strategy: String
    public let before: Accuracy
    public let after: Accuracy
    public let imagesUsed: Int
    /// Of the adaptation alone, without the two evaluations.
    public let cost: ChipCost
    public let hostSeconds: Double
}

extension AdaptationReport {
    /// Runs a strategy between two evaluations through the chip.
    public static func measuring(
        _ strategy: any AdaptationStrategy, of network: Network, _ deployment: inout Deployment,
        on session: any ChipSession, images: ImageSet, test: ImageSet, before known: Accuracy? = nil
    ) throws -> AdaptationReport {
        func accuracy() throws -> Accuracy {
            try Evaluation.accuracy(network, with: ChipProducts(session, deployment), on: test)
        }
        let before = try known ?? accuracy()
        let costBefore = session.cost
        let start = ContinuousClock.now
        try strategy.adapt(network, &deployment, on: session, images: images)
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        let cost = session.cost.since(costBefore)
        return AdaptationReport(
            strategy: strategy.name, before: before, after: try accuracy(),
            imagesUsed: images.count,
            cost: cost, hostSeconds: seconds)
    }
}
