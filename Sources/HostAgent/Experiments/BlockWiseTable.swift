extension BlockWiseStudy {
    /// What all chips showed in a case.
    private struct Result {
        let each: Case
        let before: Sample
        let accuracies: [Sample]
        let zeroGradients: [Sample]
        let zeroChanges: [Sample]
        let pulses: [Sample]

        /// Of single blocks.
        var singles: ArraySlice<Sample> { accuracies.dropLast() }
        /// The single block whose mean is best, and that mean.
        var best: (title: String, accuracy: Double) {
            zip(each.arms, singles.map(\.mean)).map { ($0.title, $1) }.max { $0.1 < $1.1 }
                ?? ("", 0)
        }
    }

    private func result(_ each: Case, _ figures: [String: Sample]) -> Result? {
        guard let all = figures[each.name]?.values else { return nil }
        let chips = BlockWiseRun.Figures.all(all, of: each)
        func samples(_ value: (BlockWiseRun.Figures.Arm) -> Double) -> [Sample] {
            each.arms.indices.map { arm in Sample(chips.map { value($0.arms[arm]) }) }
        }
        return Result(
            each: each, before: Sample(chips.map(\.before)), accuracies: samples(\.accuracy),
            zeroGradients: samples(\.zeroGradients), zeroChanges: samples(\.zeroChanges),
            pulses: samples(\.pulses))
    }

    public func table(_ figures: [String: Sample]) throws -> ResultTable {
        let results = cases.compactMap { result($0, figures) }
        return ResultTable(
            title: "Adaptation by blocks, WAGE of 8 bits",
            header: [
                "network", "cells", "shift", "loss", "adapted", "accuracy %", "± (95 %)",
                "zero gradients %", "zero steps %", "pulses 1e6", "latency ms", "energy µJ",
                "dynamic %",
            ],
            rows: results.flatMap(rows) + networks.flatMap { costRows($0, figures) },
            notes: notes(results))
    }

    private func rows(_ result: Result) -> [[String]] {
        func percent(_ value: Double, _ digits: Int = 1) -> String {
            Format.decimal(value * 100, digits)
        }
        func row(_ adapted: String, _ accuracy: Sample, _ arm: [String]) -> [String] {
            let each = result.each
            return [
                each.trained.network.name, each.cells, each.shiftName,
                each.loss.rawValue, adapted, percent(accuracy.mean, 2),
                accuracy.confidence95.map { percent($0, 2) } ?? "",
            ] + arm + ["", "", ""]
        }
        return [row("none", result.before, ["", "", ""])]
            + result.each.arms.indices.map { arm in
                row(
                    result.each.arms[arm].title, result.accuracies[arm],
                    [
                        percent(result.zeroGradients[arm].mean),
                        percent(result.zeroChanges[arm].mean),
                        Format.decimal(result.pulses[arm].mean * 1e-6, 2),
                    ])
            }
    }

    private func costRows(_ trained: Checkpoint, _ figures: [String: Sample]) -> [[String]] {
        guard let values = figures[Self.costName(trained)]?.values else { return [] }
        let arms = arms(of: trained.network)
        let costs = BlockWiseCosts(values, arms: arms.count).costs
        return zip(Placement.allCases, costs).flatMap { placement, costs in
            zip(arms, costs).map { arm, cost in
                [
                    trained.network.name, placement.rawValue, "", "", arm.title, "", "", "", "", "",
                    Format.decimal(cost.latency * 1e-6, 3), Format.decimal(cost.energy * 1e-6, 1),
                    Format.decimal(cost.dynamicShare * 100, 1),
                ]
            }
        }
    }

    // MARK: - What it says

    private func notes(_ results: [Result]) -> [String] {
        let main = results.filter {
            $0.each.placement == .resistive && $0.each.pulses == 0 && !$0.singles.isEmpty
        }
        func isFlip(_ result: Result) -> Bool { result.each.shift.flipsLabels }
        var notes = [
            "Mean over \(settings.chips) emulated chips, serials from 1, each with images to adapt "
                + "to, draws and cells of its own, on \(settings.images) images "
                + "(\(settings.heldOut ? "held-out training images" : "test images")); severity "
                + "\(ImageShift.severityUsual). \(settings.adaptationImages) images, batches of "
                + "\(settings.batch), \(settings.epochs) epochs, seed \(settings.seed).",
            "Chip: hybrid.yaml, read noise of \(Format.decimal(settings.readNoise, 3)) of the "
                + "conductance, write-verify after every step; cells worn by full SET and RESET "
                + "pulses in turn also open loop, without programming noise. Costs of a step of "
                + "\(settings.batch) images; hybrid: what learns lies in SRAM. Dynamic: the share "
                + "of the energy that is no writing. Pulses: of adapting, all cells together.",
            "What follows goes by means, without regard to their confidence; the best block is "
                + "the one that did best on the images it was tried on, which flatters it.",
        ]
        for (name, isOne) in [("corruptions", false), ("flipped labels", true)] {
            let cases = main.filter { isFlip($0) == isOne }
            guard !cases.isEmpty else { continue }
            notes.append(
                "\(name): one block is at least as good as all in "
                    + share(cases.map { $0.best.accuracy >= ($0.accuracies.last?.mean ?? 0) })
                    + " cases (published: more than 80 %). The best ones: "
                    + cases.map {
                        "\($0.each.trained.network.name), \($0.each.shiftName), "
                            + "\($0.each.loss.rawValue): \($0.best.title)"
                    }.joined(separator: "; ") + ".")
            let pairs = withoutLabels(cases)
            guard !pairs.isEmpty else { continue }
            notes.append(
                "\(name): without labels at least as good as with them, the best block of either, "
                    + "in \(share(pairs)) (published: "
                    + (isOne ? "below 20 %" : "more than half") + ").")
        }
        return notes
    }

    private func share(_ cases: [Bool]) -> String { "\(cases.count { $0 }) of \(cases.count)" }

    /// Of each network and shift that was tried with and without labels.
    private func withoutLabels(_ results: [Result]) -> [Bool] {
        results.filter { $0.each.loss == .entropy }.compactMap { without in
            results.filter {
                $0.each.loss != .entropy && $0.each.shiftName == without.each.shiftName
                    && $0.each.trained.network.name == without.each.trained.network.name
            }.map(\.best.accuracy).max().map { without.best.accuracy >= $0 }
        }
    }

    public func plots(_ figures: [String: Sample]) -> [ResultPlot] {
        blockPlots(figures) + wearPlots(figures)
    }

    private func wearPlots(_ figures: [String: Sample]) -> [ResultPlot] {
        guard Set(settings.pulses).count > 1, let network = networks.first?.network.name else {
            return []
        }
        return ProgramOptions.Method.allCases.compactMap { method in
            let results = cases.filter { $0.pulses > 0 && $0.method == method }
                .compactMap { result($0, figures) }
            guard let first = results.first else { return nil }
            func points(_ sample: (Result) -> Sample) -> [(x: Double, sample: Sample)] {
                results.map { (x: Double($0.each.pulses), sample: sample($0)) }
            }
            return ResultPlot(
                name: "wear-\(method.rawValue)",
                title: "\(network), \(first.each.shiftName), worn cells, \(method.rawValue)",
                xLabel: "pulses of each cell before", isLogarithmic: true,
                [(name: "as deployed", points: points(\.before))]
                    + first.each.arms.enumerated().map { number, arm in
                        (name: arm.title, points: points { $0.accuracies[number] })
                    })
        }
    }

    private func blockPlots(_ figures: [String: Sample]) -> [ResultPlot] {
        networks.enumerated().flatMap { number, trained in
            settings.losses.compactMap { loss -> ResultPlot? in
                let results = cases.filter {
                    $0.trained.network.name == trained.network.name && $0.loss == loss
                        && $0.placement == .resistive && $0.pulses == 0
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
