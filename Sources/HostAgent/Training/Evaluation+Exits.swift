/// What a network with several exits gives, where each image leaves at the first
/// exit that is sure of it.
public struct ExitReport: Codable, Equatable, Sendable {
    /// The entropy below which a prediction is sure, in nats.
    public let threshold: Double
    /// Of the images that left at each exit, the deepest last, how many were right.
    public let exits: [Accuracy]

    public init(threshold: Double, exits: [Accuracy]) {
        self.threshold = threshold
        self.exits = exits
    }

    /// Of all images.
    public var accuracy: Accuracy {
        exits.reduce(Accuracy(correct: 0, count: 0), +)
    }
    /// Share of the images that left at each exit; their sum is 1.
    public var shares: [Double] {
        exits.map { Double($0.count) / Double(max(1, accuracy.count)) }
    }
}

extension Evaluation {
    /// Accuracy at each exit where every image leaves there, the deepest last.
    public static func exitAccuracies(
        _ network: Network, with products: any MatrixProducts, on images: ImageSet,
        batch: Int = 500
    ) throws -> [Accuracy] {
        var correct = [Int](repeating: 0, count: network.exitCount)
        for range in images.ranges(of: batch) {
            try noGrad {
                let (inputs, labels) = try images.batch(range)
                for (exit, scores) in try network.exitScores(inputs, with: products).enumerated() {
                    correct[exit] += try Self.correct(scores, labels)
                }
            }
        }
        return correct.map { Accuracy(correct: $0, count: images.count) }
    }

    /// Where images leave by a rule, and how many of them are right: of those that left
    /// at each exit, the deepest last.
    public static func departures(
        _ network: Network, with products: any MatrixProducts, on images: ImageSet,
        by rule: ExitRule, batch: Int = 500, each: (Int) -> Void = { _ in }
    ) throws -> [Accuracy] {
        var correct = [Int](repeating: 0, count: network.exitCount)
        var counts = correct
        for range in images.ranges(of: batch) {
            try noGrad {
                let (inputs, labels) = try images.batch(range)
                let departures = try network.departures(inputs, by: rule, with: products)
                for (departure, label) in zip(departures, try labels.integers()) {
                    counts[departure.exit] += 1
                    correct[departure.exit] += departure.predicted == label ? 1 : 0
                }
            }
            each(range.upperBound)
        }
        return zip(correct, counts).map { Accuracy(correct: $0, count: $1) }
    }

    /// Where images leave at a threshold of the entropy (nats), and how many are right.
    public static func earlyExits(
        _ network: Network, with products: any MatrixProducts, on images: ImageSet,
        threshold: Double, batch: Int = 500
    ) throws -> ExitReport {
        ExitReport(
            threshold: threshold,
            exits: try departures(
                network, with: products, on: images, by: .below(entropy: threshold), batch: batch))
    }

    /// Accuracy where images leave by a rule; `nil`: all at the last exit.
    public static func accuracy(
        _ network: Network, with products: any MatrixProducts, on images: ImageSet,
        by rule: ExitRule?, each: (Int) -> Void = { _ in }
    ) throws -> Accuracy {
        guard let rule else { return try accuracy(network, with: products, on: images, each: each) }
        return try departures(network, with: products, on: images, by: rule, each: each)
            .reduce(Accuracy(correct: 0, count: 0), +)
    }
}
