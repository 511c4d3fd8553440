/// Chooses for one chip where images leave a network of several exits: deeper exits
/// are better on an exact chip, but lose more to a noisy one.
///
/// Labelled images go through the chip once, to every exit. Of all rules, one exit for
/// all images or the first whose prediction has an entropy below a threshold, the most
/// accurate on them is kept in the deployment; of several, that with the shallowest
/// exits on average, which costs least.
///
/// - Source: the idea of a choice per chip: slides on the sensitivity of architectures,
///   2022; the thresholds are chosen.
public struct ExitSelection: AdaptationStrategy {
    /// Entropies to try, nats.
    public var thresholds: [Double]
    /// Images of a batch.
    public var batch: Int

    /// 0.01 is a prediction of 0.999 for one of ten classes; 2.3 = ln 10 would be none at all.
    public static let thresholdsUsual = [0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5]

    public init(thresholds: [Double] = Self.thresholdsUsual, batch: Int = 500) {
        precondition(thresholds.allSatisfy { $0 >= 0 } && batch >= 1)
        self.thresholds = thresholds
        self.batch = batch
    }

    public var name: String { "choice of the exit" }
    public var data: AdaptationData { .labelledImages }
    public var writes: WrittenWeights { .none }

    public func check(_ network: Network, _ deployment: Deployment) throws {
        try Self.check(network)
    }

    private static func check(_ network: Network) throws(AdaptationError) {
        guard network.exitCount > 1 else { throw .oneExit(network: network.name) }
    }

    public func adapt(
        _ network: Network, _ deployment: inout Deployment, on session: any ChipSession,
        images: ImageSet
    ) throws {
        deployment.exitRule = try rule(
            for: network, with: ChipProducts(session, deployment), on: images)
    }

    /// The same with products from anywhere.
    package func rule(
        for network: Network, with products: any MatrixProducts, on images: ImageSet
    ) throws -> ExitRule {
        try Self.check(network)
        let outcomes = try images.ranges(of: batch).flatMap { range in
            try noGrad {
                let (inputs, labels) = try images.batch(range)
                let scores = try network.exitScores(inputs, with: products).map { try $0.floats() }
                return try labels.integers().enumerated().map { image, label in
                    scores.map { Outcome($0, image: image, label: label, of: network.classes) }
                }
            }
        }
        return best(outcomes)
    }

    /// Of one image at one exit.
    package struct Outcome {
        package let entropy: Double
        package let isCorrect: Bool

        package init(entropy: Double, isCorrect: Bool) {
            self.entropy = entropy
            self.isCorrect = isCorrect
        }

        fileprivate init(_ scores: [Float], image: Int, label: Int, of classes: Int) {
            let own = scores[image * classes ..< (image + 1) * classes]
            entropy = Network.entropy(own)
            isCorrect = own.indices.max { own[$0] < own[$1] } == image * classes + label
        }
    }

    /// - Parameter outcomes: of each image, at each exit, the deepest last.
    package func best(_ outcomes: [[Outcome]]) -> ExitRule {
        precondition(!outcomes.isEmpty)
        let exits = outcomes[0].count
        let rules =
            (0 ..< exits).map { ExitRule.at(exit: $0) }
            + thresholds.map { ExitRule.below(entropy: $0) }
        let results = rules.map { rule in
            outcomes.reduce(into: (correct: 0, depth: 0)) { sum, image in
                let exit = rule.exit(of: image)
                sum.correct += image[exit].isCorrect ? 1 : 0
                sum.depth += exit
            }
        }
        let order = rules.indices.min {
            (-results[$0].correct, results[$0].depth, $0)
                < (-results[$1].correct, results[$1].depth, $1)
        }
        return rules[order ?? exits - 1]
    }
}

extension ExitRule {
    /// Where an image leaves that has these outcomes at the exits.
    fileprivate func exit(of image: [ExitSelection.Outcome]) -> Int {
        switch self {
        case .at(let exit): exit
        case .below(let entropy):
            image.firstIndex { $0.entropy < entropy } ?? image.count - 1
        }
    }
}
