internal import Foundation

/// Conductances fall with the power law of age, each cell with a coefficient of its own.
struct DriftLaw: Law {
    let name = "drift"
    let number = "D-1"
    let needsSimulation = true
    private static let ages = [1e3, 1e6, 1e10]

    func check(_ bench: Bench, _ record: inout Record) throws {
        let cell = bench.technology
        let tile = try bench.freshTile()
        try bench.program(tile, [Double](repeating: cell.middle, count: bench.cells))
        let fresh = try bench.read(tile)
        var curve = Chart.Curve(name: bench.label)
        curve.law = (0 ... 10).map { (pow(10, Double($0)), pow(10, -cell.drift * Double($0))) }
        var age = 0.0
        var left: [Double] = []
        for next in Self.ages {
            try bench.chip.advanceClock(seconds: next - age)
            age = next
            left = zip(try bench.read(tile), fresh).map { $0 / $1 }
            let law = pow(age, -cell.drift)
            let spread = cell.driftSpread * log(age)
            // The median of n normal exponents lies within √(π/2)·σ/√n of theirs.
            let bound =
                Bound.normal() * (Double.pi / 2).squareRoot() * spread
                / Double(left.count).squareRoot()
            record.note(
                self, "median g(t)/g_p at \(Page.number(age)) s", on: bench, expected: law,
                measured: left.median, bound: law * bound, .statistical, samples: left.count,
                source: "(t/t₀)^−ν")
            curve.measured.append((age, left.median))
        }
        try noteCells(left, age, bench, &record)
        record.draw(
            curve,
            in: Chart(
                title: "Drift: median of g(t)/g_p", xLabel: "age (s)", yLabel: "g(t)/g_p",
                xIsLogarithmic: true))
    }

    /// Mean and spread over cells: g(t)/g_p is log-normal.
    private func noteCells(
        _ left: [Double], _ age: Double, _ bench: Bench, _ record: inout Record
    ) throws {
        let cell = bench.technology
        let variance = pow(cell.driftSpread * log(age), 2)
        let mean = pow(age, -cell.drift) * exp(variance / 2)
        let spread = (exp(variance) - 1).squareRoot()
        let kurtosis = exp(4 * variance) + 2 * exp(3 * variance) + 3 * exp(2 * variance) - 3
        let moments = Moments(left)
        let root = Double(left.count).squareRoot()
        record.note(
            self, "mean of g(t)/g_p at \(Page.number(age)) s", on: bench, number: "D-2",
            expected: mean, measured: moments.mean, bound: Bound.normal() * mean * spread / root,
            .statistical, samples: left.count, source: "mean of the log-normal law")
        record.note(
            self, "spread of cells over their mean at \(Page.number(age)) s", on: bench,
            number: "D-2", expected: spread, measured: moments.deviation / moments.mean,
            bound: Bound.normal() * spread * ((kurtosis - 1) / 4).squareRoot() / root,
            .statistical, samples: left.count, source: "spread of the log-normal law")
    }
}
