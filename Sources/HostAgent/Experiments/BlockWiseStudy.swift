/// Test-time adaptation by blocks: which block of a network should learn when its images
/// change, what that wins, and what it costs.
///
/// The network lies in resistive cells, but for the blocks that the placement puts into
/// static memory. It is adapted to shifted training images by `FineTuning` under WAGE of
/// 8 bits, one block at a time and all at once, each time on the chip as it came, and tried
/// on test images with the same shift.
///
/// | figure of the source | here |
/// |---|---|
/// | VGG-8, ResNet-20, DenseNet-40 | the checkpoints that are named |
/// | CIFAR-10-C, severity 5; CIFAR-Flip | the same, made here |
/// | 800 images to adapt, 200 to test, batch 200, 3 epochs | the same batches, more to test |
/// | networks trained by WAGE with squared errors of scores | by cross entropy; squared errors of predictions |
///
/// - Source: a thesis on benchmarking test-time adaptation with compute-in-memory, §4.
public struct BlockWiseStudy: Experiment {
    public static let name = "block-wise"

    public struct Settings: Codable, Equatable, Sendable {
        /// Checkpoints.
        public var networks: [String] = []
        /// Each with images and cells of its own.
        public var chips = 3
        /// Test images.
        public var images = 400
        /// Training images that a chip adapts to.
        public var adaptationImages = 800
        public var corruptions = [Corruption.gaussianNoise, .motionBlur].map(\.rawValue)
        public var flipsLabels = true
        public var losses = [FineTuning.Loss.squaredError, .entropy]
        /// Blocks of a network at most, evenly spaced; all count as one more.
        public var blocks = 4
        public var epochs = 3
        public var batch = 200
        /// η of WAGE, in weight codes.
        public var rateCodes = 4.0
        /// σ(g)/g. The devices' own, 0.1, leaves networks that weren't trained for it
        /// little to adapt; this is chosen.
        public var readNoise = 0.02
        /// Pulses of each cell before, where windows close; 0 is elsewhere.
        public var pulses = [100_000, 1_000_000, 3_000_000]
        public var heldOut = false
        public var seed: UInt64 = 1

        public init() {}
    }

    /// Where the layers lie.
    enum Placement: String, CaseIterable {
        case resistive = "RRAM"
        /// Blocks that learn in static memory.
        case hybrid
        case digital = "SRAM"
    }

    public let settings: Settings
    let networks: [Checkpoint]
    /// By model.
    private let splits: [String: DataSplit]
    private let shifted = ShiftedImages()
    private let product: EmulatedChips.Product
    public let data: [String]

    public init(_ settings: Settings, data: DataLocation, product: EmulatedChips.Product) throws {
        self.settings = settings
        self.product = product
        networks = try settings.networks.map { try Checkpoint(contentsOf: $0) }
        var names: [String] = []
        var splits: [String: DataSplit] = [:]
        for (number, trained) in networks.enumerated() {
            let model = trained.network.name
            guard !networks[..<number].contains(where: { $0.network.name == model }) else {
                throw DataError.wrongContent(
                    file: settings.networks[number], expected: "another model than the others'",
                    found: model)
            }
            let split = try data.load(for: trained.network)
            try split.check(settings, trained.network)
            names += [split.training, split.test].map(\.nameAndCount)
            splits[model] = split
        }
        self.splits = splits
        self.data = try names + settings.networks.map(Checkpoint.nameAndContent)
    }

    // MARK: - Steps

    static func costName(_ trained: Checkpoint) -> String { "\(trained.network.name), costs" }

    public func steps(in folder: String) throws -> [ExperimentStep] {
        networks.map { trained in
            ExperimentStep(
                name: Self.costName(trained), images: 2 * BlockWiseCosts.images,
                figures: BlockWiseCosts.count(arms: arms(of: trained.network).count),
                summary: { _ in "measured" }
            ) { _ in try costs(of: trained) }
        }
            + cases.map { each in
                ExperimentStep(
                    name: each.name, images: settings.chips * images(of: each),
                    figures: settings.chips * BlockWiseRun.Figures.count(arms: each.arms.count),
                    summary: { BlockWiseRun.Figures.summary($0, of: each) }
                ) { try run(each, progress: $0) }
            }
    }

    private func images(of each: Case) -> Int {
        settings.images + each.arms.count
            * (settings.images + settings.adaptationImages * (1 + 3 * settings.epochs))
    }

    private func clean(_ network: Network) -> DataSplit {
        guard let split = splits[network.name] else {
            preconditionFailure("no images for \(network.name)")
        }
        return split
    }

    private func costs(of trained: Checkpoint) throws -> [Double] {
        let population = try EmulatedChips(chip(.writeVerify), chips: 1, product)
        let images = try clean(trained.network).training.first(BlockWiseCosts.images)
        return try BlockWiseCosts.measured(
            trained, arms(of: trained.network), on: population, images: images,
            batch: settings.batch
        ).values
    }

    /// Figures of a chip: `BlockWiseRun.Figures.values`; of chip 1, then of chip 2, …
    private func run(_ each: Case, progress: (Int) -> Void) throws -> [Double] {
        let images = try shifted.images(of: "\(each.trained.network.name), \(each.shiftName)") {
            try split(each)
        }
        let calibration = try clean(each.trained.network).training.first(100)
        return try (1 ... settings.chips).flatMap { number in
            let size = settings.adaptationImages
            let mine = DataSplit(
                training: try images.training.narrowed((number - 1) * size ..< number * size),
                test: images.test)
            defer { progress(number * self.images(of: each)) }
            return try BlockWiseRun(each, settings, seed: settings.seed + UInt64(number - 1))
                .figures(images: mine, calibration: calibration) { body in
                    let population = try EmulatedChips(
                        chip(each.method), serials: UInt32(number) ... UInt32(number), product)
                    return try withExtendedLifetime(population) {
                        try body(
                            population.session(
                                chip: number, bank: each.placement == .digital ? "sram" : nil))
                    }
                }.values
        }
    }

    /// Images of all chips to adapt to, and those that they are tried on.
    private func split(_ each: Case) throws -> DataSplit {
        let network = each.trained.network
        let all = settings.chips * settings.adaptationImages
        guard settings.heldOut else {
            return try each.shift.split(
                of: clean(network), for: network, adapting: all, test: settings.images)
        }
        let shifted = try each.shift.split(
            of: clean(network), for: network, adapting: all + settings.images, test: 1)
        return DataSplit(
            training: try shifted.training.narrowed(0 ..< all),
            test: try shifted.training.narrowed(all ..< all + settings.images))
    }

    /// Both banks have tiles enough for the networks of the study. What is written open loop
    /// is written without noise, as in the source: the closing window alone is seen.
    private func chip(_ method: ProgramOptions.Method) -> StudyChip {
        var chip = StudyChip(
            chip: "hybrid", device: "rram", chipValues: ["tiles": "4096"],
            deviceValues: ["read_noise_relative": settings.readNoise])
        if method == .openLoop { chip.deviceValues["programming_noise_relative"] = 0 }
        return chip
    }
}

/// The images of the latest shift: cases that differ in something else share them.
private final class ShiftedImages {
    private var latest: (name: String, images: DataSplit)?

    func images(of name: String, make: () throws -> DataSplit) throws -> DataSplit {
        if let latest, latest.name == name { return latest.images }
        let images = try make()
        latest = (name, images)
        return images
    }
}

extension DataSplit {
    /// Refuses settings that ask for more images than there are, or for colours of grey ones.
    fileprivate func check(_ settings: BlockWiseStudy.Settings, _ network: Network) throws {
        let adapted = settings.chips * settings.adaptationImages
        for (set, count) in [
            (training, adapted + (settings.heldOut ? settings.images : 0)),
            (test, settings.heldOut ? 0 : settings.images),
        ] where set.count < count {
            throw DataError.wrongContent(
                file: set.name, expected: "at least \(count) images", found: "\(set.count)")
        }
        for corruption in settings.corruptions.compactMap(Corruption.init) {
            try test.check(fits: corruption)
        }
    }
}
