internal import Foundation
internal import Protocol

/// On a worn window the levels of an open-loop write shrink towards G_on.
struct WornLevelLaw: Law {
    let name = "worn-levels"
    let number = "L-2"
    let needsFreshCells = true

    func check(_ bench: Bench, _ record: inout Record) throws {
        let cell = bench.technology
        let tile = try bench.freshTile()
        let pulses = 3 * cell.windowPulses
        try bench.pulse(tile, .alternating, pulses: pulses, step: 0.1)
        try bench.program(tile, bench.targetsOfAllLevels)
        let read = try bench.read(tile)
        let off = cell.onMicrosiemens / cell.ratio(pulses: pulses)
        for level in [0, cell.levels / 2] {
            let target =
                off + (cell.level(level) - cell.offMicrosiemens) * (cell.onMicrosiemens - off)
                / cell.span
            let law = clippedNormal(target, cell.programmingSpread * cell.onMicrosiemens)
            let values = stride(from: level, to: read.count, by: cell.levels).map { read[$0] }
            record.note(
                self, "mean of level \(level) after N = \(Page.number(pulses)), open loop",
                on: bench, expected: law.mean, measured: values.mean,
                bound: Bound.normal() * law.deviation / Double(values.count).squareRoot(),
                .statistical, unit: "µS", samples: values.count,
                source: "G_off(N) + (g_t − G_off)(G_on − G_off(N))/(G_on − G_off), clipped at 0")
        }
    }
}

/// Write-verify reaches level 0 while 1/r(N) ≤ 1/r₀ + tol, and says "window closed" beyond, but for
/// the luck of its noisy reads.
///
/// A cell at G_off(N), z deviations of a verification above the band, is found in band by one of k
/// reads with probability S = 1 − (1 − Φ(−z))^k. Of the cells whose life is over those that are OFF
/// stand at the fresh level 0 and the others are ON: none says "window closed".
struct ClosedWindowLaw: Law {
    let name = "closed-window"
    let number = "P-2, L-1"
    let needsFreshCells = true
    private static let rows = 32
    /// One before each of 100 pulses, and one after the last.
    private static let reads = 101.0

    func check(_ bench: Bench, _ record: inout Record) throws {
        let cell = bench.technology
        // At the edge of the band; where half are still found in it; where next to none are.
        let places = [0, 2.467, 4.5].map { (z: $0, pulses: Self.pulses(cell, z: $0)) }
        guard let most = places.last?.pulses, cell.dead(pulses: most) < 0.5 else {
            throw NotAvailable(
                why: "level 0 leaves the band at N = \(Page.number(places[0].pulses)); before it "
                    + "shows in noisy reads, at \(Page.number(places[2].pulses)), most cells are "
                    + "dead")
        }
        let tile = try bench.freshTile()
        let count = Self.rows * bench.columns
        for (index, place) in places.enumerated() {
            let region = WireRegion.rectangle(
                row: index * Self.rows, column: 0, rows: Self.rows, columns: bench.columns)
            try bench.pulse(
                tile, .alternating, pulses: place.pulses - 200, step: 0.1, region: region)
            // To G_off(N): farther away write-verify writes open loop, whose spread may pass it.
            try bench.pulse(tile, .reset, pulses: 200, step: 0.1, region: region)
            let result = try bench.program(
                tile, [Double](repeating: cell.offMicrosiemens, count: count), region: region,
                .writeVerify)
            let missed = pow(1 - erfc(place.z / 2.squareRoot()) / 2, Self.reads)
            let law = (1 - cell.dead(pulses: place.pulses)) * missed
            record.note(
                self, "share of level 0 \"window closed\" at N = \(Page.number(place.pulses))",
                on: bench, expected: law, measured: Double(result.windowClosed) / Double(count),
                bound: Bound.share(law, among: count), .statistical, samples: count,
                source: "1/r(N) = 1/r₀ + tol + \(Page.number(place.z))·σ(g)/(√R·G_on), binomial")
        }
    }

    /// N at which G_off(N) lies z deviations of a verification above the band.
    private static func pulses(_ cell: Technology, z: Double) -> Double {
        let root = cell.verifyReads.squareRoot()
        let edge = 1 / cell.ratio + cell.verifyTolerance
        let constant = cell.noiseConstant / cell.onMicrosiemens
        let inverse = (edge + z * constant / root) / (1 - z * cell.noiseRelative / root)
        return cell.pulses(ratio: 1 / inverse).rounded()
    }
}
