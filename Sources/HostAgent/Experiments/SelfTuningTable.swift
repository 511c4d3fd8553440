/// Self-tuning in the form of Table II of the QAVAT paper: networks of few bits trained
/// for the variation within a chip, on emulated chips that also differ from each other
/// (σ_B = σ_W = σ_tot/√2), without a correction, with the right and with the wrong one.
///
/// | variation | mapping | chip's σ | right | wrong |
/// |---|---|---|---|---|
/// | weight-proportional | differential, G_off ≈ 0 | the paper's | GTM | GTM and LTM |
/// | layer-fixed | offset, r₀ = 2 | a quarter | GTM and LTM | GTM |
///
/// With r₀ = 2 a deviation of ε·G_on is 4·ε of the largest weight, and no cell comes to
/// 0 within 4 σ.
///
/// - Source: Deng, Orshansky, "Variability-aware training and self-tuning of highly
///   quantized DNNs for analog PIM", DATE 2022, Table II; there VGG-11 and ResNet-18.
public struct SelfTuningTable: Experiment {
    public static let name = "self-tuning"

    public struct Settings: Codable, Equatable, Sendable {
        /// Of images, networks and their training; `form` and `sigmas` are not used.
        public var training = QAVATTable.Settings()
        /// σ_tot.
        public var totals = [0.1, 0.3, 0.5]

        public init() {}
    }

    public let settings: Settings
    public var data: [String] { images.names }
    private let images: QAVATImages
    private let product: EmulatedChips.Product

    public init(_ settings: Settings, data: DataLocation, product: EmulatedChips.Product) throws {
        self.settings = settings
        self.product = product
        images = try QAVATImages(settings.training, data: data)
    }

    static let forms = [WeightVariation.Form.weightProportional, .layerFixed]
    /// None, the right one, the wrong one.
    static func corrections(_ form: WeightVariation.Form) -> [SelfTuning.Correction?] {
        form == .layerFixed ? [nil, .gtmAndLTM, .gtm] : [nil, .gtm, .ltmOfOneSide]
    }

    static func spec(_ form: WeightVariation.Form, total: Double) -> SelfTunedChips.Spec {
        let sigma = WeightVariation.mixed(form, total: total).withinChip
        let isFixed = form == .layerFixed
        let isLarge = isFixed && total >= 0.3
        return SelfTunedChips.Spec(
            model: isFixed ? "layer-fixed" : "weight-proportional",
            mapping: isFixed ? .offset : .differential, onOffRatio: isFixed ? 2 : 1e6,
            betweenChips: isFixed ? sigma / 4 : sigma, withinChip: isFixed ? sigma / 4 : sigma,
            gtmCells: isLarge ? 100_000 : 1000, ltmColumns: isLarge ? 16 : 1)
    }

    private static func evaluationName(_ form: WeightVariation.Form, _ total: Double) -> String {
        "\(form.rawValue), σ_tot = \(Format.decimal(total, 2)): none, right, wrong"
    }

    public func steps(in folder: String) throws -> [ExperimentStep] {
        var study = settings.training
        var steps: [ExperimentStep] = []
        for form in Self.forms {
            study.form = form
            let work = QAVATStudy(study, images, folder: "\(folder)/\(form.rawValue)")
            let start = work.floatStep()
            steps.append(
                ExperimentStep(name: "\(form.rawValue): \(start.name)", images: start.images) {
                    try DataFile.makeFolder("\(folder)/\(form.rawValue)")
                    return try start.run($0)
                })
            for total in settings.totals {
                let within = WeightVariation(
                    form, withinChip: WeightVariation.mixed(form, total: total).withinChip)
                let training = work.trainingStep(.qavat, within)
                steps.append(
                    ExperimentStep(
                        name: "\(form.rawValue): \(training.name)", images: training.images,
                        run: training.run))
                steps.append(evaluation(work, within, total))
            }
        }
        return steps
    }

    /// Figures: those of chip 1 with each correction, then those of chip 2, …
    private func evaluation(_ work: QAVATStudy, _ within: WeightVariation, _ total: Double)
        -> ExperimentStep
    {
        let corrections = Self.corrections(within.form)
        let (chips, test) = (settings.training.chips, images.test)
        return ExperimentStep(
            name: Self.evaluationName(within.form, total),
            images: chips * corrections.count * test.count
        ) { progress in
            let (network, quantisers) = try work.kept(.qavat, within)
            let population = try SelfTunedChips(
                Self.spec(within.form, total: total), chips: chips, product)
            return try (0 ..< chips).flatMap { chip in
                try population.accuracies(
                    of: network, quantisers, chip: chip + 1, corrections: corrections, on: test
                ) { progress(chip * corrections.count * test.count + $0) }
            }
        }
    }
}

// MARK: - The table

extension SelfTuningTable {
    private static let arms = ["trained only", "right self-tuning", "wrong self-tuning"]

    /// The chips' accuracies with a correction, by its number in `arms`.
    private func sample(
        _ figures: [String: Sample], _ form: WeightVariation.Form, _ total: Double, arm: Int
    ) -> Sample? {
        figures[Self.evaluationName(form, total)].map { all in
            Sample(
                stride(from: arm, to: all.values.count, by: Self.arms.count).map { all.values[$0] })
        }
    }

    public func plots(_ figures: [String: Sample]) -> [ResultPlot] {
        guard settings.totals.count > 1 else { return [] }
        return Self.forms.map { form in
            ResultPlot(
                name: form.rawValue,
                title: "\(settings.training.model), \(form.rawValue) variation",
                xLabel: "σ_tot",
                Self.arms.enumerated().map { arm, name in
                    (
                        name: name,
                        points: settings.totals.sorted().compactMap { total in
                            sample(figures, form, total, arm: arm).map { (x: total, sample: $0) }
                        }
                    )
                })
        }
    }

    public func table(_ figures: [String: Sample]) throws -> ResultTable {
        var rows: [[String]] = []
        for form in Self.forms {
            for total in settings.totals {
                for (arm, name) in Self.arms.enumerated() {
                    guard let sample = sample(figures, form, total, arm: arm) else { continue }
                    rows.append([
                        form.rawValue, Format.decimal(total, 2), name,
                        Format.decimal(sample.mean * 100, 2),
                        sample.confidence95.map { Format.decimal($0 * 100, 2) } ?? "",
                        Format.decimal(sample.least * 100, 2),
                    ])
                }
            }
        }
        return ResultTable(
            title: "\(settings.training.model), \(settings.training.bits), mixed variation, "
                + "self-tuning",
            header: ["variation", "σ_tot", "chips", "accuracy %", "± (95 %)", "worst chip %"],
            rows: rows,
            notes: [
                "Mean accuracy over \(settings.training.chips) emulated chips, serials from 1, on "
                    + "\(images.test.count) images: \(images.test.name); seed "
                    + "\(settings.training.seed).",
                "Weight-proportional: differential mapping, an ON/OFF ratio of 10⁶. Layer-fixed: "
                    + "offset mapping, a ratio of 2, a quarter of the σ. 8 bits a cell; no "
                    + "programming noise, read noise, drift or converters.",
                "1,000 GTM cells and 1 LTM column; 100,000 and 16 for layer-fixed variation from "
                    + "0.3 on.",
            ])
    }
}
