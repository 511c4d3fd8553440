/// The data sheet says what was published.
struct DataSheetLaw: Law {
    let name = "data-sheet"
    let number = "C-1"

    func check(_ bench: Bench, _ record: inout Record) throws {
        let (cell, bank) = (bench.technology, bench.bank)
        let figures = [
            ("G_on", cell.onMicrosiemens, bank.onConductanceUs, "µS"),
            ("G_off", cell.offMicrosiemens, bank.offConductanceUs, "µS"),
            ("drift coefficient", cell.drift, bank.driftCoefficient, ""),
            ("read noise, relative", cell.noiseRelative, bank.readNoiseRelative, ""),
            ("read noise, constant", cell.noiseConstant, bank.readNoiseConstantUs, "µS"),
            ("open-loop spread", cell.programmingSpread, bank.programmingSpread, ""),
        ]
        for (figure, expected, measured, unit) in figures {
            record.note(
                self, "\(figure) as announced", on: bench, expected: expected, measured: measured,
                bound: 1e-6 * expected, .tolerance, unit: unit, samples: 1,
                source: "Bhattacharjee et al. 2023, Table 1; σ_p: Qin et al. 2024, §4.1")
        }
    }
}

/// Each level lies where (C-2) puts it: the mean of cells written open loop, of which those below
/// zero are clipped.
struct LevelLaw: Law {
    let name = "levels"
    let number = "C-2"

    func check(_ bench: Bench, _ record: inout Record) throws {
        let cell = bench.technology
        let tile = try bench.freshTile()
        try bench.program(tile, bench.targetsOfAllLevels)
        let read = try bench.read(tile)
        var curve = Chart.Curve(name: bench.label)
        var worst = (level: 0, expected: 0.0, measured: 0.0, bound: 1.0)
        for level in 0 ..< cell.levels {
            let target = cell.level(level)
            let law = clippedNormal(target, cell.programmingSpread * cell.onMicrosiemens)
            let values = stride(from: level, to: read.count, by: cell.levels).map { read[$0] }
            let bound =
                Bound.normal(among: cell.levels) * law.deviation
                / Double(values.count).squareRoot()
            if abs(values.mean - law.mean) / bound
                > abs(worst.measured - worst.expected) / worst.bound
            {
                worst = (level, law.mean, values.mean, bound)
            }
            let share = Double(level) / Double(cell.levels - 1)
            curve.law.append((share, law.mean / cell.onMicrosiemens))
            curve.measured.append((share, values.mean / cell.onMicrosiemens))
        }
        record.note(
            self, "mean of the farthest of \(cell.levels) levels (\(worst.level)), open loop",
            on: bench, expected: worst.expected, measured: worst.measured, bound: worst.bound,
            .statistical, unit: "µS", samples: read.count / cell.levels,
            source: "closed form: normal law clipped at 0 about (C-2)")
        record.draw(
            curve,
            in: Chart(
                title: "Levels, written open loop", xLabel: "level / (L − 1)",
                yLabel: "mean conductance / G_on"))
    }
}
