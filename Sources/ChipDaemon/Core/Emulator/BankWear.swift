import Physics

/// The wear of each analog bank from the pulses that its cells have seen (physics §5).
enum BankWear {
    static func of(_ state: ChipState, _ spec: ChipSpec, serial: UInt32) -> [ChipHealth.Bank] {
        spec.banks.indices.filter { !spec.banks[$0].isDigital }.map { index in
            let bank = spec.banks[index]
            let first = spec.firstTile(bank: index)
            let records = state.tiles[first ..< first + bank.tiles].compactMap { $0 }
            return wear(of: bank, records, spec, serial: serial)
        }
    }

    private static func wear(
        of bank: BankSpec, _ records: [TileRecord], _ spec: ChipSpec, serial: UInt32
    ) -> ChipHealth.Bank {
        let technology = bank.technology
        let endurance = technology.endurance
        let worst = records.reduce(UInt32(0)) { max($0, $1.pulses.max() ?? 0) }
        let median = median(of: records, fresh: (bank.tiles - records.count) * bank.cellsPerTile)
        var wear = ChipHealth.Bank(name: bank.name)
        let fresh = technology.window.onOffRatio
        wear.onOffRatioMedian = endurance.onOffRatio(fresh: fresh, pulses: Double(median))
        wear.onOffRatioWorst = endurance.onOffRatio(fresh: fresh, pulses: Double(worst))
        guard endurance.limitsLife else { return wear }
        wear.lifeUsedMedian = Double(median) / endurance.lifetimeScale
        wear.lifeUsedWorst = Double(worst) / endurance.lifetimeScale
        for record in records where Double(record.pulses.max() ?? 0) > endurance.surePulses {
            let lives = CellLives(
                serial: serial, technology: technology,
                firstCell: spec.firstCell(ofTile: record.tile), count: bank.cellsPerTile)
            for (cell, seen) in record.pulses.enumerated()
            where lives.isStuck(cell: cell, seen: seen) {
                if lives.failsOn(cell: cell) { wear.stuckOn += 1 } else { wear.stuckOff += 1 }
            }
        }
        return wear
    }

    /// The lower median of the pulses of all cells, of which `fresh` have seen none.
    private static func median(of records: [TileRecord], fresh: Int) -> UInt32 {
        let cells = fresh + records.reduce(0) { $0 + $1.pulses.count }
        let rank = (cells - 1) / 2
        // Bit by bit from the top: how many cells have seen less than the number that is tried.
        var median: UInt32 = 0
        for bit in stride(from: 31, through: 0, by: -1) {
            let tried = median | 1 << UInt32(bit)
            let below =
                fresh
                + records.reduce(0) { $0 + $1.pulses.count { $0 < tried } }
            if below <= rank { median = tried }
        }
        return median
    }
}
