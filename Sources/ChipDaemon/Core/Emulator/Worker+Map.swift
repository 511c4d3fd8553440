package import Physics

extension Worker {
    /// Takes tiles for a logical matrix. Conductances and wear of the tiles stay as they are.
    mutating func map(
        _ command: MapCommand, on next: inout ChipState, recording changes: inout StoreChanges,
        limits: ChipLimits
    ) throws(ChipFault) -> Done {
        try next.checkPower()
        guard next.matrices.count < limits.matrices else {
            throw ChipFault(
                .resourceExhausted, .limit, .afterFix,
                "\(next.matrices.count) matrices are mapped; allowed: \(limits.matrices)")
        }
        let bank = try self.bank(named: command.bank)
        guard !spec.banks[bank].isGTM else {
            throw .field(
                "bank", "\"\(command.bank)\", which is the chip's GTM",
                allowed: "a bank for matrices")
        }
        var description = try describe(command, bank: spec.banks[bank])
        let layout = MatrixLayout(description, bank: spec.banks[bank])
        let owners = next.owners
        description.tiles = try tiles(for: command, layout, bank: bank, owners: owners)
        description.id = next.counters.matrixNext
        next.counters.matrixNext += 1
        let count = command.rows * command.columns
        let record = MatrixRecord(
            description: description, codes: Array(repeating: 0, count: count),
            flags: Array(repeating: 0, count: count))
        next.matrices[description.id] = record
        changes.matrices = [record]
        return Done(result: .mapped(description))
    }

    private func describe(_ command: MapCommand, bank: BankSpec) throws(ChipFault)
        -> MatrixDescription
    {
        let bitsOfCell = bank.isDigital ? 1 : bank.technology.bitsPerCell
        guard (0 ... bitsOfCell).contains(command.cellBits) else {
            throw .field("cell_bits", "\(command.cellBits)", allowed: "0 … \(bitsOfCell)")
        }
        let bits = command.cellBits == 0 ? bitsOfCell : command.cellBits
        let most = WeightEncoding.bitsMax
        guard (1 ... most).contains(command.weightBits) else {
            throw .field("weight_bits", "\(command.weightBits)", allowed: "1 … \(most)")
        }
        let slices = (command.weightBits + bits - 1) / bits
        let isOffset = command.mapping == .offset
        let top = (1 << (bits * slices - (isOffset ? 1 : 0))) - 1
        guard (1 ... most).contains(bits * slices), top > 0 else {
            throw .field(
                "weight_bits", "\(command.weightBits)",
                allowed:
                    "1 … \(most) in whole slices of \(bits) bits, 2 or more with offset mapping")
        }
        guard (0 ... top).contains(command.codeMax) else {
            throw .field("code_max", "\(command.codeMax)", allowed: "0 … \(top)")
        }
        let sensing = command.sensing ?? (isOffset ? .singleEnded : .differentialAnalog)
        guard (sensing == .singleEnded) == isOffset else {
            throw .field(
                "sensing", "\(sensing)",
                allowed: isOffset
                    ? "singleEnded with offset mapping"
                    : "differentialAnalog or differentialDigital with differential mapping")
        }
        var description = MatrixDescription(
            id: 0, name: command.name, rows: command.rows, columns: command.columns,
            bank: bank.name, mapping: command.mapping, sensing: sensing, slices: slices,
            bitsPerSlice: bits, codeMax: command.codeMax == 0 ? top : command.codeMax,
            fullScaleMicroamperes: command.fullScaleMicroamperes, weightsProgrammed: 0,
            weightsUnverified: 0, tiles: [])
        if description.fullScaleMicroamperes == 0 {
            description.fullScaleMicroamperes = defaultFullScale(description, bank)
        }
        return description
    }

    /// FS = rows·V_read·(G_on − G_off) differential, rows·V_read·G_on else (M-3). A
    /// digital bank has no ADC; its full scale is without effect.
    private func defaultFullScale(_ matrix: MatrixDescription, _ bank: BankSpec) -> Double {
        let window = bank.window
        let off = matrix.mapping == .differential ? window.off.microsiemens : 0
        return Double(bank.rows) * spec.converters.readVoltage
            * (window.on.microsiemens - off)
    }

    private func tiles(
        for command: MapCommand, _ layout: MatrixLayout, bank: Int, owners: [Int: UInt32]
    ) throws(ChipFault) -> [Int] {
        let first = spec.firstTile(bank: bank)
        let range = first ..< first + spec.banks[bank].tiles
        if command.tiles.isEmpty {
            let free = range.filter { owners[$0] == nil }
            guard free.count >= layout.tilesNeeded else {
                throw ChipFault(
                    .resourceExhausted, .noFreeTiles, .afterFix,
                    "\(command.rows) × \(command.columns) weights need \(layout.tilesNeeded) "
                        + "tiles of bank \(spec.banks[bank].name); \(free.count) of "
                        + "\(range.count) are free")
            }
            return Array(free.prefix(layout.tilesNeeded))
        }
        guard command.tiles.count == layout.tilesNeeded else {
            throw .field(
                "tiles", "\(command.tiles.count) numbers", allowed: "\(layout.tilesNeeded)")
        }
        guard Set(command.tiles).count == command.tiles.count else {
            throw .field("tiles", "a list with repeats", allowed: "each tile once")
        }
        for tile in command.tiles {
            guard range.contains(tile) else {
                throw ChipFault(
                    .notFound, .noSuchTile, .afterFix,
                    "tile is \(tile); bank \(spec.banks[bank].name) has \(range.lowerBound) … "
                        + "\(range.upperBound - 1)")
            }
            if let owner = owners[tile] {
                throw ChipFault(
                    .resourceExhausted, .noFreeTiles, .afterFix,
                    "tile \(tile) belongs to matrix \(owner)")
            }
        }
        return command.tiles
    }

    mutating func unmap(
        _ id: UInt32, on next: inout ChipState, recording changes: inout StoreChanges
    ) throws(ChipFault) -> Done {
        try next.checkPower()
        let record = try next.matrix(id)
        next.matrices[id] = nil
        changes.matricesRemoved = [id]
        return Done(result: .unmapped(tilesFreed: record.description.tiles.count))
    }

    mutating func calibrate(
        _ id: UInt32, _ fullScale: Double, on next: inout ChipState,
        recording changes: inout StoreChanges
    ) throws(ChipFault) -> Done {
        try next.checkPower()
        var record = try next.matrix(id)
        record.description.fullScaleMicroamperes = fullScale
        let lsb = adc(for: record.description, fullScale: fullScale)?.lsbMicroamperes ?? 0
        next.matrices[id] = record
        changes.matrices = [record]
        return Done(
            result: .calibrated(fullScaleMicroamperes: fullScale, lsbMicroamperes: lsb))
    }

    /// Off: what is volatile is lost; conductances stay, and drift goes on.
    mutating func power(
        _ isOn: Bool, on next: inout ChipState, recording changes: inout StoreChanges,
        at time: ChipInstant
    ) -> Done {
        let loses = next.counters.isPowered && !isOn
        next.counters.isPowered = isOn
        guard loses else { return Done(result: .power(on: isOn, matricesLost: 0)) }
        for record in next.tiles.compactMap({ $0 })
        where spec.banks[spec.bank(ofTile: record.tile)].isDigital {
            var blank = record
            blank.conductances = Array(repeating: 0, count: record.conductances.count)
            next.replace(blank)
            changes.tiles.append(blank)
        }
        var lost = 0
        for var record in next.matrices.values where bank(of: record.description).isDigital {
            if record.description.weightsProgrammed > 0 { lost += 1 }
            record.flags = Array(repeating: 0, count: record.flags.count)
            record.recount()
            next.matrices[record.description.id] = record
            changes.matrices.append(record)
        }
        return Done(result: .power(on: isOn, matricesLost: lost))
    }
}

extension BankSpec {
    /// The window that levels are laid on. A digital cell stores its level itself: 0 or 1.
    package var window: ConductanceWindow {
        isDigital ? Self.digitalWindow : technology.window
    }

    private static let digitalWindow: ConductanceWindow = {
        do {
            return try ConductanceWindow(on: .microsiemens(1), onOffRatio: .infinity)
        } catch {
            preconditionFailure("the digital window is a constant: \(error)")
        }
    }()
}
