internal import Foundation
internal import Protocol

/// The window closes as r(N) says: as `health` tells of the cells that are worn most.
struct WindowLaw: Law {
    let name = "window"
    let number = "L-1"

    func check(_ bench: Bench, _ record: inout Record) throws {
        guard bench.isFresh else {
            throw NotAvailable(why: "the chip was worn before, by how much no command tells")
        }
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

/// Write-verify reaches level 0 as long as 1/r(N) ≤ 1/r₀ + tol, and says "window closed" after.
struct ClosedWindowLaw: Law {
    let name = "closed-window"
    let number = "L-2"
    private static let rows = 32

    func check(_ bench: Bench, _ record: inout Record) throws {
        let cell = bench.technology
        let edge = 1 / cell.ratio + cell.verifyTolerance
        // Above: so far from the band that no noise of the verification reaches into it.
        let noise =
            cell.noise((edge + 0.05) * cell.onMicrosiemens) / cell.onMicrosiemens
            / cell.verifyReads.squareRoot()
        let below = cell.pulses(ratio: 1 / (1 / cell.ratio + cell.verifyTolerance / 2))
        let above = cell.pulses(ratio: 1 / (edge + 0.01 + 8 * noise))
        guard above < cell.life else {
            throw NotAvailable(
                why:
                    "write-verify tells it from noise at N = \(Page.number(above)) (level 0 leaves "
                    + "the band at \(Page.number(cell.pulses(ratio: 1 / edge)))); most cells are "
                    + "dead by then")
        }
        let tile = try bench.freshTile()
        let source = "1/r(N) against 1/r₀ + tol, N = \(Page.number(cell.pulses(ratio: 1 / edge)))"
        for (first, pulses) in [(0, below), (Self.rows, above)] {
            let region = WireRegion.rectangle(
                row: first, column: 0, rows: Self.rows, columns: bench.columns)
            let count = Self.rows * bench.columns
            try bench.pulse(tile, .alternating, pulses: pulses, step: 0.1, region: region)
            // To G_off(N): farther away write-verify writes open loop, whose spread may pass it.
            try bench.pulse(tile, .reset, pulses: 200, step: 0.1, region: region)
            let result = try bench.program(
                tile, [Double](repeating: cell.offMicrosiemens, count: count), region: region,
                .writeVerify)
            // A cell that died OFF stands at the fresh level 0.
            let dead = cell.dead(pulses: pulses)
            let isBelow = pulses == below
            let expected = isBelow ? 1 - dead * cell.stuckOnShare : 1 - dead
            record.note(
                self,
                "share of level 0 \(isBelow ? "verified" : "window closed") at "
                    + "N = \(Page.number(pulses))",
                on: bench, expected: expected,
                measured: Double(isBelow ? result.verified : result.windowClosed) / Double(count),
                bound: Bound.share(expected, among: count), .statistical, samples: count,
                source: source)
        }
    }
}

/// Cells die as (L-3) says, ON with probability p_on.
struct LifeLaw: Law {
    let name = "lives"
    let number = "L-3"

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
