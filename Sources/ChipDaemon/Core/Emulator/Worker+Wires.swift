internal import Glibc
import Physics

extension Worker {
    /// The image of a block of one tile, or of a pair, in its wires.
    mutating func wiredImage(
        of tiles: [Int], rows: Int, columns: Range<Int>, bank: BankSpec, direction: ReadDirection,
        at time: ChipInstant
    ) -> ProductImage {
        let arrays = tiles.map { tile in
            wires(ofTile: tile, bank: bank, direction: direction, at: time)
                .array(rows: rows, columns: columns, bank: bank, direction: direction, at: time)
        }
        return ProductImage(arrays[0], minus: arrays.count == 2 ? arrays[1] : nil)
    }

    /// Solved anew where what is known does not cover the instant.
    private mutating func wires(
        ofTile tile: Int, bank: BankSpec, direction: ReadDirection, at time: ChipInstant
    ) -> TileWires {
        let key = WiresKey(tile: tile, direction: direction)
        if let known = wires[key], known.covers(time) { return known }
        let made =
            course(ofTile: tile, bank: bank, direction: direction, at: time)
            ?? TileWires(
                solve(
                    agedConductances(ofTile: tile, in: state, at: time), ofTile: tile, bank: bank,
                    direction: direction, withNoise: true),
                at: time,
                holdSeconds: holdSeconds(
                    ofTiles: [tile], bank: bank, at: time, relative: TileWires.holdErrorMax))
        wires[key] = made
        return made
    }

    /// `nil`: no cell drifts, or the youngest is below t₀.
    private mutating func course(
        ofTile tile: Int, bank: BankSpec, direction: ReadDirection, at time: ChipInstant
    ) -> TileWires? {
        guard let record = state.tiles[tile], record.programmingInstants.count > 1,
            let youngest = record.programmingInstants.last
        else { return nil }
        let age = time.seconds(since: youngest)
        let coefficientMax = Double(driftCoefficients(ofTile: tile, bank).max() ?? 0)
        guard coefficientMax > 0, age >= bank.technology.drift.referenceAgeSeconds else {
            return nil
        }
        let ages = record.agesSeconds(at: time)
        return TileWires(
            courseFrom: TileWires.logarithm(of: time, since: youngest), youngestSince: youngest,
            driftCoefficientMax: coefficientMax, hasNoise: bank.technology.readNoise != .none
        ) { x, withNoise in
            let later = exp(x) - age
            // Birth, entry 0, has no age.
            let agesThen = ages.enumerated().map { $0.offset == 0 ? 0 : $0.element + later }
            var then = conductances(of: record, agesSeconds: agesThen, bank: bank)
            state.faults[tile]?.apply(to: &then, bank: bank)
            return solve(
                then, ofTile: tile,
                bank: bank, direction: direction, withNoise: withNoise)
        }
    }

    private mutating func solve(
        _ conductances: [Float], ofTile tile: Int, bank: BankSpec, direction: ReadDirection,
        withNoise: Bool
    ) -> WireSolution {
        wireSolutions += 1
        return WireSolution(
            conductances, bank: bank, resistances: spec.wires, direction: direction,
            withNoise: withNoise, dead: deadLines(ofTile: tile))
    }
}
