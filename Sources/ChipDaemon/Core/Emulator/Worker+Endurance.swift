import Physics

extension Worker {
    /// The lives of a tile's cells, where one of them may be over after `pulses` more.
    mutating func lives(
        of record: TileRecord, after pulses: Int, bank: BankSpec
    ) -> CellLives? {
        let endurance = bank.technology.endurance
        guard !bank.isDigital, endurance.limitsLife else { return nil }
        let most = Double(record.pulses.max() ?? 0) + Double(pulses)
        guard most > endurance.surePulses else { return nil }
        if let known = lives[record.tile] { return known }
        let drawn = CellLives(
            serial: fabrication.serial, technology: bank.technology,
            firstCell: spec.firstCell(ofTile: record.tile), count: bank.cellsPerTile)
        lives[record.tile] = drawn
        return drawn
    }

    /// Cells of a job whose life ended while it was carried out.
    mutating func newlyStuck(_ job: TileJob, _ after: TileRecord) -> Int {
        guard let lives = lives(of: after, after: 0, bank: job.bank) else { return 0 }
        return job.cells.count { cell in
            lives.isStuck(cell: Int(cell), seen: after.pulses[Int(cell)])
                && !lives.isStuck(cell: Int(cell), seen: job.record.pulses[Int(cell)])
        }
    }

    /// A stuck cell does not drift, and holds its end of the window also where a fault kept its
    /// last pulses from being stored.
    mutating func restoreStuck(_ aged: inout [Float], of record: TileRecord, bank: BankSpec) {
        guard let lives = lives(of: record, after: 0, bank: bank) else { return }
        for cell in aged.indices {
            if let stuck = lives.stuck(cell: cell, seen: record.pulses[cell]) { aged[cell] = stuck }
        }
    }

    /// Most pulses that one train may have played one by one, over all its cells: a minute of
    /// work (chosen).
    private static let playedPulsesMax = 1 << 32

    /// A train of pulses on a region of a tile (physics §4).
    mutating func pulse(
        _ command: PulseCommand, on next: inout ChipState, recording changes: inout StoreChanges,
        at time: ChipInstant, limits: ChipLimits
    ) throws(ChipFault) -> Done {
        try next.checkPower()
        let bank = try analogBank(ofTile: command.tile)
        let region = try command.region.resolved(rows: bank.rows, columns: bank.columns)
        guard region.count <= limits.cellsPerChange else {
            throw ChipFault(
                .outOfRange, .limit, .afterFix,
                "the region has \(region.count) cells; allowed: \(limits.cellsPerChange)")
        }
        let train = PulseTrain(
            technology: bank.technology, direction: command.direction, pulses: command.pulses,
            step: command.step)
        guard region.count * train.playedPulses <= Self.playedPulsesMax else {
            throw ChipFault(
                .outOfRange, .limit, .afterFix,
                "\(train.playedPulses) pulses of \(region.count) cells have to be computed one by "
                    + "one; allowed: \(Self.playedPulsesMax) in all. Use a larger step or a "
                    + "smaller region")
        }
        var record = self.record(ofTile: command.tile, in: next)
        let faults = ProgrammingFaults(next.faults[command.tile], bank: bank)
        let cells = (region.row ..< region.row + region.rows).flatMap { row in
            (region.column ..< region.column + region.columns).map {
                Int32(row * bank.columns + $0)
            }
        }.filter { !faults.unreached.contains($0) }
        var now = agedConductances(ofTile: command.tile, in: next, at: time)
        train.play(
            cells: cells, conductances: &now, pulses: &record.pulses,
            lives: livesWithFaults(of: record, after: command.pulses, bank: bank),
            draws: EventDraws(serial: serial, event: next.counters.changeEventNext),
            firstCell: spec.firstCell(ofTile: command.tile))
        next.counters.changeEventNext += UInt64(train.events)
        let index = record.index(of: time)
        for cell in cells where !faults.held.contains(cell) {
            record.conductances[Int(cell)] = now[Int(cell)]
            record.instants[Int(cell)] = index
        }
        next.replace(record)
        changes.tiles = [record]
        Self.forgetCodes(ofTile: command.tile, region, bank, in: &next, recording: &changes)
        return Done(
            result: .pulsed(cells: region.count),
            cost: CostModel(spec, bank).programming(
                pulses: region.count * command.pulses, verifyReads: 0))
    }
}
