/// A whole training run: data, training, scales, accuracies.
public struct TrainingRun {
    public let model: String
    public let data: DataLocation
    /// Training images left out at the end; `nil`: a twelfth, 5,000 of MNIST's.
    public let holdOut: Int?
    public let weightScale: WeightQuantisation.Method
    public let plan: TrainingPlan
    /// Where the training is kept from epoch to epoch; `nil`: nowhere.
    public let state: TrainingState?
    /// At most the first so many training images are used; `nil`: all.
    public let imagesMax: Int?
    /// A safetensors file whose weights the training starts from; `nil`: fresh ones.
    public let startWeights: String?
    /// Entropy in nats below which an image leaves a network of several exits.
    public let exitEntropy: Double
    public let command: String

    public init(
        model: String, data: DataLocation, holdOut: Int? = nil,
        weightScale: WeightQuantisation.Method = .max, plan: TrainingPlan,
        state: TrainingState? = nil, imagesMax: Int? = nil, startWeights: String? = nil,
        exitEntropy: Double = 0.5, command: String
    ) {
        self.model = model
        self.data = data
        self.holdOut = holdOut
        self.weightScale = weightScale
        self.plan = plan
        self.state = state
        self.imagesMax = imagesMax
        self.startWeights = startWeights
        self.exitEntropy = exitEntropy
        self.command = command
    }

    /// Trains, and looks at the test images once, at the end.
    public func run(report: (String) -> Void = { _ in }) throws -> TrainingResult {
        let network = try NetworkCatalogue.make(model, seed: plan.seed)
        if let startWeights {
            try network.load(SafeTensors(contentsOf: startWeights), file: startWeights)
        }
        let split = try data.load(for: network)
        let (rest, validation) = try split.holdOut(holdOut ?? split.training.count / 12)
        let training = try imagesMax.map(rest.first) ?? rest
        report(
            "\(model) on \(split.training.name), last \(validation.count) held out; "
                + "\(plan.epochs) epochs of \(training.count) images, seed \(plan.seed), "
                + "\(TorchRuntime.threads) threads")

        let start = ContinuousClock.now
        let trained = try train(network, on: training, validation: validation, report: report)
        let seconds = (ContinuousClock.now - start) / .seconds(1)

        let scales = try QuantisationScales.measured(
            network, on: training.first(2_000), method: weightScale)
        let float = FloatProducts()
        let integer = try IntegerProducts(network, scales: scales)
        func accuracy(_ images: ImageSet, _ products: any MatrixProducts) throws -> Accuracy? {
            images.count == 0 ? nil : try Evaluation.accuracy(network, with: products, on: images)
        }
        return TrainingResult(
            checkpoint: Checkpoint(
                network: network, scales: scales, command: command, seed: plan.seed),
            split: split, seconds: seconds, imagesSeen: trained.images, loss: trained.loss,
            best: trained.best, validation: try accuracy(validation, float),
            test: try accuracy(split.test, float),
            testInteger: try accuracy(split.test, integer),
            exits: network.exitCount == 1 || split.test.count == 0
                ? nil
                : try Evaluation.earlyExits(
                    network, with: float, on: split.test, threshold: exitEntropy))
    }

    /// Trains with a progress line and, where the training is kept, a report of
    /// each epoch.
    ///
    /// - Returns: the last batch's loss, the images seen in this run, the best epoch.
    private func train(
        _ network: Network, on training: ImageSet, validation: ImageSet, report: (String) -> Void
    ) throws -> (loss: Double, images: Int, best: BestEpoch?) {
        let line = ProgressLine()
        defer { line.end() }
        var loss = 0.0
        var images = 0
        var imagesBefore = 0
        let best = try Trainer.train(
            network, on: training, plan: plan, heldOut: validation, state: state
        ) { progress in
            loss = progress.loss ?? loss
            images += progress.images - max(imagesBefore, progress.images - plan.batch)
            imagesBefore = progress.images
            let stand =
                "epoch \(progress.epoch)/\(progress.epochs)  loss \(Format.decimal(loss, 3))"
            line.show(stand, images: progress.images, of: progress.imagesTotal)
            guard progress.endsEpoch, state != nil else { return }
            network.setTraining(false)
            defer { network.setTraining(true) }
            let held =
                validation.count == 0
                ? nil
                : try Evaluation.accuracy(network, with: FloatProducts(), on: validation)
            let pace = line.pace(images: progress.images, of: progress.imagesTotal)
            report(
                [stand, held.map { "held out \($0.percent)" }, pace].compactMap(\.self)
                    .joined(separator: "  "))
        }
        return (loss, images, best)
    }
}

/// What a training run gives.
public struct TrainingResult {
    public let checkpoint: Checkpoint
    public let split: DataSplit
    public let seconds: Double
    public let imagesSeen: Int
    /// Cross entropy of the last batch, with noise.
    public let loss: Double
    /// The epoch that was kept, where the training may stop early.
    public let best: BestEpoch?
    public let validation: Accuracy?
    /// At the last exit.
    public let test: Accuracy?
    /// With 8-bit weights and activations.
    public let testInteger: Accuracy?
    /// Of a network with several exits.
    public let exits: ExitReport?

    public func summary(checkpoint path: String) -> TrainingSummary {
        TrainingSummary(
            model: checkpoint.network.name, checkpoint: path, seed: checkpoint.seed,
            testImages: split.test.name, seconds: seconds,
            imagesPerSecond: Double(imagesSeen) / max(seconds, 1e-9), loss: loss,
            best: best, validation: validation, test: test, testInteger: testInteger, exits: exits)
    }
}

/// The result of `train`, for people and for programs.
public struct TrainingSummary: Encodable, CustomStringConvertible {
    let model: String
    let checkpoint: String
    let seed: UInt64
    let testImages: String
    let seconds: Double
    let imagesPerSecond: Double
    let loss: Double
    let best: BestEpoch?
    let validation: Accuracy?
    let test: Accuracy?
    let testInteger: Accuracy?
    let exits: ExitReport?

    public var description: String {
        func row(_ title: String, _ accuracy: Accuracy?) -> String {
            guard let accuracy else { return "" }
            return "\(title)\(accuracy.percent) (\(accuracy.correct) of \(accuracy.count))\n"
        }
        return
            "trained in \(Format.duration(seconds)), \(Format.count(UInt64(imagesPerSecond))) images/s, "
            + "last loss \(Format.decimal(loss, 4))\n"
            + (best.map { "kept: epoch \($0.epoch), under noise \($0.accuracy.percent)\n" } ?? "")
            + row(
                best == nil ? "held-out training images:  " : "held out, chosen on them:  ",
                validation)
            + row("test, floating point:      ", test)
            + row("test, 8-bit integers:      ", testInteger)
            + row("test, early exits:         ", exits?.accuracy)
            + exitRows
            + "test images: \(testImages)\nwritten: \(checkpoint)"
    }

    private var exitRows: String {
        guard let exits else { return "" }
        return zip(exits.exits, exits.shares).enumerated().map { index, exit in
            "  exit \(index + 1): \(Format.percent(exit.1)) of the images, "
                + "\(exit.0.percent) of them right\n"
        }.joined()
    }
}
