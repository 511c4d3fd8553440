import Physics
import Synchronization

extension Worker {
    /// Most pulses that one train may have played one by one, over all its cells: two minutes of
    /// work (chosen; a pulse in a closing window takes 0.1 µs).
    private static let playedPulsesMax = 1 << 30
    /// Cells of one part of a train (chosen: some milliseconds between two looks at the clock).
    private static let cellsPerPart = 1024

    /// A train of pulses on a region of a tile (P-4). One that is ended early leaves whole
    /// parts of the region done, the others as they were.
    mutating func pulse(
        _ command: PulseCommand, on next: inout ChipState, recording changes: inout StoreChanges,
        at time: ChipInstant, limits: ChipLimits, work: WorkContext
    ) throws(ChipFault) -> Done {
        try next.checkPower()
        let bank = try analogBank(ofTile: command.tile)
        let region = try command.region.resolved(rows: bank.rows, columns: bank.bitLines)
        let train = PulseTrain(
            technology: bank.technology, direction: command.direction, pulses: command.pulses,
            step: command.step)
        try checkSize(train, region, limits)
        var record = self.record(ofTile: command.tile, in: next)
        let faults = ProgrammingFaults(next.faults[command.tile], bank: bank)
        let cells = (region.row ..< region.row + region.rows).flatMap { row in
            (region.column ..< region.column + region.columns).map {
                Int32(row * bank.bitLines + $0)
            }
        }.filter { !faults.unreached.contains($0) }
        let draws = EventDraws(serial: serial, event: next.counters.changeEventNext)
        next.counters.changeEventNext += UInt64(train.events)
        let done = play(
            train, cells, record, now: agedConductances(ofTile: command.tile, in: next, at: time),
            lives: livesWithFaults(of: record, after: command.pulses, bank: bank), draws: draws,
            work: work)

        let index = record.index(of: time)
        var count = 0
        for part in done {
            for (cell, conductance, pulses) in part {
                record.pulses[cell] = pulses
                guard !faults.held.contains(Int32(cell)) else { continue }
                record.conductances[cell] = conductance
                record.instants[cell] = index
            }
            count += part.count
        }
        let fault = count < cells.count ? work.stop : nil
        if let fault, count == 0 { throw fault }
        next.replace(record)
        changes.tiles = [record]
        Self.forgetCodes(ofTile: command.tile, region, bank, in: &next, recording: &changes)
        return Done(
            result: .pulsed(cells: count),
            cost: CostModel(spec, bank).programming(
                pulses: count * command.pulses, verifyReads: 0),
            fault: fault)
    }

    private func checkSize(_ train: PulseTrain, _ region: Region, _ limits: ChipLimits)
        throws(ChipFault)
    {
        guard region.count <= limits.cellsPerChange else {
            throw ChipFault(
                .outOfRange, .limit, .afterFix,
                "the region has \(region.count) cells; allowed: \(limits.cellsPerChange)")
        }
        guard region.count * train.playedPulses <= Self.playedPulsesMax else {
            throw ChipFault(
                .outOfRange, .limit, .afterFix,
                "\(train.playedPulses) pulses of \(region.count) cells have to be computed one by "
                    + "one; allowed: \(Self.playedPulsesMax) in all. Use a larger step or a "
                    + "smaller region")
        }
    }

    /// Cell, conductance and pulses seen, for each part that was played to its end.
    private func play(
        _ train: PulseTrain, _ cells: [Int32], _ record: TileRecord, now: [Float],
        lives: CellLives?, draws: EventDraws, work: WorkContext
    ) -> [[(cell: Int, conductance: Float, pulses: UInt32)]] {
        let parts = (cells.count + Self.cellsPerPart - 1) / Self.cellsPerPart
        let results = Mutex<[[(cell: Int, conductance: Float, pulses: UInt32)]]>(
            Array(repeating: [], count: parts))
        let firstCell = spec.firstCell(ofTile: record.tile)
        work.split(parts) { part in
            let range =
                part * Self.cellsPerPart ..< min((part + 1) * Self.cellsPerPart, cells.count)
            let mine = Array(cells[range])
            var conductances = now
            var pulses = record.pulses
            let isDone = train.play(
                cells: mine, conductances: &conductances, pulses: &pulses, lives: lives,
                draws: draws, firstCell: firstCell, shouldStop: { work.stop != nil })
            guard isDone else { return }
            let result = mine.map { cell in
                (cell: Int(cell), conductance: conductances[Int(cell)], pulses: pulses[Int(cell)])
            }
            results.withLock { $0[part] = result }
        }
        return results.withLock { $0 }
    }
}
