internal import Glibc

/// Batch norm against non-ideal crossbars: read noise, a closing window, drift and
/// wires, each undone as far as batch norms can.
///
/// Convolutions are on the chip; classifier, batch norms, pooling and activations are
/// digital. Four figures a chip:
///
/// | arm | mean and variance | γ, β |
/// |---|---|---|
/// | as deployed | of the training | of the training |
/// | momentum | running ones follow for a while | the same |
/// | adapted | measured anew, the mean over all batches | the same |
/// | fine-tuned | as adapted, then they follow | learned |
///
/// The source adapts by momentum on all its training images, until nothing is left of the
/// old statistics; after the few images here (1 − m)^steps of them is. The images are random
/// windows of training images, as the model's usual training shows them; a checkpoint that was
/// trained otherwise saw others.
///
/// - Source: Bhattacharjee et al., batch-norm adaptation of crossbars, 2023.
public struct BatchNormStudy: Experiment {
    public static let name = "batch-norm"

    /// What deviates.
    public enum Part: String, CaseIterable, Codable, Sendable {
        case noise, ratio, drift, wires

        /// What x is.
        var axis: String {
            switch self {
            case .noise: "σ(g)/g"
            case .ratio: "G_on/G_off"
            case .drift: "seconds since programming (0 stands at 1)"
            case .wires: "rows and columns of a tile"
            }
        }
    }

    public struct Settings: Codable, Equatable, Sendable {
        /// A checkpoint.
        public var network = ""
        public var chips = 3
        /// Test images at most.
        public var images = 200
        /// Training images that the methods see.
        public var adaptationImages = 500
        public var parts = Part.allCases
        /// σ(g)/g.
        public var sigmas = [0.05, 0.1, 0.15, 0.2]
        /// G_on/G_off.
        public var ratios = [2.0, 5, 10, 100]
        /// Seconds since programming.
        public var ages = [0, 1e4, 1e6, 1e8, 1e10]
        /// Rows and columns of a tile.
        public var sides = [64, 128]
        public var heldOut = false
        public var seed: UInt64 = 1

        public init() {}
    }

    public let settings: Settings
    let trained: Checkpoint
    /// In random windows.
    let training: ImageSet
    let test: ImageSet
    public let data: [String]
    private let product: EmulatedChips.Product

    public init(_ settings: Settings, data: DataLocation, product: EmulatedChips.Product) throws {
        self.settings = settings
        self.product = product
        trained = try Checkpoint(contentsOf: settings.network)
        let images = try StudyImages(
            data, for: trained.network, trainingMax: settings.adaptationImages,
            testMax: settings.images, heldOut: settings.heldOut)
        training = try images.training.inWindows(
            of: .default(for: trained.network.name), seed: settings.seed)
        test = images.test
        self.data = [
            training.nameAndCount, test.nameAndCount,
            try Checkpoint.nameAndContent(of: settings.network),
        ]
        try trained.network.checkBatchNorms(training)
    }

    // MARK: - Steps

    static let digitalName = "digital, 8 bits"
    static let savingsName = "savings of not training weights"
    private static let (momentum, plain) = (
        BatchNormReestimation(), BatchNormReestimation(averaging: .plain, passes: 1)
    )
    private static let fineTuning = BatchNormFineTuning()
    /// Images that one condition at one age takes on one chip.
    private var imagesEach: Int {
        4 * test.count + training.count
            * (Self.momentum.passes + 2 * Self.plain.passes + 3 * Self.fineTuning.epochs)
    }

    public func steps(in folder: String) throws -> [ExperimentStep] {
        [
            ExperimentStep(name: Self.digitalName, images: test.count) { _ in
                [
                    try Evaluation.accuracy(
                        trained.network,
                        with: IntegerProducts(trained.network, scales: trained.scales), on: test
                    ).fraction
                ]
            },
            ExperimentStep(
                name: Self.savingsName, images: 40, figures: 2,
                summary: {
                    "energy \(Format.percent($0[0])), memory \(Format.percent($0[1]))"
                }
            ) { _ in
                let savings = try BatchNormSavings(
                    of: trained, on: EmulatedChips(BatchNormCondition.rram, chips: 1, product),
                    images: training.first(4), batch: Self.fineTuning.batch)
                return [savings.energy, savings.memory]
            },
        ]
            + BatchNormCondition.all(settings).map { condition in
                ExperimentStep(
                    name: condition.name,
                    images: settings.chips * condition.ages.count * imagesEach,
                    figures: settings.chips * condition.ages.count * Figures.count,
                    summary: { summary($0) }
                ) { try run(condition, progress: $0) }
            }
    }

    /// Means over chips and ages.
    private func summary(_ figures: [Double]) -> String {
        func mean(_ figure: Int) -> String {
            Format.percent(Sample(figures).figure(figure, of: Figures.count).mean)
        }
        return "\(mean(0)), momentum \(mean(1)), adapted \(mean(2)), fine-tuned \(mean(3))"
    }

    /// Figures of a chip at an age.
    struct Figures {
        /// Accuracies as deployed, by momentum, adapted, fine-tuned.
        var accuracies: [Double]
        /// Right after programming.
        var secondComponent: Double

        static let count = 5
        var values: [Double] { accuracies + [secondComponent] }
    }

    /// `Figures` of chip 1 at all ages, then those of chip 2, …
    private func run(_ condition: BatchNormCondition, progress: (Int) -> Void) throws -> [Double] {
        let population = try EmulatedChips(condition.chip, chips: settings.chips, product)
        var done = 0
        var first: Deployment?
        return try (1 ... settings.chips).flatMap { chip in
            let session = try population.session(chip: chip)
            try session.stopClock()
            try session.acquireLease()
            defer { try? session.releaseLease() }
            var mapper = Mapper(trained.network, scales: trained.scales)
            mapper.digital = Set(
                trained.network.matrixLayers.filter { $0.kind == .linear }.map(\.name))
            let deployment = try mapper.deploy(
                to: session, checkpoint: settings.network, calibration: training,
                options: ProgramOptions(.openLoop), like: first
            ).deployment
            first = deployment
            let component = try SecondComponent(
                of: trained, deployment, on: session, byProducts: condition.part == .wires
            ).share
            var age = 0.0
            return try condition.ages.flatMap { next in
                if next > age { try session.advanceClock(seconds: next - age) }
                age = next
                let chip = ChipProducts(session, deployment)
                let accuracies = try [nil, byMomentum, adapted, fineTuned].map { method in
                    let network = try trained.network.copy()
                    try method?(network, chip)
                    return try Evaluation.accuracy(network, with: chip, on: test).fraction
                }
                done += imagesEach
                progress(done)
                return Figures(accuracies: accuracies, secondComponent: component).values
            }
        }
    }

    /// The share of the old statistics that is left after adaptation by momentum.
    var statisticsLeft: Double {
        let steps = Self.momentum.passes * training.evenRanges(of: Self.momentum.batch).count
        return pow(1 - BatchNorm.momentum, Double(steps))
    }

    private func byMomentum(_ network: Network, _ chip: ChipProducts) throws {
        try Self.momentum.tune(network, with: chip, on: training)
    }

    private func adapted(_ network: Network, _ chip: ChipProducts) throws {
        try Self.plain.tune(network, with: chip, on: training)
    }

    private func fineTuned(_ network: Network, _ chip: ChipProducts) throws {
        var method = Self.fineTuning
        method.seed = settings.seed
        try adapted(network, chip)
        try method.tune(network, with: chip, on: training)
    }
}
