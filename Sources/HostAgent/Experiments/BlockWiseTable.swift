extension BlockWiseStudy {
    /// What all chips showed in a case.
    private struct Result {
        let each: Case
        let before: Sample
        let accuracies: [Sample]
        let zeroGradients: [Sample]
        let zeroChanges: [Sample]

        /// Of single blocks.
        var singles: ArraySlice<Sample> { accuracies.dropLast() }
    }

    private func result(_ each: Case, _ figures: [String: Sample]) -> Result? {
        guard let all = figures[each.name]?.values else { return nil }
        let chips = BlockWiseRun.Figures.all(all, of: each)
        func samples(_ value: (BlockWiseRun.Figures.Arm) -> Double) -> [Sample] {
            each.arms.indices.map { arm in Sample(chips.map { value($0.arms[arm]) }) }
        }
        return Result(
            each: each, before: Sample(chips.map(\.before)), accuracies: samples(\.accuracy),
            zeroGradients: samples(\.zeroGradients), zeroChanges: samples(\.zeroChanges))
    }

    public func table(_ figures: [String: Sample]) throws -> ResultTable {
        let results = cases.compactMap { result($0, figures) }
        return ResultTable(
            title: "Adaptation by blocks, WAGE of 8 bits",
            header: [
                "network", "cells", "shift", "loss", "adapted", "accuracy %", "± (95 %)",
                "zero gradients %", "zero steps %", "latency ms", "energy µJ", "dynamic %",
            ],
            rows: results.flatMap(rows) + networks.flatMap { costRows($0, figures) },
            notes: notes(results))
    }

    private func rows(_ result: Result) -> [[String]] {
        func percent(_ value: Double, _ digits: Int = 1) -> String {
            Format.decimal(value * 100, digits)
        }
        func row(_ adapted: String, _ accuracy: Sample, _ zeros: [Sample]) -> [String] {
            let each = result.each
            return [
                each.trained.network.name, each.placement.rawValue, each.shiftName,
                each.loss.rawValue, adapted, percent(accuracy.mean, 2),
                accuracy.confidence95.map { percent($0, 2) } ?? "",
            ] + (zeros.isEmpty ? ["", ""] : zeros.map { percent($0.mean) }) + ["", "", ""]
        }
        return [row("none", result.before, [])]
            + result.each.arms.indices.map { arm in
                row(
                    result.each.arms[arm].title, result.accuracies[arm],
                    [result.zeroGradients[arm], result.zeroChanges[arm]])
            }
    }

    private func costRows(_ trained: Checkpoint, _ figures: [String: Sample]) -> [[String]] {
        guard let values = figures[Self.costName(trained)]?.values else { return [] }
        let arms = arms(of: trained.network)
        let costs = BlockWiseCosts(values, arms: arms.count).costs
        return zip(Placement.allCases, costs).flatMap { placement, costs in
            zip(arms, costs).map { arm, cost in
                [
                    trained.network.name, placement.rawValue, "", "", arm.title, "", "", "", "",
                    Format.decimal(cost.latency * 1e-6, 3), Format.decimal(cost.energy * 1e-6, 1),
                    Format.decimal(cost.dynamicShare * 100, 1),
                ]
            }
        }
    }

    // MARK: - What it says

    private func notes(_ results: [Result]) -> [String] {
        let main = results.filter { $0.each.placement == .resistive && !$0.singles.isEmpty }
        func share(_ cases: [Bool]) -> String { "\(cases.count { $0 }) of \(cases.count)" }
        let best = main.map { result in
            (result.singles.map(\.mean).max() ?? 0) >= (result.accuracies.last?.mean ?? 0)
        }
        var notes = [
            "Mean over \(settings.chips) emulated chips, serials from 1, each with images to adapt "
                + "to, draws and cells of its own, on \(settings.images) images "
                + "(\(settings.heldOut ? "held-out training images" : "test images")); severity "
                + "\(ImageShift.severityUsual). \(settings.adaptationImages) images, batches of "
                + "\(settings.batch), \(settings.epochs) epochs, seed \(settings.seed).",
            "Chip: hybrid.yaml, read noise of \(Format.decimal(settings.readNoise, 3)) of the "
                + "conductance, write-verify after every step. Costs of a step of "
                + "\(settings.batch) images; hybrid: what learns lies in SRAM. Dynamic: the share "
                + "of the energy that is no writing.",
            "By means, without regard to their confidence: one block is at least as good as all "
                + "in \(share(best)) cases (published: more than 80 %).",
        ]
        let pairs = Dictionary(grouping: main) {
            "\($0.each.trained.network.name), \($0.each.shiftName)"
        }
        .values.compactMap { both -> Bool? in
            guard
                let without = both.first(where: { $0.each.loss == .entropy }),
                let with = both.first(where: { $0.each.loss == .squaredError })
            else { return nil }
            func top(_ result: Result) -> Double { result.singles.map(\.mean).max() ?? 0 }
            return top(without) >= top(with)
        }
        if !pairs.isEmpty {
            notes.append(
                "Without labels at least as good as with them, the best block of each: "
                    + "\(share(pairs)) shifts (published: more than half of the corruptions, below "
                    + "20 % of flipped labels).")
        }
        return notes
    }

    public func plots(_ figures: [String: Sample]) -> [ResultPlot] {
        networks.enumerated().flatMap { number, trained in
            settings.losses.compactMap { loss -> ResultPlot? in
                let results = cases.filter {
                    $0.trained.network.name == trained.network.name && $0.loss == loss
                        && $0.placement == .resistive
                }.compactMap { result($0, figures) }
                guard let first = results.first, first.singles.count > 1 else { return nil }
                return ResultPlot(
                    name: "accuracy-\(number + 1)-\(loss.rawValue)",
                    title: "\(trained.network.name), \(loss.rawValue)",
                    xLabel: "adapted block, of \(first.singles.count) from the front",
                    results.map { result in
                        (
                            name: result.each.shiftName,
                            points: result.singles.enumerated().map {
                                (x: Double($0.offset + 1), sample: $0.element)
                            }
                        )
                    })
            }
        }
    }
}
