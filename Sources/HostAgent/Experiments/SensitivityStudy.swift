/// How much accuracy residual networks of different depth, width and kernel lose on
/// chips whose cells deviate; and networks of several exits.
///
/// All matrices are on the chip, 8-bit weights on two 4-bit cells, a 10-bit converter at
/// each tile. Cells deviate in proportion to their conductance (V-2), G_off is next to
/// zero. Offset mapping: the zero weight is the middle of the window, so every weight
/// deviates; differential: a zero weight is two cells next to zero.
///
/// - Source: slides on sensitivity analysis of architectures for compute-in-memory, 2022.
public struct SensitivityStudy: Experiment {
    public static let name = "sensitivity"

    public struct Settings: Codable, Equatable, Sendable {
        /// As `ModelName`.
        public var networks = [
            "resnet20", "resnet32", "resnet44", "resnet56", "resnet20-w8", "resnet20-w32",
            "resnet20-k1", "resnet20-k5", "resnet56-e3",
        ]
        /// σ_W; σ_B is zero.
        public var sigmas = [0, 0.05, 0.1, 0.15, 0.2]
        public var mappings = [WeightMapping.offset, .differential]
        public var chips = 5
        /// Test images at most.
        public var images = 200
        /// At most.
        public var trainingImages = 25_000
        public var epochs = 2
        /// In nats, below which an image leaves a network of several exits.
        public var exitEntropy = 0.5
        public var heldOut = false
        public var seed: UInt64 = 1

        public init() {}
    }

    public let settings: Settings
    private let images: StudyImages
    var training: ImageSet { images.training }
    var test: ImageSet { images.test }
    private let product: EmulatedChips.Product

    /// - Precondition: the networks are of the catalogue, and have the same classes.
    public init(_ settings: Settings, data: DataLocation, product: EmulatedChips.Product) throws {
        let classes = try Set(settings.networks.map { try ModelName($0).classes })
        precondition(classes.count == 1)
        self.settings = settings
        self.product = product
        images = try StudyImages(
            data, for: NetworkCatalogue.make(settings.networks[0], seed: settings.seed),
            trainingMax: settings.trainingImages, testMax: settings.images,
            heldOut: settings.heldOut)
    }

    public var data: [String] { images.names }

    // MARK: - Steps

    static func trainingName(_ network: String) -> String { "train \(network)" }

    static func evaluationName(_ network: String, _ mapping: WeightMapping, _ sigma: Double)
        -> String
    {
        "\(network), \(mapping.rawValue), σ = \(Format.decimal(sigma, 2))"
    }

    public func steps(in folder: String) throws -> [ExperimentStep] {
        try settings.networks.flatMap { name -> [ExperimentStep] in
            let exits = try ModelName(name).exits
            let file = "\(folder)/\(name).safetensors"
            let train = ExperimentStep(
                name: Self.trainingName(name), images: 3 * settings.epochs * training.count
            ) { try self.train(name, into: file, progress: $0) }
            return [train]
                + settings.mappings.flatMap { mapping in
                    settings.sigmas.map { sigma in
                        ExperimentStep(
                            name: Self.evaluationName(name, mapping, sigma),
                            images: settings.chips * test.count * (exits > 1 ? 2 : 1),
                            figures: settings.chips * (exits > 1 ? 2 * exits + 1 : 1)
                        ) { try evaluate(file, mapping, sigma, progress: $0) }
                    }
                }
        }
    }

    /// Trains a network, or goes on where it was stopped; its accuracy in 8-bit integers.
    private func train(_ name: String, into file: String, progress: (Int) -> Void) throws
        -> [Double]
    {
        let network = try NetworkCatalogue.make(name, seed: settings.seed)
        var plan = try TrainingPlan.default(for: name)
        plan.epochs = settings.epochs
        plan.warmUpEpochs = min(plan.warmUpEpochs, settings.epochs / 2)
        plan.seed = settings.seed
        let state = TrainingState(path: "\(file).training")
        try Trainer.train(network, on: training, plan: plan, state: state) {
            progress(3 * $0.images)
        }
        let scales = try QuantisationScales.measured(
            network, on: training.first(2_000), method: .max)
        try Checkpoint(
            network: network, scales: scales, command: "experiment \(Self.name)",
            seed: settings.seed
        ).write(to: file)
        try state.remove()
        return [
            try Evaluation.accuracy(
                network, with: IntegerProducts(network, scales: scales), on: test
            ).fraction
        ]
    }

    static func chip(sigma: Double) -> StudyChip {
        StudyChip(
            chip: "rram", device: "rram",
            chipValues: [
                "tiles": "16384", "model": "weight-proportional", "sigma_between_chip": "0",
                "sigma_within_chip": "\(sigma)",
            ],
            deviceValues: [
                "on_off_ratio": 1e6, "drift_coefficient": 0, "drift_coefficient_spread": 0,
                "read_noise_relative": 0, "programming_noise_relative": 0,
            ])
    }

    /// Figures of a chip: the accuracy at the end; of a network of several exits that at
    /// each exit, then with early leaving, then the share of each exit. Those of chip 1,
    /// then those of chip 2, …
    private func evaluate(
        _ file: String, _ mapping: WeightMapping, _ sigma: Double, progress: (Int) -> Void
    ) throws -> [Double] {
        let trained = try Checkpoint(contentsOf: file)
        let network = trained.network
        let population = try EmulatedChips(
            Self.chip(sigma: sigma), chips: settings.chips, product)
        var first: Deployment?
        return try (1 ... settings.chips).flatMap { chip -> [Double] in
            let session = try population.session(chip: chip)
            try session.acquireLease()
            defer { try? session.releaseLease() }
            var mapper = Mapper(network, scales: trained.scales)
            mapper.mapping = mapping
            let (deployment, _) = try mapper.deploy(
                to: session, checkpoint: file, calibration: training.first(256),
                options: ProgramOptions(.openLoop), like: first)
            first = deployment
            let products = ChipProducts(session, deployment)
            let done = (chip - 1) * test.count
            guard network.exitCount > 1 else {
                return [
                    try Evaluation.accuracy(network, with: products, on: test) {
                        progress(done + $0)
                    }.fraction
                ]
            }
            let alone = try Evaluation.exitAccuracies(network, with: products, on: test)
            progress(2 * done + test.count)
            let early = try Evaluation.earlyExits(
                network, with: products, on: test, threshold: settings.exitEntropy)
            progress(2 * done + 2 * test.count)
            return alone.map(\.fraction) + [early.accuracy.fraction] + early.shares
        }
    }
}
