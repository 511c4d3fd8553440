/// Watches a training: a progress line, what comes of it, and where somebody asks for
/// it a report of each epoch.
final class TrainingWatch {
    /// The last batch's loss.
    private(set) var loss = 0.0
    /// Images seen in this run.
    private(set) var images = 0
    /// Of the last epoch, in WAGE's integers.
    private(set) var zeros: WAGEZeros?

    private let network: Network
    private let quantisers: NetworkQuantisers?
    private let validation: ImageSet
    private let batch: Int
    private let report: ((String) -> Void)?
    private let line = ProgressLine()
    private var imagesBefore = 0

    /// - Parameters:
    ///   - batch: images of a step.
    ///   - report: is told of each epoch; `nil`: nobody is.
    init(
        _ network: Network, _ quantisers: NetworkQuantisers?, _ validation: ImageSet, batch: Int,
        report: ((String) -> Void)?
    ) {
        (self.network, self.quantisers, self.validation) = (network, quantisers, validation)
        (self.batch, self.report) = (batch, report)
    }

    deinit { line.end() }

    func note(_ progress: TrainingProgress) throws {
        loss = progress.loss ?? loss
        zeros = progress.zeros ?? zeros
        images += progress.images - max(imagesBefore, progress.images - batch)
        imagesBefore = progress.images
        let stand = "epoch \(progress.epoch)/\(progress.epochs)  loss \(Format.decimal(loss, 3))"
        line.show(stand, images: progress.images, of: progress.imagesTotal)
        guard progress.endsEpoch, let report else { return }
        let held = try heldOutAccuracy().map { "held out \($0.percent)" }
        let pace = line.pace(images: progress.images, of: progress.imagesTotal)
        report([stand, held, pace].compactMap(\.self).joined(separator: "  "))
    }

    private func heldOutAccuracy() throws -> Accuracy? {
        guard validation.count > 0 else { return nil }
        network.setTraining(false)
        defer { network.setTraining(true) }
        return try Evaluation.accuracy(
            network, with: quantisers?.products ?? FloatProducts(), on: validation)
    }
}
