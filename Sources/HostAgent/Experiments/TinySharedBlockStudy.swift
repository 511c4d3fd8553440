internal import Foundation

/// The work behind `TinySharedBlockTable`: one backbone, kept as a checkpoint at each stop
/// of its training, on chips whose cells are programmed open loop.
struct TinySharedBlockStudy {
    /// What is done about a chip's deviations.
    enum Arm: String {
        case none = "noise injection only"
        /// Batch norms measured anew, by the weights read: what the arms that train do besides.
        case statistics = "batch norm's statistics"
        case block = "tiny shared block"
        case lastLayer = "retrain last layer"
        case lastLayers = "retrain last layers"
        /// The study doesn't say how they are written: as the backbone was, or as the block.
        case lastLayersOpenLoop = "retrain last layers, open loop"

        /// Whether something learns.
        var isTrained: Bool { self != .none && self != .statistics }
    }

    let settings: TinySharedBlockTable.Settings
    private let images: StudyImages
    var training: ImageSet { images.training }
    var test: ImageSet { images.test }
    private let product: EmulatedChips.Product
    /// Without weights that matter.
    private let shape: Network

    init(
        _ settings: TinySharedBlockTable.Settings, data: DataLocation,
        _ product: EmulatedChips.Product
    ) throws {
        self.settings = settings
        self.product = product
        shape = try NetworkCatalogue.make(settings.model, seed: settings.seed)
        images = try StudyImages(
            data, for: shape, trainingMax: settings.trainingImages, testMax: settings.images,
            heldOut: settings.heldOut)
    }

    var imageNames: [String] { images.names }
    var testName: String { "\(test.count) images: \(test.name)" }

    var arms: [Arm] {
        [.none] + (shape.batchNorms.isEmpty ? [] : [.statistics])
            + [.block, .lastLayer, .lastLayers, .lastLayersOpenLoop]
    }

    /// How many weights each arm writes, of the backbone's.
    func weightsWritten() throws -> String {
        let all = shape.matrixLayers.reduce(0) { $0 + $1.weight.count }
        func part(_ arm: Arm, _ layers: some Sequence<MatrixLayer>) -> String {
            let count = layers.reduce(0) { $0 + $1.weight.count }
            let share = Format.decimal(Double(count) / Double(all) * 100, 3)
            return "\(arm.rawValue) \(Format.count(UInt64(count))) (\(share) %)"
        }
        return [
            part(.block, try withBlock(TinySharedBlock()).blockLayers.prefix(1)),
            part(.lastLayer, shape.lastLayer), part(.lastLayers, shape.lastLayers),
        ].joined(separator: ", ") + " of \(Format.count(UInt64(all)))"
    }

    func withBlock(_ method: TinySharedBlock) throws -> Network {
        let network = try shape.copy()
        try network.insert(
            .init(
                channels: method.channels ?? network.blockChannels, layers: method.layers ?? 1))
        return network
    }

    // MARK: - The backbone

    func file(_ stop: Double, _ folder: String) -> String {
        "\(folder)/backbone-\(Int((stop * 100).rounded())).safetensors"
    }

    /// Trains the backbone; the accuracies of its integers at all stops, then the seconds
    /// that it had taken there.
    func backboneStep(_ name: String, folder: String) -> ExperimentStep {
        ExperimentStep(
            name: name, images: 3 * settings.epochs * training.count,
            figures: 2 * settings.stops.count, summary: { _ in "done" }
        ) { progress in
            let network = try NetworkCatalogue.make(settings.model, seed: settings.seed)
            let stops = settings.stops.map(settings.epochs)
            var accuracies = stops.map { _ in 0.0 }
            var seconds = accuracies
            var start = ContinuousClock.now
            try Trainer.train(network, on: training, plan: plan(of: network)) { stand in
                progress(3 * stand.images)
                guard stand.endsEpoch else { return }
                let pause = ContinuousClock.now
                for (index, stop) in stops.enumerated() where stop == stand.epoch {
                    seconds[index] = (pause - start) / .seconds(1)
                    accuracies[index] = try keep(network, in: file(settings.stops[index], folder))
                }
                start += ContinuousClock.now - pause
            }
            return accuracies + seconds
        }
    }

    private func plan(of network: Network) throws -> TrainingPlan {
        var plan = try TrainingPlan.default(for: network.name)
        // The study's; its 1e-2 of ResNet-18 is one of stochastic gradient descent.
        if ![.resnet18, .resnet20].contains(try ModelName(network.name).family) {
            plan = .retraining(plan, epochs: settings.epochs, seed: settings.seed)
            plan.rate = 1e-3
        }
        plan.epochs = settings.epochs
        plan.noise = settings.noise
        plan.seed = settings.seed
        return plan
    }

    /// Writes a checkpoint of a network that is being trained; its integers' accuracy.
    private func keep(_ network: Network, in path: String) throws -> Double {
        network.setTraining(false)
        defer { network.setTraining(true) }
        let scales = try QuantisationScales.measured(
            network, on: training.first(2_000), method: .max)
        try Checkpoint(
            network: network, scales: scales, command: "experiment \(TinySharedBlockTable.name)",
            seed: settings.seed
        ).write(to: path)
        return try Evaluation.accuracy(
            network, with: IntegerProducts(network, scales: scales), on: test
        ).fraction
    }

    // MARK: - Chips

    func chips(sigma: Double, _ block: Network) throws -> EmulatedChips {
        let side = 128
        let tiles = block.matrixLayers.reduce(0) { sum, layer in
            func blocks(_ size: Int) -> Int { (size + side - 1) / side }
            return sum + 8 * blocks(layer.rows) * blocks(layer.columns)
        }
        return try EmulatedChips(
            StudyChip(
                chip: "rram-2b", device: "rram-2b", chipValues: ["tiles": "\(tiles)"],
                deviceValues: [
                    "programming_noise_relative": sigma, "drift_coefficient": 0,
                    "drift_coefficient_spread": 0, "read_noise_relative": settings.readNoise,
                ]), chips: settings.chips, product)
    }

    func deploy(_ backbone: Checkpoint, to session: any ChipSession) throws -> Deployment {
        try Mapper(backbone.network, scales: backbone.scales).deploy(
            to: session, checkpoint: "", calibration: training.first(256),
            options: ProgramOptions(.openLoop)
        ).deployment
    }

    /// Figures of each chip: an accuracy for each arm, that of the block before it was
    /// written, the seconds that it learned.
    func step(
        _ condition: TinySharedBlockTable.Condition, arms: [Arm], folder: String
    ) -> ExperimentStep {
        let learned =
            3 * settings.epochsBlock * min(training.count, settings.adaptationImages)
        let perChip = arms.count(where: \.isTrained) * learned + arms.count * test.count
        return ExperimentStep(
            name: condition.name, images: settings.chips * perChip,
            figures: settings.chips * (arms.count + 2), summary: { _ in "done" }
        ) { progress in
            let backbone = try Checkpoint(contentsOf: file(condition.stop, folder))
            let images = try training.first(settings.adaptationImages)
            var method = condition.method
            method.epochs = settings.epochsBlock
            method.seed = settings.seed
            if condition.part != "reads" { method.reads = settings.reads }
            let population = try chips(
                sigma: condition.sigma, withBlock(condition.method))
            return try (1 ... settings.chips).flatMap { number in
                let done = (number - 1) * perChip
                let session = try population.session(chip: number)
                try session.acquireLease()
                defer { try? session.releaseLease() }
                var bench = try TinySharedBlockBench(
                    backbone.network, deploy(backbone, to: session), session, method, images, test,
                    noiseOpenLoop: settings.noise)
                var left = 0
                return try arms.map { arm in
                    defer { left += arm.isTrained ? learned : 0 }
                    return try bench.accuracy(arm) { progress(done + left + 3 * $0) }
                } + [bench.expected, bench.seconds]
            }
        }
    }
}
