/// How many images a network gets right.
public struct Accuracy: Codable, Equatable, Sendable {
    public let correct: Int
    public let count: Int

    public init(correct: Int, count: Int) {
        self.correct = correct
        self.count = count
    }

    /// 0 … 1.
    public var fraction: Double { count == 0 ? 0 : Double(correct) / Double(count) }
    /// Of two sets of images together.
    public static func + (a: Accuracy, b: Accuracy) -> Accuracy {
        Accuracy(correct: a.correct + b.correct, count: a.count + b.count)
    }
    /// "98.73 %".
    public var percent: String { Format.percent(fraction) }
}

public enum Evaluation {
    /// Accuracy of a network whose products someone carries out.
    public static func accuracy(
        _ network: Network, with products: any MatrixProducts, on images: ImageSet,
        batch: Int = 500,
        each: (Int) -> Void = { _ in }
    ) throws -> Accuracy {
        var correct = 0
        for range in images.ranges(of: batch) {
            correct += try noGrad {
                let (inputs, labels) = try images.batch(range)
                return try Self.correct(network.scores(inputs, with: products), labels)
            }
            each(range.upperBound)
        }
        return Accuracy(correct: correct, count: images.count)
    }

    /// How many rows of the scores have their largest at the label.
    public static func correct(_ scores: Tensor, _ labels: Tensor) throws -> Int {
        Int(try scores.indexOfMaximum(dimension: 1).isEqual(to: labels).sum())
    }
}
