/// Cells by the programming pulses they have seen: 0, 1, 2–3, 4–7, … in powers of two.
enum CycleHistogram {
    static func bins(_ state: ChipState, _ spec: ChipSpec) -> [ChipHealth.Bin] {
        var counts = [UInt64](repeating: 0, count: 33)
        for (tile, record) in state.tiles.enumerated() {
            guard let record else {
                counts[0] += UInt64(spec.banks[spec.bank(ofTile: tile)].cellsPerTile)
                continue
            }
            for pulses in record.pulses {
                counts[32 - pulses.leadingZeroBitCount] += 1
            }
        }
        let last = counts.lastIndex { $0 > 0 } ?? 0
        return counts[...last].enumerated().map { bin, cells in
            ChipHealth.Bin(
                pulsesMin: bin == 0 ? 0 : 1 << UInt64(bin - 1),
                pulsesMax: bin == 0 ? 0 : (1 << UInt64(bin)) - 1, cells: cells)
        }
    }
}
