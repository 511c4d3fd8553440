/// Table I of the QAVAT paper: a network of few bits, trained in four ways, on
/// chips whose weights deviate.
///
/// - Source: Deng, Orshansky, "Variability-aware training and self-tuning of highly
///   quantized DNNs for analog PIM", DATE 2022, Table I: LeNet-5, MNIST, A2W2,
///   layer-fixed, within-chip only.
public struct QAVATTable: Experiment {
    public static let name = "qavat-table"

    public struct Settings: Codable, Equatable, Sendable {
        public var model = "lenet5"
        /// The checkpoint that all methods start from; `nil`: a network is trained first.
        public private(set) var start: String?
        public var bits = BitSetting.a2w2
        public var form = WeightVariation.Form.layerFixed
        /// σ_W; σ_B is zero.
        public var sigmas = [0.1, 0.5]
        /// Draws of the deviations on which each network is tried.
        public var chips = 50
        /// Test images at most.
        public var images = 10_000
        /// Training images at most; `nil`: all.
        public var trainingImages: Int?
        /// Whether the last training images are left out of the training, and the
        /// networks tried on them in place of the test images: for choosing settings.
        public var heldOut = false
        /// Passes in floating point, and then of each method.
        public var epochsFloat = 4
        public var epochsMethod = 4
        public var batch = 64
        /// Learning rates at the start of their cosines.
        public var rateFloat = 2e-3
        public var rateMethod = 2e-3
        /// Draws of the deviations in a training step.
        public var samples = 1
        /// Training images that the steps of the activations come from.
        public var calibrationImages = 2_000
        public var seed: UInt64 = 1

        public init() {}

        /// Takes a checkpoint, and its model, in place of a training in floating point.
        public mutating func start(from checkpoint: String) throws {
            model = try Checkpoint(contentsOf: checkpoint).network.name
            start = checkpoint
        }
    }

    public let settings: Settings
    public let data: [String]
    private let images: StudyImages
    private let chips: (WeightVariation, UInt64) -> any ChipPopulation

    /// - Parameter chips: the chips of a variation and a seed.
    public init(
        _ settings: Settings, data: DataLocation,
        chips: @escaping (WeightVariation, UInt64) -> any ChipPopulation = {
            WeightLevelChips($0, seed: $1)
        }
    ) throws {
        self.settings = settings
        images = try StudyImages(settings, data: data)
        self.data = try images.names(with: settings.start)
        self.chips = chips
    }

    public func steps(in folder: String) throws -> [ExperimentStep] {
        let study = QAVATStudy(settings, images, folder: folder)
        var steps = [study.floatStep()]
        for sigma in settings.sigmas {
            let variation = WeightVariation(settings.form, withinChip: sigma)
            for method in TrainingMethod.allCases {
                if method.seesVariation || sigma == settings.sigmas.first {
                    steps.append(study.trainingStep(method, variation))
                }
                steps.append(
                    study.evaluationStep(method, variation, chips(variation, settings.seed)))
            }
        }
        return steps
    }
}

// MARK: - The table

extension QAVATTable {
    /// Accuracies of the paper, by σ and method.
    static let published: [Double: [TrainingMethod: Double]] = [
        0.1: [.ptqVAT: 0.6275, .qat: 0.9821, .qavat: 0.9833],
        0.5: [.ptqVAT: 0.5382, .qat: 0.9003, .qavat: 0.9638],
    ]
    /// Whether the paper's figures are of these settings.
    private var isPublished: Bool {
        settings.model == "lenet5" && settings.bits == .a2w2 && settings.form == .layerFixed
    }

    public func table(_ figures: [String: Sample]) throws -> ResultTable {
        func percent(_ value: Double?) -> String { value.map { Format.decimal($0 * 100, 2) } ?? "" }
        var rows: [[String]] = []
        for sigma in settings.sigmas {
            for method in TrainingMethod.allCases {
                let variation = WeightVariation(settings.form, withinChip: sigma)
                let accuracy = figures[QAVATStudy.evaluationName(method, variation)]
                let nominal = figures[QAVATStudy.trainingName(method, variation)]
                rows.append([
                    Format.decimal(sigma, 2), method.rawValue, percent(accuracy?.mean),
                    percent(accuracy?.confidence95), percent(accuracy?.least),
                    percent(nominal?.mean),
                    isPublished ? percent(Self.published[sigma]?[method]) : "",
                ])
            }
        }
        return ResultTable(
            title: "\(settings.model), \(settings.bits), \(settings.form.rawValue) variation "
                + "within the chip",
            header: [
                "σ", "method", "accuracy %", "± (95 %)", "worst chip %", "without variation %",
                "paper %",
            ],
            rows: rows,
            notes: [
                "Mean accuracy over \(settings.chips) chips, each a draw of all weights' "
                    + "deviations, on \(images.test.count) images: \(images.test.name).",
                "All methods meet the same chips. "
                    + settings.sigmas.compactMap { lead(at: $0, figures) }.joined(separator: " "),
                "In floating point: \(percent(figures[QAVATStudy.floatName(settings)]?.mean)) %.",
            ])
    }

    public func plots(_ figures: [String: Sample]) -> [ResultPlot] {
        guard settings.sigmas.count > 1 else { return [] }
        return [
            ResultPlot(
                name: "accuracy", title: "\(settings.model), \(settings.bits)", xLabel: "σ",
                TrainingMethod.allCases.map { method in
                    (
                        name: method.rawValue,
                        points: settings.sigmas.sorted().compactMap { sigma in
                            let variation = WeightVariation(settings.form, withinChip: sigma)
                            return figures[QAVATStudy.evaluationName(method, variation)].map {
                                (x: sigma, sample: $0)
                            }
                        }
                    )
                })
        ]
    }

    /// How far QAVAT is ahead of QAT, chip by chip.
    private func lead(at sigma: Double, _ figures: [String: Sample]) -> String? {
        let variation = WeightVariation(settings.form, withinChip: sigma)
        guard let qavat = figures[QAVATStudy.evaluationName(.qavat, variation)],
            let qat = figures[QAVATStudy.evaluationName(.qat, variation)]
        else { return nil }
        let lead = Sample(zip(qavat.values, qat.values).map { ($0 - $1) * 100 })
        let range = lead.confidence95.map { " ± \(Format.decimal($0, 2))" } ?? ""
        return "At σ = \(Format.decimal(sigma, 2)) QAVAT is ahead of QAT by "
            + "\(Format.decimal(lead.mean, 2))\(range) points."
    }
}
