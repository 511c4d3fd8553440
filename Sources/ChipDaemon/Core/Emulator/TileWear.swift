import Physics

/// What the pulses of a tile's cells come to.
struct TileWear: Sendable {
    /// Cells that have seen 0, 1, 2–3, 4–7, … pulses.
    var cycles = [UInt64](repeating: 0, count: 33)
    var pulsesMax: UInt32 = 0
    var stuckOn: UInt64 = 0
    var stuckOff: UInt64 = 0

    init(_ record: TileRecord, _ spec: ChipSpec, fabricatedAs serial: UInt32) {
        for pulses in record.pulses {
            cycles[Self.bin(pulses)] += 1
            pulsesMax = max(pulsesMax, pulses)
        }
        let bank = spec.banks[spec.bank(ofTile: record.tile)]
        guard !bank.isDigital, Double(pulsesMax) > bank.technology.endurance.surePulses else {
            return
        }
        let lives = CellLives(
            serial: serial, technology: bank.technology,
            firstCell: spec.firstCell(ofTile: record.tile), count: bank.cellsPerTile)
        for (cell, seen) in record.pulses.enumerated() where lives.isStuck(cell: cell, seen: seen) {
            if lives.failsOn(cell: cell) { stuckOn += 1 } else { stuckOff += 1 }
        }
    }

    /// A tile that was never programmed.
    init(cells: Int) { cycles[0] = UInt64(cells) }

    static func bin(_ pulses: UInt32) -> Int { 32 - pulses.leadingZeroBitCount }

    static func pulses(ofBin bin: Int) -> ClosedRange<UInt64> {
        bin == 0 ? 0 ... 0 : 1 << UInt64(bin - 1) ... (1 << UInt64(bin)) - 1
    }
}

/// The wear of every tile, worked out once for each change of a tile: `health` is asked on a
/// thread that others wait for.
struct WearCache: Sendable {
    private var known: [Int: (digest: [UInt8], wear: TileWear)] = [:]

    mutating func wear(_ state: ChipState, _ spec: ChipSpec, fabricatedAs serial: UInt32)
        -> [TileWear]
    {
        state.tiles.indices.map { tile in
            guard let record = state.tiles[tile], let digest = state.tileDigests[tile] else {
                return TileWear(cells: spec.banks[spec.bank(ofTile: tile)].cellsPerTile)
            }
            if let known = known[tile], known.digest == digest { return known.wear }
            let wear = TileWear(record, spec, fabricatedAs: serial)
            known[tile] = (digest, wear)
            return wear
        }
    }
}
