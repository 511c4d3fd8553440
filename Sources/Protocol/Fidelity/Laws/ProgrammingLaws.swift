internal import Foundation
internal import Protocol

/// One pulse without looking lands with the spread σ_p·G_on.
struct OpenLoopLaw: Law {
    let name = "open-loop"
    let number = "P-1"

    func check(_ bench: Bench, _ record: inout Record) throws {
        let cell = bench.technology
        let tile = try bench.freshTile()
        try bench.program(tile, [Double](repeating: cell.middle, count: bench.cells))
        let moments = Moments(try bench.read(tile))
        let noise = cell.noise(cell.middle) / Double(Bench.many).squareRoot()
        let spread = hypot(cell.programmingSpread * cell.onMicrosiemens, noise)
        record.note(
            self, "spread σ_p, in the middle of the window", on: bench,
            expected: spread / cell.onMicrosiemens,
            measured: moments.deviation / cell.onMicrosiemens,
            bound: Bound.deviation(moments.count - 1) * spread / cell.onMicrosiemens,
            .statistical, unit: "G_on", samples: moments.count,
            source: "χ² bounds of σ_p; Qin et al. 2024, §4.1")
        record.note(
            self, "mean, in the middle of the window", on: bench, expected: cell.middle,
            measured: moments.mean,
            bound: Bound.normal() * spread / Double(moments.count).squareRoot(), .statistical,
            unit: "µS", samples: moments.count, source: "(C-2)")
    }
}

/// Write-verify, from an open-loop write to the same targets, over all levels together.
struct WriteVerifyLaw: Law {
    let name = "write-verify"
    let number = "P-2"
    private static let tiles = 2

    func check(_ bench: Bench, _ record: inout Record) throws {
        let cell = bench.technology
        try check(bench, &record, "write-verify", cell.verified, confirmingReads: 0)
        try check(bench, &record, "one confirming read", cell.confirmed, confirmingReads: 1)
    }

    private func check(
        _ bench: Bench, _ record: inout Record, _ what: String,
        _ figures: (spread: Double, pulses: Double), confirmingReads: UInt32
    ) throws {
        let cell = bench.technology
        let targets = bench.targetsOfAllLevels
        var errors: [Double] = []
        var noise = 0.0
        var pulses = 0.0
        var unverified = 0.0
        for _ in 0 ..< Self.tiles {
            let tile = try bench.freshTile()
            try bench.program(tile, targets)
            let result = try bench.program(
                tile, targets, .writeVerify, confirmingReads: confirmingReads)
            pulses += result.pulsesMean / Double(Self.tiles)
            unverified += Double(result.unverified)
            let read = try bench.read(tile)
            errors += zip(read, targets).map { ($0 - $1) / cell.onMicrosiemens }
            noise += read.map { pow(cell.noise($0) / cell.onMicrosiemens, 2) }.mean
        }
        // What is left of the noise of the many reads is no error of the cells.
        let left = noise / Double(Self.tiles * Bench.many)
        let spread = max(0, pow(Moments(errors).deviation, 2) - left).squareRoot()
        let source = "firmware-specs/device.md, figures; simulated by other programs"
        record.note(
            self, "spread after \(what)", on: bench, expected: figures.spread, measured: spread,
            bound: 0.02 * figures.spread, .tolerance, unit: "G_on", samples: errors.count,
            source: source)
        record.note(
            self, "mean pulses, \(what)", on: bench, expected: figures.pulses, measured: pulses,
            bound: 0.2, .tolerance, unit: "pulses", samples: errors.count, source: source)
        record.note(
            self, "share not verified, \(what)", on: bench, expected: 0,
            measured: unverified / Double(errors.count), bound: 1e-4, .tolerance,
            samples: errors.count, source: source)
        let bias = (0 ..< cell.levels).map { level in
            stride(from: level, to: errors.count, by: cell.levels).map { errors[$0] }.mean
        }
        record.note(
            self, "mean of the farthest level from (C-2), \(what)", on: bench, number: "C-2",
            expected: 0, measured: bias.max { abs($0) < abs($1) } ?? .nan,
            bound: cell.verifyTolerance, .tolerance, unit: "G_on",
            samples: errors.count / cell.levels, source: "the band of write-verify")
    }
}

/// Trains of pulses follow the closed form of soft bounds: u ← 1 − (1 − u)(1 − s)^n after SET,
/// u(1 − s)^n after RESET, u* = (1 − s)/(2 − s) after SET and RESET in turn.
struct TrainLaw: Law {
    let name = "trains"
    let number = "P-4"
    let needsFreshCells = true
    private static let pulses = 8.0
    private static let step = 0.05

    func check(_ bench: Bench, _ record: inout Record) throws {
        let cell = bench.technology
        let tile = try bench.freshTile()
        try bench.program(tile, [Double](repeating: cell.middle, count: bench.cells))
        var before = try bench.read(tile)
        var seen = 1.0
        let left = pow(1 - Self.step, Self.pulses)
        for (direction, law) in [
            (WirePulse.Direction.set, { 1 - (1 - $0) * left }),
            (.reset, { (u: Double) in u * left }),
        ] {
            try bench.pulse(tile, direction, pulses: Self.pulses, step: Self.step)
            seen += Self.pulses
            let after = try bench.read(tile)
            note(
                direction == .set ? "8 SET pulses of 0.05" : "8 RESET pulses of 0.05", bench,
                expected: before.map { law(position($0, cell, seen)) },
                measured: after.map { position($0, cell, seen) }, &record)
            before = after
        }
        try bench.pulse(tile, .alternating, pulses: 1_000, step: 0.1)
        seen += 1_000
        let settled = try bench.read(tile).map { position($0, cell, seen) }
        note(
            "1,000 alternating pulses of 0.1", bench,
            expected: [Double](repeating: 0.9 / 1.9, count: settled.count), measured: settled,
            &record)
    }

    /// u, in the window of a cell that has seen so many pulses.
    private func position(_ g: Double, _ cell: Technology, _ seen: Double) -> Double {
        let off = cell.onMicrosiemens / cell.ratio(pulses: seen)
        return (g - off) / (cell.onMicrosiemens - off)
    }

    private func note(
        _ figure: String, _ bench: Bench, expected: [Double], measured: [Double],
        _ record: inout Record
    ) {
        let errors = Moments(zip(measured, expected).map { $0 - $1 })
        record.note(
            self, "mean place in the window after \(figure)", on: bench, expected: expected.mean,
            measured: measured.mean, bound: Bound.normal() * errors.standardError, .statistical,
            unit: "window", samples: errors.count, source: "closed form of soft bounds (P-3)")
    }
}
