package import Physics

/// The cells of one tile that a command writes. A value in, a value out: jobs of one command run
/// on any threads in any order.
package struct TileJob: Sendable {
    package var tile: Int
    package var bank: BankSpec
    package var cells: [Int32] = []
    /// µS; the level itself for a digital bank.
    package var targets: [Float] = []
    /// For each cell, its entry in the command's status plane.
    package var statusIndices: [Int32] = []
    /// The tile before the command.
    package var record: TileRecord
    /// g(t) now, µS.
    package var aged: [Float] = []
    /// `nil`: no cell can reach the end of its life in this command.
    package var lives: CellLives?
    var faults = ProgrammingFaults()

    package struct Outcome: Sendable {
        package var record: TileRecord
        package var outcomes: [CellOutcome]
        package var pulses: [UInt32]
        package var verifyReads = 0
    }

    package func run(
        method: ProgramCommand.Method, chip: Worker, draws: EventDraws, at time: ChipInstant,
        work: WorkContext
    ) -> Outcome {
        if work.stop != nil {
            return Outcome(
                record: record, outcomes: Array(repeating: .notAttempted, count: cells.count),
                pulses: Array(repeating: 0, count: cells.count))
        }
        if bank.isDigital { return store(at: time) }
        if !faults.unreached.isEmpty {
            return runReached(method: method, chip: chip, draws: draws, at: time, work: work)
        }
        let deviations = chip.deviations(ofTile: tile, bank)
        let firstCell = chip.spec.firstCell(ofTile: tile)
        switch method {
        case .openLoop:
            var record = record
            OpenLoopProgramming(technology: bank.technology, variation: chip.spec.variation)
                .write(
                    cells: cells, targets: targets, deviations: deviations,
                    conductances: &record.conductances, pulses: &record.pulses, lives: lives,
                    draws: draws, firstCell: firstCell)
            let index = record.index(of: time)
            for cell in cells {
                if faults.held.contains(cell) {
                    record.conductances[Int(cell)] = self.record.conductances[Int(cell)]
                } else {
                    record.instants[Int(cell)] = index
                }
            }
            return Outcome(
                record: record, outcomes: Array(repeating: .written, count: cells.count),
                pulses: Array(repeating: 1, count: cells.count))
        case .writeVerify(let verification):
            return verify(
                bank.technology.writeVerify.with(verification), chip: chip, deviations: deviations,
                draws: draws,
                firstCell: firstCell, at: time, work: work)
        }
    }

    private func verify(
        _ parameters: WriteVerifyParameters, chip: Worker, deviations: [Float], draws: EventDraws,
        firstCell: UInt64, at time: ChipInstant, work: WorkContext
    ) -> Outcome {
        var record = record
        var now = aged
        let result = WriteVerify(
            technology: bank.technology, variation: chip.spec.variation, parameters: parameters
        ).program(
            cells: cells, targets: targets, deviations: deviations, conductances: &now,
            pulses: &record.pulses, lives: lives, draws: draws, firstCell: firstCell,
            shouldStop: { work.stop != nil })
        // A cell that needed no pulse keeps its cause: conductance and instant.
        if result.pulses.contains(where: { $0 > 0 }) {
            let index = record.index(of: time)
            for (cell, pulses) in zip(cells, result.pulses)
            where pulses > 0 && !faults.held.contains(cell) {
                record.conductances[Int(cell)] = now[Int(cell)]
                record.instants[Int(cell)] = index
            }
        }
        return Outcome(
            record: record, outcomes: result.outcomes, pulses: result.pulses,
            verifyReads: result.verifyReads)
    }

    private func store(at time: ChipInstant) -> Outcome {
        var record = record
        let index = record.index(of: time)
        for (cell, target) in zip(cells, targets) {
            record.conductances[Int(cell)] = target
            record.instants[Int(cell)] = index
            let seen = record.pulses[Int(cell)]
            record.pulses[Int(cell)] = seen == .max ? seen : seen + 1
        }
        return Outcome(
            record: record, outcomes: Array(repeating: .verified, count: cells.count),
            pulses: Array(repeating: 1, count: cells.count))
    }
}

extension TileJob {
    /// The cells that pulses reach. Those on a dead line see none: an open-loop write spends its
    /// pulse all the same, write-verify gives up after one verification.
    private func runReached(
        method: ProgramCommand.Method, chip: Worker, draws: EventDraws, at time: ChipInstant,
        work: WorkContext
    ) -> Outcome {
        let reached = cells.indices.filter { !faults.unreached.contains(cells[$0]) }
        var merged = MergedOutcome(self)
        for entry in cells.indices where faults.unreached.contains(cells[entry]) {
            switch method {
            case .openLoop:
                merged.outcome.outcomes[entry] = .written
                merged.outcome.pulses[entry] = 1
            case .writeVerify:
                merged.outcome.outcomes[entry] = .permanentFailure
                merged.outcome.verifyReads += bank.technology.writeVerify.verifyReads
            }
        }
        guard !reached.isEmpty else { return merged.outcome }
        var part = part(reached, record: record)
        part.faults.unreached = []
        merged.take(
            part.run(method: method, chip: chip, draws: draws, at: time, work: work), at: reached)
        return merged.outcome
    }

    /// Some of its cells, on the tile as the parts before left it.
    func part(_ entries: [Int], record: TileRecord) -> TileJob {
        var part = self
        part.cells = entries.map { cells[$0] }
        part.targets = entries.map { targets[$0] }
        part.statusIndices = entries.map { statusIndices[$0] }
        part.record = record
        return part
    }
}

/// What became of a job that is carried out in parts.
struct MergedOutcome {
    var outcome: TileJob.Outcome

    init(_ job: TileJob) {
        outcome = TileJob.Outcome(
            record: job.record,
            outcomes: Array(repeating: .notAttempted, count: job.cells.count),
            pulses: Array(repeating: 0, count: job.cells.count))
    }

    mutating func take(_ part: TileJob.Outcome, at entries: [Int]) {
        outcome.record = part.record
        outcome.verifyReads += part.verifyReads
        for (index, entry) in entries.enumerated() {
            outcome.outcomes[entry] = part.outcomes[index]
            outcome.pulses[entry] = part.pulses[index]
        }
    }
}

extension WriteVerifyParameters {
    /// What a command asks for in place of the technology's values.
    package func with(_ verification: ProgramCommand.Verification) -> WriteVerifyParameters {
        var parameters = self
        if verification.tolerance > 0 { parameters.tolerance = verification.tolerance }
        if verification.pulsesMax > 0 { parameters.pulsesMax = verification.pulsesMax }
        parameters.confirmingReads = verification.confirmingReads
        return parameters
    }
}
