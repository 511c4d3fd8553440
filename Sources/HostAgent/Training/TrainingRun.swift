/// A whole training run: data, training, scales, accuracies.
public struct TrainingRun {
    /// What a training starts from in place of fresh weights.
    public struct Start: Equatable, Sendable {
        /// A safetensors file: PyTorch's `state_dict` by its names, or a checkpoint.
        public let file: String
        /// Of the images that these weights were trained on; `nil`: those of the file are
        /// for images 0 … 1.
        public let normalisation: InputNormalisation?

        public init(file: String, normalisation: InputNormalisation? = nil) {
            self.file = file
            self.normalisation = normalisation
        }

        /// For a training that goes on.
        var name: String {
            file + (normalisation.map { ", normalised by \($0.mean), \($0.deviation)" } ?? "")
        }

        package func load(into network: Network) throws {
            let contents = try SafeTensors(contentsOf: file)
            // Of a checkpoint; folded once more it would be another network.
            guard normalisation == nil || contents.metadata["quantisation"] == nil else {
                throw DataError.wrongContent(
                    file: file, expected: "weights for normalised images",
                    found: "a checkpoint, whose images are 0 … 1")
            }
            try network.load(contents, file: file)
            try normalisation?.fold(into: network)
        }
    }

    public let model: String
    public let data: DataLocation
    /// Training images left out at the end; `nil`: a twelfth, 5,000 of MNIST's.
    public let holdOut: Int?
    /// Of 8-bit weights; a plan with fewer bits has scales of its own.
    public let weightScale: WeightQuantisation.Method
    public let plan: TrainingPlan
    /// Where the training is kept from epoch to epoch; `nil`: nowhere.
    public let state: TrainingState?
    /// At most the first so many training images are used; `nil`: all.
    public let imagesMax: Int?
    /// `nil`: fresh weights.
    public let start: Start?
    /// Entropy in nats below which an image leaves a network of several exits.
    public let exitEntropy: Double
    public let command: String

    public init(
        model: String, data: DataLocation, holdOut: Int? = nil,
        weightScale: WeightQuantisation.Method = .max, plan: TrainingPlan,
        state: TrainingState? = nil, imagesMax: Int? = nil, start: Start? = nil,
        exitEntropy: Double = 0.5, command: String
    ) {
        self.model = model
        self.data = data
        self.holdOut = holdOut
        self.weightScale = weightScale
        self.plan = plan
        self.state = state
        self.imagesMax = imagesMax
        self.start = start
        self.exitEntropy = exitEntropy
        self.command = command
    }

    /// Trains, and looks at the test images once, at the end.
    public func run(report: @escaping (String) -> Void = { _ in }) throws -> TrainingResult {
        let network = try startingNetwork()
        var state = state
        state?.start = start?.name
        let split = try data.load(for: network)
        try split.check(classes: network)
        let (rest, validation) = try split.holdOut(holdOut ?? split.training.count / 12)
        let training = try imagesMax.map(rest.first) ?? rest
        report(
            "\(model) on \(split.training.name), last \(validation.count) held out; "
                + "\(plan.epochs) epochs of \(training.count) images, seed \(plan.seed), "
                + "\(TorchRuntime.threads) threads")

        let start = ContinuousClock.now
        let quantisers = try plan.quantisers(of: network, on: training)
        let watch = TrainingWatch(
            network, quantisers, validation, batch: plan.batch,
            report: state == nil ? nil : report)
        let best = try Trainer.train(
            network, on: training, plan: plan, heldOut: validation, state: state,
            quantisers: quantisers, progress: watch.note)
        let seconds = (ContinuousClock.now - start) / .seconds(1)

        try quantisers?.round(network)
        let scales = try QuantisationScales.trained(
            network, quantisers, on: training.first(TrainingPlan.calibrationImages),
            method: weightScale)
        let digital: any MatrixProducts = quantisers?.products ?? FloatProducts()
        let integer = try IntegerProducts(network, scales: scales)
        func accuracy(_ images: ImageSet, _ products: any MatrixProducts) throws -> Accuracy? {
            images.count == 0 ? nil : try Evaluation.accuracy(network, with: products, on: images)
        }
        return TrainingResult(
            checkpoint: Checkpoint(
                network: network, scales: scales, quantisers: quantisers, command: command,
                seed: plan.seed),
            arithmetic: plan.arithmetic, split: split, seconds: seconds,
            imagesSeen: watch.images, loss: watch.loss,
            best: best, zeros: watch.zeros, validation: try accuracy(validation, digital),
            test: try accuracy(split.test, digital),
            testInteger: try accuracy(split.test, integer),
            exits: network.exitCount == 1 || split.test.count == 0
                ? nil
                : try Evaluation.earlyExits(
                    network, with: digital, on: split.test, threshold: exitEntropy))
    }

    private func startingNetwork() throws -> Network {
        let network = try NetworkCatalogue.make(model, seed: plan.seed)
        if let start {
            try start.load(into: network)
        } else if let wage = plan.wage {
            try wage.initialise(
                network, from: RandomGenerator(seed: plan.seed, purpose: "initial weights"))
        }
        return network
    }
}

extension TrainingPlan {
    /// For tables: "floating point", "A4W2", "WAGE, 8 bits".
    var arithmetic: String {
        if let wage { return "WAGE, \(wage.weights) bits" }
        return bits?.description ?? "floating point"
    }
}

extension DataSplit {
    /// Refuses labels that a network has no class for.
    func check(classes network: Network) throws {
        for images in [training, test] where images.count > 0 {
            let largest = Int(try images.labels.cast(to: .float32).maximum())
            guard largest < network.classes else {
                throw NetworkError.tooFewClasses(
                    network: network.name, classes: network.classes, label: largest)
            }
        }
    }
}
