internal import Foundation

extension StudyImages {
    init(_ settings: QAVATTable.Settings, data: DataLocation) throws {
        try self.init(
            data, for: NetworkCatalogue.make(settings.model, seed: settings.seed),
            trainingMax: settings.trainingImages, testMax: settings.images,
            heldOut: settings.heldOut)
    }

    /// For the record, with a checkpoint where there is one.
    func names(with checkpoint: String?) throws -> [String] {
        try names + [checkpoint].compactMap(\.self).map(Checkpoint.nameAndContent)
    }
}

/// The work behind `QAVATTable`: networks kept as checkpoints in its folder, one for
/// each method and, where the method sees it, variation.
struct QAVATStudy {
    private let settings: QAVATTable.Settings
    private let folder: String
    private let training: ImageSet
    private let test: ImageSet

    init(_ settings: QAVATTable.Settings, _ images: StudyImages, folder: String) {
        self.settings = settings
        self.folder = folder
        (training, test) = (images.training, images.test)
    }

    // MARK: - Names of steps and files

    static func floatName(_ settings: QAVATTable.Settings) -> String {
        settings.start == nil ? "train in floating point" : "start in floating point"
    }

    private static func networkName(_ method: TrainingMethod, _ variation: WeightVariation)
        -> String
    {
        method.seesVariation
            ? "\(method.rawValue) at σ = \(Format.decimal(variation.withinChip, 2))"
            : method.rawValue
    }

    static func trainingName(_ method: TrainingMethod, _ variation: WeightVariation) -> String {
        "train \(networkName(method, variation))"
    }

    static func evaluationName(_ method: TrainingMethod, _ variation: WeightVariation) -> String {
        "\(method.rawValue) on chips of σ = \(Format.decimal(variation.withinChip, 2))"
    }

    private func file(_ method: TrainingMethod, _ variation: WeightVariation) -> String {
        let sigma = method.seesVariation ? "-\(Format.decimal(variation.withinChip, 2))" : ""
        let name = method.rawValue.lowercased().replacingOccurrences(of: ", ", with: "-")
        return "\(folder)/\(name)\(sigma).safetensors"
    }

    private var floatFile: String { "\(folder)/float.safetensors" }

    // MARK: - Steps

    /// Trains the network all methods start from, or takes it as it was trained before; its
    /// accuracy.
    func floatStep() -> ExperimentStep {
        let name = Self.floatName(settings)
        if let start = settings.start {
            return ExperimentStep(name: name, images: test.count) { _ in
                try keepFloat(Checkpoint(contentsOf: start).network)
            }
        }
        return ExperimentStep(
            name: name, images: 3 * settings.epochsFloat * training.count + test.count
        ) { progress in
            let network = try NetworkCatalogue.make(settings.model, seed: settings.seed)
            let state = TrainingState(path: "\(floatFile).training")
            try Trainer.train(
                network, on: training, plan: plan(settings.epochsFloat, settings.rateFloat),
                state: state
            ) { progress(3 * $0.images) }
            let figures = try keepFloat(network)
            try state.remove()
            return figures
        }
    }

    private func keepFloat(_ network: Network) throws -> [Double] {
        try keep(network, in: floatFile)
        return [try Evaluation.accuracy(network, with: FloatProducts(), on: test).fraction]
    }

    /// Trains by a method; the accuracy of the quantised network without variation.
    func trainingStep(_ method: TrainingMethod, _ variation: WeightVariation) -> ExperimentStep {
        let samples = method.seesVariation ? settings.samples : 1
        return ExperimentStep(
            name: Self.trainingName(method, variation),
            images: 3 * samples * settings.epochsMethod * training.count + test.count
        ) { progress in
            let network = try Checkpoint(contentsOf: floatFile).network
            let path = file(method, variation)
            let state = TrainingState(path: "\(path).training")
            let quantisers = try method.train(
                network, settings.bits, variation: variation, samples: samples, on: training,
                calibration: training.first(settings.calibrationImages),
                plan: plan(settings.epochsMethod, settings.rateMethod), state: state
            ) { progress(3 * samples * $0.images) }
            try keep(network, quantisers, in: path)
            try state.remove()
            return [
                try Evaluation.accuracy(network, with: quantisers.products, on: test).fraction
            ]
        }
    }

    /// Tries a trained network on chips; its accuracy on each.
    func evaluationStep(
        _ method: TrainingMethod, _ variation: WeightVariation, _ chips: any ChipPopulation
    ) -> ExperimentStep {
        ExperimentStep(
            name: Self.evaluationName(method, variation), images: settings.chips * test.count,
            figures: settings.chips
        ) { progress in
            let trained = try kept(method, variation)
            return try (0 ..< settings.chips).map { chip in
                try chips.accuracy(
                    of: trained.network, trained.quantisers, chip: chip, on: test
                ) {
                    progress(chip * test.count + $0)
                }.fraction
            }
        }
    }

    /// With the random windows of the model's usual training.
    private func plan(_ epochs: Int, _ rate: Double) throws -> TrainingPlan {
        let usual = try TrainingPlan.default(for: settings.model)
        var plan = TrainingPlan(
            epochs: epochs, batch: settings.batch, rate: rate, noise: 0, seed: settings.seed)
        (plan.crop, plan.mirrors) = (usual.crop, usual.mirrors)
        return plan
    }

    // MARK: - Checkpoints

    /// A checkpoint; of few bits where there are quantisers, with rounded weights.
    private func keep(
        _ network: Network, _ quantisers: NetworkQuantisers? = nil, in path: String
    ) throws {
        try quantisers?.round(network)
        let scales = try QuantisationScales.trained(
            network, quantisers, on: training.first(settings.calibrationImages), method: .max)
        try Checkpoint(
            network: network, scales: scales, quantisers: quantisers,
            command: "experiment \(QAVATTable.name)", seed: settings.seed
        ).write(to: path)
    }

    /// What a method's training step has left.
    func kept(_ method: TrainingMethod, _ variation: WeightVariation) throws -> TrainedNetwork {
        let path = file(method, variation)
        let checkpoint = try Checkpoint(contentsOf: path)
        guard let quantisers = checkpoint.quantisers else {
            throw DataError.wrongContent(
                file: path, expected: "the quantisers of each layer in 'quantisers'",
                found: "none")
        }
        return TrainedNetwork(
            network: checkpoint.network, quantisers: quantisers, scales: checkpoint.scales)
    }

    /// A network of few bits.
    struct TrainedNetwork {
        /// Its weights are rounded.
        let network: Network
        let quantisers: NetworkQuantisers
        /// As a chip takes it.
        let scales: QuantisationScales
    }
}
