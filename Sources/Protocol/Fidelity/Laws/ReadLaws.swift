internal import Foundation

/// One read of a cell has the noise σ(g) = a·g + b.
struct ReadNoiseLaw: Law {
    let name = "read-noise"
    let number = "N-1"
    private static let pairs = 8

    func check(_ bench: Bench, _ record: inout Record) throws {
        let cell = bench.technology
        let tile = try bench.freshTile()
        try bench.program(tile, bench.targetsOfAllLevels)
        let conductances = try bench.read(tile)
        var squares = [Double](repeating: 0, count: conductances.count)
        for _ in 0 ..< Self.pairs {
            let (first, second) = (
                try bench.read(tile, repeats: 1), try bench.read(tile, repeats: 1)
            )
            for index in squares.indices {
                squares[index] += pow(first[index] - second[index], 2) / 2
            }
        }
        var curve = Chart.Curve(name: bench.label)
        for level in 0 ..< cell.levels {
            let cells = Array(stride(from: level, to: squares.count, by: cell.levels))
            let samples = cells.count * Self.pairs
            let measured = (cells.map { squares[$0] }.reduce(0, +) / Double(samples)).squareRoot()
            let law = cells.map { pow(cell.noise(conductances[$0]), 2) }.mean.squareRoot()
            // σ differs from cell to cell: the squares of the larger ones weigh more.
            let fourth = cells.map { pow(cell.noise(conductances[$0]), 4) }.mean
            let bound = Bound.deviation(samples) * fourth.squareRoot() / (law * law)
            let mean = cells.map { conductances[$0] }.mean
            curve.law.append((mean / cell.onMicrosiemens, law / cell.onMicrosiemens))
            curve.measured.append((mean / cell.onMicrosiemens, measured / cell.onMicrosiemens))
            if [0, cell.levels / 2, cell.levels - 1].contains(level) {
                record.note(
                    self, "σ(g) at level \(level)", on: bench, expected: law, measured: measured,
                    bound: bound * law, .statistical, unit: "µS", samples: samples,
                    source: "a·g + b; Bhattacharjee et al. 2023, Table 1")
            }
        }
        record.draw(
            curve,
            in: Chart(
                title: "Noise of one read", xLabel: "conductance / G_on",
                yLabel: "σ(g) / G_on"))
    }
}

/// The mean of R reads has the noise σ(g)/√R.
struct RepeatedReadLaw: Law {
    let name = "repeated-reads"
    let number = "N-2"

    func check(_ bench: Bench, _ record: inout Record) throws {
        let cell = bench.technology
        let tile = try bench.freshTile()
        try bench.program(tile, [Double](repeating: cell.onMicrosiemens, count: bench.cells))
        let conductances = try bench.read(tile)
        var curve = Chart.Curve(name: bench.label)
        for repeats in [1, 4, 16, 64, 256, 1024] {
            let first = try bench.read(tile, repeats: repeats)
            let second = try bench.read(tile, repeats: repeats)
            // Each difference in units of its own law.
            let scaled = conductances.indices.map {
                (first[$0] - second[$0]) / cell.noise(conductances[$0])
            }
            let measured = (scaled.map { $0 * $0 }.mean / 2).squareRoot()
            let law = 1 / Double(repeats).squareRoot()
            curve.law.append((Double(repeats), law))
            curve.measured.append((Double(repeats), measured))
            if [16, 256].contains(repeats) {
                record.note(
                    self, "noise of the mean of \(repeats) reads, over σ(g)", on: bench,
                    expected: law, measured: measured, bound: law * Bound.deviation(scaled.count),
                    .statistical, samples: scaled.count, source: "1/√R")
            }
        }
        record.draw(
            curve,
            in: Chart(
                title: "Noise of the mean of R reads", xLabel: "reads R", yLabel: "noise / σ(g)",
                xIsLogarithmic: true, yIsLogarithmic: true))
    }
}
