/// What a training run gives.
public struct TrainingResult {
    public let checkpoint: Checkpoint
    /// What the network was trained and tested in: "floating point", "A4W2".
    public let arithmetic: String
    public let split: DataSplit
    public let seconds: Double
    public let imagesSeen: Int
    /// Of the last batch, with noise.
    public let loss: Double
    /// The epoch that was kept, where the training may stop early.
    public let best: BestEpoch?
    /// Of the last epoch, in WAGE's integers.
    public let zeros: WAGEZeros?
    public let validation: Accuracy?
    /// At the last exit.
    public let test: Accuracy?
    /// In the codes that a chip gets.
    public let testInteger: Accuracy?
    /// Of a network with several exits.
    public let exits: ExitReport?

    public func summary(checkpoint path: String) -> TrainingSummary {
        TrainingSummary(
            model: checkpoint.network.name, arithmetic: arithmetic, checkpoint: path,
            seed: checkpoint.seed, testImages: split.test.name, seconds: seconds,
            imagesPerSecond: Double(imagesSeen) / max(seconds, 1e-9), loss: loss,
            best: best, zeros: zeros, validation: validation, test: test,
            testInteger: testInteger, exits: exits)
    }
}

/// The result of `train`, for people and for programs.
public struct TrainingSummary: Encodable, CustomStringConvertible {
    let model: String
    let arithmetic: String
    let checkpoint: String
    let seed: UInt64
    let testImages: String
    let seconds: Double
    let imagesPerSecond: Double
    let loss: Double
    let best: BestEpoch?
    let zeros: WAGEZeros?
    let validation: Accuracy?
    let test: Accuracy?
    let testInteger: Accuracy?
    let exits: ExitReport?

    public var description: String {
        func row(_ title: String, _ accuracy: Accuracy?) -> String {
            guard let accuracy else { return "" }
            let padding = String(repeating: " ", count: max(1, 27 - title.count))
            return "\(title):\(padding)\(accuracy.percent) "
                + "(\(accuracy.correct) of \(accuracy.count))\n"
        }
        let training =
            imagesPerSecond > 0
            ? "trained in \(Format.duration(seconds)), "
                + "\(Format.count(UInt64(imagesPerSecond))) images/s, "
                + "last loss \(Format.decimal(loss, 4))\n" : "not trained\n"
        return training
            + (best.map { "kept: epoch \($0.epoch), under noise \($0.accuracy.percent)\n" } ?? "")
            + zeroRow
            + row(
                best == nil ? "held-out training images" : "held out, chosen on them",
                validation)
            + row("test, \(arithmetic)", test)
            + row("test, the chip's integers", testInteger)
            + row("test, early exits", exits?.accuracy)
            + exitRows
            + "test images: \(testImages)\nwritten: \(checkpoint)"
    }

    private var zeroRow: String {
        guard let zeros else { return "" }
        return "last epoch: the rounded gradient was zero for \(Format.percent(zeros.changes)) of "
            + "the parameters, the gradient itself for \(Format.percent(zeros.gradients))\n"
    }

    private var exitRows: String {
        guard let exits else { return "" }
        return zip(exits.exits, exits.shares).enumerated().map { index, exit in
            "  exit \(index + 1): \(Format.percent(exit.1)) of the images, "
                + "\(exit.0.percent) of them right\n"
        }.joined()
    }
}
