import Physics

extension Worker {
    /// The faults of the chip once a command is carried out.
    func faults(adding command: FaultCommand, limits: ChipLimits) throws(ChipFault)
        -> (faults: [Int: FaultRecord], added: Int)
    {
        if case .adcOffset = command.kind, spec.converters.adcBits == nil {
            throw ChipFault(
                .failedPrecondition, .field, .afterFix,
                "kind is ADC_OFFSET; the chip's ADC is ideal and has no offset")
        }
        let population = FaultPopulation(
            command.kind, tiles: try tiles(of: command), spec: spec)
        let broken = population.broken(state.faults)
        var elements: [Int]
        switch command.amount {
        case .count(let count):
            let sound = population.count - broken.count
            guard count <= sound else {
                throw .field("count", "\(count)", allowed: "0 … \(sound), which are sound there")
            }
            try check(count, limits)
            elements = FaultPopulation.elements(
                at: FaultDraws(seed: command.seed).distinct(count, of: sound), skipping: broken)
        case .probability(let probability):
            elements = FaultDraws(seed: command.seed).each(
                probability: probability, of: population.count, max: limits.cellsPerChange)
            try check(elements.count, limits)
            let known = Set(broken)
            elements.removeAll { known.contains($0) }
        }
        var faults = state.faults
        population.enter(elements, in: &faults)
        return (faults, elements.count)
    }

    private func check(_ count: Int, _ limits: ChipLimits) throws(ChipFault) {
        guard count <= limits.cellsPerChange else {
            throw ChipFault(
                .outOfRange, .limit, .afterFix,
                "more than \(limits.cellsPerChange) faults at once; break fewer, or fewer tiles")
        }
    }

    private func tiles(of command: FaultCommand) throws(ChipFault) -> [Int] {
        var range = 0 ..< spec.tiles
        if !command.bank.isEmpty {
            let bank = try self.bank(named: command.bank)
            guard !spec.banks[bank].isDigital else {
                throw .field(
                    "bank", "\"\(command.bank)\", whose cells are digital", allowed: "analog banks")
            }
            let first = spec.firstTile(bank: bank)
            range = first ..< first + spec.banks[bank].tiles
        }
        if command.tiles.isEmpty {
            return range.filter { !spec.banks[spec.bank(ofTile: $0)].isDigital }
        }
        for tile in command.tiles {
            _ = try analogBank(ofTile: tile)
            guard range.contains(tile) else {
                throw .field(
                    "tile", "\(tile)",
                    allowed: "\(range.lowerBound) … \(range.upperBound - 1) of bank "
                        + command.bank)
            }
        }
        guard Set(command.tiles).count == command.tiles.count else {
            throw .field("tiles", "a list with repeats", allowed: "each tile once")
        }
        return command.tiles.sorted()
    }

    /// The lives of a tile's cells, where those that a fault holds end with the first pulse.
    mutating func livesWithFaults(
        of record: TileRecord, after pulses: Int, bank: BankSpec
    ) -> CellLives? {
        let natural = lives(of: record, after: pulses, bank: bank)
        guard let faults = state.faults[record.tile],
            !(faults.stuckOn.isEmpty && faults.stuckOff.isEmpty)
        else { return natural }
        let cells = natural ?? CellLives(endless: record.pulses.count, bank.technology)
        return cells.breaking(on: faults.stuckOn, off: faults.stuckOff)
    }
}

extension FaultRecord {
    var deadLines: DeadLines {
        DeadLines(rows: deadWordLines.map { Int($0) }, columns: deadBitLines.map { Int($0) })
    }

    /// What the faults make of the conductances of the whole tile, µS.
    func apply(to conductances: inout [Float], bank: BankSpec) {
        for cell in stuckOn { conductances[Int(cell)] = Float(bank.window.on.microsiemens) }
        for cell in stuckOff { conductances[Int(cell)] = Float(bank.window.off.microsiemens) }
        deadLines.silence(&conductances, width: bank.bitLines)
    }
}

/// How the faults of a tile stand in the way of a command that programs it.
struct ProgrammingFaults: Sendable {
    /// Stuck cells: their pulses count, but what is beneath stays.
    var held: Set<Int32> = []
    /// Cells on a dead line: no pulse reaches them.
    var unreached: Set<Int32> = []

    init() {}

    init(_ record: FaultRecord?, bank: BankSpec) {
        guard let record else { return }
        held = Set((record.stuckOn + record.stuckOff).map { Int32($0) })
        for row in record.deadWordLines {
            for column in 0 ..< bank.bitLines {
                unreached.insert(Int32(Int(row) * bank.bitLines + column))
            }
        }
        for column in record.deadBitLines {
            for row in 0 ..< bank.rows {
                unreached.insert(Int32(row * bank.bitLines + Int(column)))
            }
        }
    }
}
