import Physics

extension ChipHealth {
    /// Cells of the chip by the pulses that they have seen.
    static func cycles(_ wear: [TileWear]) -> [Bin] {
        let counts = (0 ..< 33).map { bin in wear.reduce(0) { $0 + $1.cycles[bin] } }
        let last = counts.lastIndex { $0 > 0 } ?? 0
        return counts[...last].enumerated().map { bin, cells in
            let pulses = TileWear.pulses(ofBin: bin)
            return Bin(
                pulsesMin: pulses.lowerBound, pulsesMax: pulses.upperBound, cells: cells)
        }
    }

    /// The wear of each analog bank by the laws of its technology (L-1 … L-4).
    static func banks(_ wear: [TileWear], _ state: ChipState, _ spec: ChipSpec) -> [Bank] {
        spec.banks.indices.filter { !spec.banks[$0].isDigital }.map { index in
            let technology = spec.banks[index].technology
            let first = spec.firstTile(bank: index)
            let tiles = first ..< first + spec.banks[index].tiles
            let median = median(wear[tiles], state.tiles[tiles])
            let worst = wear[tiles].reduce(UInt32(0)) { max($0, $1.pulsesMax) }
            var bank = Bank(name: spec.banks[index].name)
            let ratio = { (pulses: UInt32) in
                technology.endurance.onOffRatio(
                    fresh: technology.window.onOffRatio, pulses: Double(pulses))
            }
            bank.onOffRatioMedian = ratio(median)
            bank.onOffRatioWorst = ratio(worst)
            bank.stuckOn = wear[tiles].reduce(0) { $0 + $1.stuckOn }
            bank.stuckOff = wear[tiles].reduce(0) { $0 + $1.stuckOff }
            guard technology.endurance.limitsLife else { return bank }
            bank.lifeUsedMedian = Double(median) / technology.endurance.lifetimeScale
            bank.lifeUsedWorst = Double(worst) / technology.endurance.lifetimeScale
            return bank
        }
    }

    /// The lower median of the pulses of all cells: first its bin, then the number in it, by
    /// halving.
    private static func median(
        _ wear: ArraySlice<TileWear>, _ records: ArraySlice<TileRecord?>
    ) -> UInt32 {
        let counts = (0 ..< 33).map { bin in wear.reduce(0) { $0 + $1.cycles[bin] } }
        let rank = (counts.reduce(0, +) - 1) / 2
        var below: UInt64 = 0
        var bin = 0
        while below + counts[bin] <= rank {
            below += counts[bin]
            bin += 1
        }
        let pulses = TileWear.pulses(ofBin: bin)
        var (least, most) = (UInt32(pulses.lowerBound), UInt32(pulses.upperBound))
        let worn = zip(wear, records).filter { $0.0.cycles[bin] > 0 }.compactMap(\.1)
        while least < most {
            let tried = least + (most - least) / 2
            let count = worn.reduce(0) { sum, record in
                sum + record.pulses.count { (UInt32(pulses.lowerBound) ... tried).contains($0) }
            }
            if below + UInt64(count) > rank { most = tried } else { least = tried + 1 }
        }
        return least
    }
}
