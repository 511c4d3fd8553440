internal import ChipClient
internal import Protocol

/// With priorities and a budget, the first cells are verified, the others written open loop, and
/// the budget is kept.
struct SelectionLaw: Law {
    let name = "selective-write-verify"
    let number = "P-2"

    func check(_ bench: Bench, _ record: inout Record) throws {
        let tile = try bench.freshTile()
        var generator = SeededGenerator(seed: 13)
        let priority = (0 ..< bench.cells).map { _ in Float.random(in: 0 ... 1, using: &generator) }
        var options = ProgramOptions()
        options.method = .writeVerify
        options.all = true
        options.cellStatus = true
        options.priority = priority
        // One pulse a cell, and enough for a third of them to be verified.
        options.budgetPulses = UInt64(bench.cells * 4)
        let outcome = try bench.chip.program(
            tile: tile, conductances: bench.targetsOfAllLevels.map(Float.init),
            region: bench.wholeTile, options: options)
        let statuses = (outcome.cellStatus ?? []).map { Int($0) }
        let written = WireCellStatus.cellWritten.rawValue
        let behind = zip(statuses, priority).filter { $0.0 == written }.map(\.1).max() ?? 0
        let outOfOrder = zip(statuses, priority).filter { $0.0 != written && $0.1 < behind }
        let attempted = statuses.count {
            $0 != written && $0 != WireCellStatus.cellSkipped.rawValue
        }
        record.note(
            self, "share of cells that were verified or given up", on: bench, expected: 0.5,
            measured: Double(attempted) / Double(bench.cells), bound: 0.4, .exact,
            samples: bench.cells, source: "a budget for about a third of them")
        record.note(
            self, "cells with a status", on: bench, expected: Double(bench.cells),
            measured: Double(statuses.count), bound: 0, .exact, samples: bench.cells,
            source: "firmware-specs/wire.md, program")
        record.note(
            self, "cells verified before one that is more important", on: bench, expected: 0,
            measured: Double(outOfOrder.count), bound: 0, .exact, samples: bench.cells,
            source: "firmware-specs/wire.md, program")
        // It ends when the rest would not carry another cell to its pulse limit.
        let limit = Double(bench.bank.verifyPulsesMax)
        record.note(
            self, "pulses, of a budget of \(options.budgetPulses)", on: bench,
            expected: Double(options.budgetPulses) - limit / 2,
            measured: Double(outcome.cost.pulses), bound: limit / 2, .exact,
            samples: bench.cells, source: "within one cell's pulse limit of the budget")
    }
}
