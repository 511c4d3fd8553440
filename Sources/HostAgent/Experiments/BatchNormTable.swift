internal import Glibc
internal import Plotting

extension BatchNormStudy {
    private static let arms = ["as deployed", "momentum", "adapted", "fine-tuned"]

    /// A condition at an age, over the chips.
    private struct Row {
        let condition: BatchNormCondition
        let age: Double
        /// In the order of `arms`.
        let accuracies: [Sample]
        /// At the age: PC2·(T/t_0)^ν, t_0 = 1 s (§4.2 of the source).
        let secondComponent: Double

        var x: Double { condition.part == .drift ? max(1, age) : condition.x }
    }

    private func rows(_ figures: [String: Sample]) -> [Row] {
        BatchNormCondition.all(settings).flatMap { condition -> [Row] in
            guard let all = figures[condition.name] else { return [] }
            return condition.ages.enumerated().map { number, age in
                func sample(_ figure: Int) -> Sample {
                    all.figure(
                        number * Figures.count + figure, of: condition.ages.count * Figures.count)
                }
                return Row(
                    condition: condition, age: age,
                    accuracies: Self.arms.indices.map(sample),
                    secondComponent: sample(Self.arms.count).mean
                        * pow(max(1, age), condition.driftCoefficient))
            }
        }
    }

    public func table(_ figures: [String: Sample]) throws -> ResultTable {
        let digital = figures[Self.digitalName].map { Format.decimal($0.mean * 100, 2) } ?? ""
        return ResultTable(
            title: "\(trained.network.name), batch norm against non-ideal crossbars",
            header: ["part", "condition", "x", "age s", "PC2"] + Self.arms.map { "\($0) %" },
            rows: rows(figures).map { row in
                [
                    row.condition.part.rawValue, row.condition.series,
                    row.condition.part == .drift ? "" : Self.short(row.condition.x),
                    Self.short(row.age), Format.scientific(row.secondComponent),
                ] + row.accuracies.map { $0.percent(digits: 2) }
            },
            notes: [
                "Digital, 8 bits: \(digital) %.",
                "Mean accuracy and its 95 % confidence over "
                    + "\(settings.chips) emulated chips, serials from 1, on \(test.count) images: "
                    + "\(test.name); adapted with the first \(training.count) images of "
                    + "\(training.name); seed \(settings.seed).",
                "Momentum: running statistics that follow by a tenth of each batch's, which leaves "
                    + "\(Format.percent(statisticsLeft)) of the old ones; adapted: the mean over all batches; fine-tuned: γ and β "
                    + "from there.",
                "x: σ(g)/g of read noise, G_on/G_off, or rows and columns of a tile. Fresh: new in "
                    + "every read; frozen: one draw, fixed at programming.",
                savings(figures),
                "PC2: after programming, one read, where wires resist one product; with drift times "
                    + "(T/1 s)^ν.",
            ])
    }

    private func savings(_ figures: [String: Sample]) -> String {
        guard let savings = figures[Self.savingsName]?.values else { return "" }
        return "Training γ and β alone saves \(Format.percent(savings[0])) of the energy of a step "
            + "that trains all weights and \(Format.percent(savings[1])) of its memory, on RRAM; "
            + "the paper: about 8 % and 95 % (VGG-16), 52 % (ResNet-18)."
    }

    public func plots(_ figures: [String: Sample]) -> [ResultPlot] {
        let rows = rows(figures)
        return settings.parts.flatMap { part in
            let mine = rows.filter { $0.condition.part == part }
            let series = mine.map(\.condition.series).reduce(into: [String]()) {
                if !$0.contains($1) { $0.append($1) }
            }
            return series.enumerated().compactMap { number, title in
                plot(mine.filter { $0.condition.series == title }, part, number, title)
            }
        }
    }

    /// `nil`: a single place.
    private func plot(
        _ rows: [Row], _ part: Part, _ number: Int, _ title: String
    ) -> ResultPlot? {
        guard Set(rows.map(\.x)).count > 1 else { return nil }
        let curves = Self.arms.enumerated().map { arm, name in
            (name: name, points: rows.map { (x: $0.x, sample: $0.accuracies[arm]) })
        }
        return ResultPlot(
            name: "\(part.rawValue)-\(number + 1)", title: "\(trained.network.name): \(title)",
            xLabel: part.axis, isLogarithmic: part != .noise, curves)
    }

    private static func short(_ value: Double) -> String {
        value >= 1e4
            ? Format.scientific(value)
            : value >= 1 || value == 0
                ? Format.decimal(value, 0) : Format.decimal(value, 2)
    }
}
