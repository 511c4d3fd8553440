extension TinySharedBlockTable {
    /// The accuracy of the backbone's integers at a stop.
    private func noiseFree(_ figures: [String: Sample], _ stop: Double) -> Double {
        guard let place = settings.stops.firstIndex(of: stop),
            let all = figures[Self.backboneName]?.values
        else { return 0 }
        return all[place]
    }

    private static let expectedName = "the same, not written"
    private var goal: Double { settings.stops.last ?? 1 }

    public func table(_ figures: [String: Sample]) throws -> ResultTable {
        let best = noiseFree(figures, goal)
        var rows: [[String]] = []
        func row(_ condition: Condition, _ arm: String, _ sample: Sample?) {
            guard let sample else { return }
            rows.append([
                condition.part, condition.valueText, arm,
                Format.decimal(sample.mean * 100, 2),
                sample.confidence95.map { Format.decimal($0 * 100, 2) } ?? "",
                Format.decimal((best - sample.mean) * 100, 2),
            ])
        }
        for condition in conditions {
            row(condition, "noise-free", Sample([noiseFree(figures, condition.stop)]))
            for (place, arm) in study.arms.enumerated() {
                row(
                    condition, arm.rawValue,
                    figures[condition.name]?.figure(place, of: study.arms.count + 2))
                if arm == .block {
                    row(
                        condition, Self.expectedName,
                        figures[condition.name]?.figure(study.arms.count, of: study.arms.count + 2))
                }
            }
        }
        for condition in ablations {
            row(
                condition, TinySharedBlockStudy.Arm.block.rawValue,
                figures[condition.name]?.figure(0, of: 3))
            row(condition, Self.expectedName, figures[condition.name]?.figure(1, of: 3))
        }
        return ResultTable(
            title: "\(settings.model), backbone open loop on 2-bit cells, tiny shared block",
            header: ["part", "value", "arm", "accuracy %", "± (95 %)", "gap to noise-free"],
            rows: rows, notes: try notes(figures))
    }

    private func notes(_ figures: [String: Sample]) throws -> [String] {
        var notes = [
            "Mean accuracy over \(settings.chips) emulated chips (rram-2b, serials from 1, without "
                + "drift), on \(study.testName). The gap is to the whole training's network in "
                + "8-bit integers, in points. Stops: σ = \(Format.decimal(settings.sigmas[0], 2)) "
                + "of G_on; the block's own parts: σ = "
                + "\(Format.decimal(settings.ablationSigma, 2)); seed \(settings.seed).",
            "Weights written to a chip that was deployed: \(try study.weightsWritten()).",
            "Everything but the backbone learned in \(settings.epochsBlock) passes; "
                + "\(settings.reads) reads averaged, the noise of one "
                + "\(Format.decimal(settings.readNoise, 2)) of the conductance. Not written: what "
                + "the block reaches by the weights read, before its own cells deviate. What "
                + "learned did so under noise of \(Format.decimal(TinySharedBlock().noise, 2)) of "
                + "its largest weight and was written by write-verify; open loop: under "
                + "\(Format.decimal(settings.noise, 2)), whatever σ.",
        ]
        notes += conditions.compactMap { gapRatios(figures, $0) }
        for stop in settings.stops {
            if let share = timeShare(figures, stop) {
                notes.append(
                    "Backbone stopped at \(Format.percent(stop)) and block: "
                        + "\(Format.percent(share)) of the backbone's whole training time.")
            }
        }
        return notes + costNotes(figures)
    }

    /// The other arms' gaps to the noise-free accuracy over the block's, of the chips' means.
    private func gapRatios(_ figures: [String: Sample], _ condition: Condition) -> String? {
        let best = noiseFree(figures, goal)
        let gaps = study.arms.enumerated().compactMap { place, arm in
            (figures[condition.name]?.figure(place, of: study.arms.count + 2)).map {
                (arm: arm, gap: best - $0.mean)
            }
        }
        guard let block = gaps.first(where: { $0.arm == .block })?.gap else { return nil }
        guard block > 0 else { return "\(condition.name): the block leaves no gap." }
        return "\(condition.name): gaps over the block's: "
            + gaps.filter { $0.arm != .block }.map {
                "\($0.arm.rawValue) \(Format.decimal($0.gap / block, 1))"
            }.joined(separator: ", ") + "."
    }

    private func timeShare(_ figures: [String: Sample], _ stop: Double) -> Double? {
        let count = settings.stops.count
        guard let backbone = figures[Self.backboneName]?.values, let whole = backbone.last,
            let place = settings.stops.firstIndex(of: stop),
            let condition = conditions.first(where: { $0.stop == stop }),
            let block = figures[condition.name]?.figure(
                study.arms.count + 1, of: study.arms.count + 2)
        else { return nil }
        return (backbone[count + place] + block.mean) / whole
    }

    private func costNotes(_ figures: [String: Sample]) -> [String] {
        guard let all = figures[Self.costsName]?.values else { return [] }
        let names = ["backbone alone"] + TinySharedBlock.Tiles.allCases.map { "\($0) tiles" }
        return names.enumerated().map { place, name in
            let figures = Array(all[4 * place ..< 4 * place + 4])
            return "An image, \(name): \(Format.energy(picojoules: figures[0])), "
                + "\(Format.latency(nanoseconds: figures[1])) matrix by matrix, one each "
                + "\(Format.latency(nanoseconds: figures[2])) in a pipeline; "
                + "\(Format.decimal(figures[3], 0)) tiles."
        }
    }

    public func plots(_ figures: [String: Sample]) -> [ResultPlot] {
        func plot(_ name: String, _ label: String, _ points: [(x: Double, Condition)])
            -> ResultPlot?
        {
            guard Set(points.map(\.x)).count > 1 else { return nil }
            return ResultPlot(
                name: name, title: "\(settings.model), tiny shared block: \(name)", xLabel: label,
                study.arms.enumerated().map { place, arm in
                    (
                        name: arm.rawValue,
                        points: points.sorted { $0.x < $1.x }.compactMap { x, condition in
                            (figures[condition.name]?.figure(place, of: study.arms.count + 2)).map {
                                (x: x, sample: $0)
                            }
                        }
                    )
                })
        }
        return [
            plot(
                "stops", "share of the backbone's training",
                conditions.filter { $0.part == "stop at" }.map { ($0.stop, $0) }),
            plot(
                "deviations", "σ of programming, relative to G_on",
                conditions.filter { $0.stop == goal }.map { ($0.sigma, $0) }),
        ].compactMap(\.self)
    }
}
