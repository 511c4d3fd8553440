internal import Foundation
internal import Protocol

/// The window closes as r(N) says: as `health` tells of the cells that are worn most.
struct WindowLaw: Law {
    let name = "window"
    let number = "L-1"
    let needsFreshCells = true

    func check(_ bench: Bench, _ record: inout Record) throws {
        let cell = bench.technology
        let tile = try bench.freshTile()
        let region = WireRegion.rectangle(row: 0, column: 0, rows: 1, columns: bench.columns)
        var curve = Chart.Curve(name: bench.label)
        var worst = (pulses: 0.0, expected: 0.0, measured: 0.0, distance: -1.0)
        var seen = 0.0
        for pulses in [0.3, 1, 3, 10, 100].map({ $0 * cell.windowPulses }) {
            try bench.pulse(tile, .alternating, pulses: pulses - seen, step: 0.1, region: region)
            seen = pulses
            guard
                let health = try bench.chip.health().banks.first(where: {
                    $0.bank == bench.bank.name
                })
            else { throw NotAvailable(why: "health says nothing of the bank") }
            let (expected, measured) = (cell.ratio(pulses: pulses), health.onOffRatioWorst)
            let distance = abs(measured / expected - 1)
            if !(distance <= worst.distance) { worst = (pulses, expected, measured, distance) }
            curve.law.append((pulses, expected / cell.ratio))
            curve.measured.append((pulses, measured / cell.ratio))
        }
        record.note(
            self, "r(N) in health, farthest of five N up to 100·N_c (\(Page.number(worst.pulses)))",
            on: bench, expected: worst.expected, measured: worst.measured,
            bound: 1e-3 * worst.expected, .tolerance, samples: bench.columns,
            source: "r₀(1 + N/N_c)^−β")
        record.draw(
            curve,
            in: Chart(
                title: "The window that is left", xLabel: "pulses N", yLabel: "r(N) / r₀",
                xIsLogarithmic: true))
    }
}

/// Cells die as (L-3) says, ON with probability p_on.
struct LifeLaw: Law {
    let name = "lives"
    let number = "L-3"
    let needsFreshCells = true

    func check(_ bench: Bench, _ record: inout Record) throws {
        let cell = bench.technology
        func stuck() throws -> (on: Double, off: Double) {
            guard
                let bank = try bench.chip.health().banks.first(where: {
                    $0.bank == bench.bank.name
                })
            else { throw NotAvailable(why: "health says nothing of the bank") }
            return (Double(bank.stuckOn), Double(bank.stuckOff))
        }
        let tile = try bench.freshTile()
        let before = try stuck()
        let pulses = cell.life / 2
        try bench.pulse(tile, .alternating, pulses: pulses, step: 0.1)
        let after = try stuck()
        let (on, off) = (after.on - before.on, after.off - before.off)
        let dead = cell.dead(pulses: pulses)
        record.note(
            self, "share of cells dead at N = λ/2", on: bench, expected: dead,
            measured: (on + off) / Double(bench.cells),
            bound: Bound.share(dead, among: bench.cells), .statistical, samples: bench.cells,
            source: "1 − exp(−(N/λ)^k), binomial")
        record.note(
            self, "share of the dead that is ON", on: bench, number: "L-4",
            expected: cell.stuckOnShare, measured: on / (on + off),
            bound: Bound.share(cell.stuckOnShare, among: max(1, Int(on + off))), .statistical,
            samples: Int(on + off), source: "p_on, binomial")
    }
}
