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
}
