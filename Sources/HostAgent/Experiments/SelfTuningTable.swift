/// Self-tuning in the form of Table II of the QAVAT paper: networks of few bits trained
/// for the variation within a chip, on emulated chips that also differ from each other
/// (σ_B = σ_W = σ_tot/√2), without a correction, with the right and with the wrong one.
///
/// | variation | mapping | chip's σ | right | wrong |
/// |---|---|---|---|---|
/// | weight-proportional | differential, G_off ≈ 0 | the paper's | GTM | GTM and LTM |
/// | layer-fixed | offset, r₀ = 2 | a quarter | GTM and LTM | GTM |
///
/// Beside it the same on the shipped resistive device, and at the largest σ_tot the right
/// one with other numbers of GTM cells and LTM columns.
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
        /// Numbers tried at the largest σ_tot.
        public var gtmCells = [10, 100, 1000, 100_000]
        public var ltmColumns = [1, 8, 16]

        public init() {}
    }

    public let settings: Settings
    public let data: [String]
    private let images: StudyImages
    private let product: EmulatedChips.Product

    public init(_ settings: Settings, data: DataLocation, product: EmulatedChips.Product) throws {
        self.settings = settings
        self.product = product
        images = try StudyImages(settings.training, data: data)
        self.data = try images.names(with: settings.training.start)
    }

    static let forms = [WeightVariation.Form.weightProportional, .layerFixed]

    var conditions: [SelfTuningCondition] {
        Self.forms.flatMap { form in
            settings.totals.flatMap {
                SelfTuningCondition.all(settings, form: form, total: $0)
            }
        }
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
                let conditions = SelfTuningCondition.all(settings, form: form, total: total)
                let training = work.trainingStep(.qavat, conditions[0].within)
                steps.append(
                    ExperimentStep(
                        name: "\(form.rawValue): \(training.name)", images: training.images,
                        run: training.run))
                steps += conditions.map { evaluation(work, $0) }
            }
        }
        return steps
    }

    /// `SelfTunedChips.Figures` of chip 1 with each correction, then those of chip 2, …
    private func evaluation(_ work: QAVATStudy, _ condition: SelfTuningCondition) -> ExperimentStep
    {
        let (chips, test) = (settings.training.chips, images.test)
        let perChip = condition.corrections.count * test.count
        return ExperimentStep(
            name: condition.name, images: chips * perChip,
            figures: chips * condition.corrections.count * SelfTunedChips.Figures.count,
            summary: { figures in
                condition.arms.indices.map { arm in
                    Format.percent(Self.accuracies(Sample(figures), condition, arm: arm).mean)
                }.joined(separator: ", ")
            }
        ) { progress in
            let trained = try work.kept(.qavat, condition.within)
            var spec = condition.spec
            // Enough for any network of the catalogue.
            if settings.training.start != nil { spec.tiles = 8_192 }
            let population = try SelfTunedChips(spec, chips: chips, product)
            return try (0 ..< chips).flatMap { chip in
                try population.figures(
                    of: trained, chip: chip + 1, corrections: condition.corrections, on: test,
                    calibration: images.training.first(256)
                ) { progress(chip * perChip + $0) }.flatMap(\.values)
            }
        }
    }
}

// MARK: - The table

extension SelfTuningTable {
    /// Of the chips with a correction, by its number among the condition's.
    private static func accuracies(_ all: Sample, _ condition: SelfTuningCondition, arm: Int)
        -> Sample
    {
        let count = SelfTunedChips.Figures.count
        return all.figure(count * arm, of: count * condition.arms.count)
    }

    /// On how many chips the correction was not possible.
    private static func refused(_ all: Sample, _ condition: SelfTuningCondition, arm: Int) -> Int {
        let count = SelfTunedChips.Figures.count
        return all.figure(count * arm + 1, of: count * condition.arms.count).values
            .count { $0 > 0 }
    }

    private func sample(
        _ figures: [String: Sample], _ condition: SelfTuningCondition, arm: Int
    ) -> Sample? {
        figures[condition.name].map { Self.accuracies($0, condition, arm: arm) }
    }

    public func table(_ figures: [String: Sample]) throws -> ResultTable {
        let rows = conditions.flatMap { condition in
            condition.arms.enumerated().compactMap { arm, name -> [String]? in
                guard let all = figures[condition.name] else { return nil }
                let sample = Self.accuracies(all, condition, arm: arm)
                return [
                    condition.form.rawValue, Format.decimal(condition.total, 2), condition.device,
                    "\(condition.gtmCells)", "\(condition.ltmColumns)", name,
                    Format.decimal(sample.mean * 100, 2),
                    sample.confidence95.map { Format.decimal($0 * 100, 2) } ?? "",
                    Format.decimal(sample.least * 100, 2),
                    "\(Self.refused(all, condition, arm: arm))",
                ]
            }
        }
        return ResultTable(
            title: "\(settings.training.model), \(settings.training.bits), mixed variation, "
                + "self-tuning",
            header: [
                "variation", "σ_tot", "cells", "GTM cells", "LTM columns", "chips", "accuracy %",
                "± (95 %)", "worst chip %", "refused",
            ],
            rows: rows,
            notes: [
                "Mean accuracy over \(settings.training.chips) emulated chips, serials from 1, on "
                    + "\(images.test.count) images: \(images.test.name); seed "
                    + "\(settings.training.seed). Right after programming: without drift. "
                    + "Refused: chips whose columns allowed no correction, tried without.",
                "Ideal: 8 bits a cell; no programming noise, read noise, drift or converters; "
                    + "weight-proportional: differential mapping, an ON/OFF ratio of 10⁶; "
                    + "layer-fixed: offset mapping, a ratio of 2, a quarter of the σ. RRAM: two cells "
                    + "of 4 bits as shipped, programmed open loop, 10-bit converters.",
            ])
    }

    public func plots(_ figures: [String: Sample]) -> [ResultPlot] {
        Self.forms.flatMap { form -> [ResultPlot] in
            let mine = conditions.filter { $0.form == form }
            let overTotal = [false, true].compactMap { isReal in
                overTotals(figures, mine.filter { $0.isReal == isReal && !$0.isOfSweep })
            }
            let sweep = mine.filter(\.isOfSweep)
            let cells = sweep.filter { $0.ltmColumns == sweep[0].ltmColumns }
            let columns = sweep.filter { $0.gtmCells == sweep.last?.gtmCells }
            return overTotal
                + [
                    over("GTM cells", figures, cells, isLogarithmic: true) { $0.gtmCells },
                    over("LTM columns", figures, columns, isLogarithmic: false) { $0.ltmColumns },
                ].compactMap(\.self)
        }
    }

    /// `nil`: a single σ_tot.
    private func overTotals(_ figures: [String: Sample], _ conditions: [SelfTuningCondition])
        -> ResultPlot?
    {
        guard conditions.count > 1 else { return nil }
        let (form, device) = (conditions[0].form.rawValue, conditions[0].device)
        let ordered = conditions.sorted { $0.total < $1.total }
        return ResultPlot(
            name: "\(form)-\(device.lowercased())",
            title: "\(settings.training.model), \(form) variation, \(device) cells",
            xLabel: "σ_tot",
            conditions[0].arms.enumerated().map { arm, name in
                let points = ordered.compactMap { one in
                    sample(figures, one, arm: arm).map { (x: one.total, sample: $0) }
                }
                return (name: name, points: points)
            })
    }

    /// `nil`: a single number.
    private func over(
        _ label: String, _ figures: [String: Sample], _ conditions: [SelfTuningCondition],
        isLogarithmic: Bool, number: (SelfTuningCondition) -> Int
    ) -> ResultPlot? {
        let points = conditions.compactMap { one in
            sample(figures, one, arm: 0).map { (x: Double(number(one)), sample: $0) }
        }
        guard Set(points.map(\.x)).count > 1 else { return nil }
        let form = conditions[0].form.rawValue
        return ResultPlot(
            name: "\(form)-\(label.lowercased().replacing(" ", with: "-"))",
            title: "\(settings.training.model), \(form) variation, σ_tot = "
                + Format.decimal(conditions[0].total, 2),
            xLabel: label, isLogarithmic: isLogarithmic,
            [(name: conditions[0].arms[0], points: points)])
    }
}
