import Physics

extension Worker {
    /// What every cell of a tile conducts now, µS, row-major: g(t), or what its faults make of it.
    package mutating func agedConductances(
        ofTile tile: Int, in state: ChipState, at time: ChipInstant
    ) -> [Float] {
        var aged = soundConductances(ofTile: tile, in: state, at: time)
        state.faults[tile]?.apply(to: &aged, bank: spec.banks[spec.bank(ofTile: tile)])
        return aged
    }

    /// g(t) of every cell of a tile, µS, row-major (D-1).
    ///
    /// A cell never programmed holds G_off·(1 + ε_W) and does not drift; a digital cell holds its
    /// level.
    private mutating func soundConductances(
        ofTile tile: Int, in state: ChipState, at time: ChipInstant
    ) -> [Float] {
        let bank = spec.banks[spec.bank(ofTile: tile)]
        guard let record = state.tiles[tile] else { return virginConductances(ofTile: tile) }
        if bank.isDigital { return record.conductances }
        return conductances(of: record, agesSeconds: record.agesSeconds(at: time), bank: bank)
    }

    /// g of every cell of an analog tile with the ages of its programming instants given.
    mutating func conductances(of record: TileRecord, agesSeconds: [Double], bank: BankSpec)
        -> [Float]
    {
        let coefficients = driftCoefficients(ofTile: record.tile, bank)
        var aged = [Float](repeating: 0, count: record.conductances.count)
        bank.technology.drift.age(
            conductances: record.conductances, coefficients: coefficients,
            instants: record.instants, agesSeconds: agesSeconds, into: &aged)
        restoreStuck(&aged, of: record, bank: bank)
        return aged
    }

    /// How long conductances of these tiles taken now may be used before one of them is off by
    /// more than `relative`.
    ///
    /// Every programming instant counts: a cell below t₀ holds until t₀, one that has just passed
    /// it drifts fastest.
    func holdSeconds(
        ofTiles tiles: [Int], bank: BankSpec, at time: ChipInstant, relative: Double
    ) -> Double {
        tiles.compactMap { state.tiles[$0] }
            .flatMap { $0.agesSeconds(at: time).dropFirst() }
            .map {
                bank.technology.drift.holdSeconds(youngestAgeSeconds: $0, relative: relative)
            }
            .min() ?? .infinity
    }

    package mutating func driftCoefficients(ofTile tile: Int, _ bank: BankSpec) -> [Float] {
        if let known = coefficients[tile] { return known }
        let drawn = fabrication.driftCoefficients(
            bank.technology.drift, firstCell: spec.firstCell(ofTile: tile),
            count: bank.cellsPerTile)
        coefficients[tile] = drawn
        return drawn
    }

    package func deviations(ofTile tile: Int, _ bank: BankSpec) -> [Float] {
        fabrication.deviations(
            firstCell: spec.firstCell(ofTile: tile), count: bank.cellsPerTile)
    }

    /// The record of a tile, made as the factory left it where there is none.
    package func record(ofTile tile: Int, in state: ChipState) -> TileRecord {
        if let record = state.tiles[tile] { return record }
        let cells = spec.banks[spec.bank(ofTile: tile)].cellsPerTile
        return TileRecord(
            tile: tile, conductances: virginConductances(ofTile: tile),
            pulses: Array(repeating: 0, count: cells),
            instants: Array(repeating: 0, count: cells), programmingInstants: [.birth])
    }

    private func virginConductances(ofTile tile: Int) -> [Float] {
        let bank = spec.banks[spec.bank(ofTile: tile)]
        if bank.isDigital { return Array(repeating: 0, count: bank.cellsPerTile) }
        let off = Float(bank.window.off.microsiemens)
        let between = Float(fabrication.betweenChip)
        let isUnit = spec.variation.model == .likeReadNoise
        let spread =
            isUnit
            ? Float(bank.technology.readNoise.deviation(at: bank.window.off).microsiemens) : off
        return deviations(ofTile: tile, bank).map { deviation in
            max(0, off + spread * (isUnit ? deviation : deviation - between))
        }
    }
}

extension TileRecord {
    /// Age of each programming instant, seconds. Entry 0, birth, stands for cells never
    /// programmed, which do not drift: their age counts as 0.
    package func agesSeconds(at time: ChipInstant) -> [Double] {
        programmingInstants.enumerated().map {
            $0.offset == 0 ? 0 : time.seconds(since: $0.element)
        }
    }

    /// Longest table of instants before unused entries are dropped (chosen: 8 bytes each are an
    /// eighth of a byte a cell of a 128 × 128 tile, and the scan for unused ones is rare).
    private static let instantsMax = 256

    /// Index of `time` in the table of instants, which may grow by it.
    package mutating func index(of time: ChipInstant) -> UInt32 {
        if programmingInstants.count > 1, programmingInstants.last == time {
            return UInt32(programmingInstants.count - 1)
        }
        if programmingInstants.count >= Self.instantsMax { dropUnusedInstants() }
        programmingInstants.append(time)
        return UInt32(programmingInstants.count - 1)
    }

    private mutating func dropUnusedInstants() {
        var isUsed = [Bool](repeating: false, count: programmingInstants.count)
        isUsed[0] = true
        for index in instants { isUsed[Int(index)] = true }
        var renumbered = [UInt32](repeating: 0, count: programmingInstants.count)
        var kept: [ChipInstant] = []
        for (index, instant) in programmingInstants.enumerated() where isUsed[index] {
            renumbered[index] = UInt32(kept.count)
            kept.append(instant)
        }
        programmingInstants = kept
        instants = instants.map { renumbered[Int($0)] }
    }
}
