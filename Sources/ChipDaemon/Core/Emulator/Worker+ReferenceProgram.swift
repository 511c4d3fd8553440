import Physics

extension Worker {
    /// Writes the GTM, or the LTM columns of a matrix, open loop to one conductance (T-1 … T-6).
    mutating func programReference(
        _ command: ReferenceCommand, on next: inout ChipState,
        recording changes: inout StoreChanges, at time: ChipInstant, limits: ChipLimits,
        work: WorkContext
    ) throws(ChipFault) -> Done {
        try next.checkPower()
        let bank = try referenceBank(command.target, in: next)
        let microsiemens = try conductance(command.microsiemens, bank)
        var jobs = try jobs(command.target, bank, Float(microsiemens), in: next, limits)
        prepare(&jobs, pulsesMax: 1, in: next)
        let draws = EventDraws(serial: serial, event: next.counters.changeEventNext)
        next.counters.changeEventNext += UInt64(WriteVerify.eventsMax)
        let outcomes = run(jobs, .openLoop, draws, at: time, work: work)

        var tally = PulseTally()
        var report = ReferenceReport(
            cells: 0, notAttempted: 0, newlyStuck: 0, microsiemens: microsiemens)
        for (job, outcome) in zip(jobs, outcomes) {
            tally.add(outcome)
            let notAttempted = outcome.outcomes.count { $0 == .notAttempted }
            report.notAttempted += notAttempted
            report.cells += job.cells.count - notAttempted
            report.newlyStuck += newlyStuck(job, outcome.record)
            next.adopt(outcome, recording: &changes)
        }
        let fault = report.notAttempted > 0 ? work.stop : nil
        if let fault, tally.pulses == 0 { throw fault }
        note(report.notAttempted == 0 ? microsiemens : 0, command.target, in: &next, &changes)
        return Done(
            result: .referenceProgrammed(report),
            cost: CostModel(spec, bank).programming(pulses: tally.pulses, verifyReads: 0),
            fault: fault)
    }

    private func referenceBank(_ target: ReferenceCommand.Target, in state: ChipState)
        throws(ChipFault) -> BankSpec
    {
        guard case .ltm(let id) = target else { return try gtm().bank }
        let bank = self.bank(of: try state.matrix(id).description)
        guard bank.ltmColumns > 0 else {
            throw .field(
                "matrix", "\(id)",
                allowed: "matrices in banks with LTM columns; \(bank.name) has none")
        }
        return bank
    }

    private func conductance(_ asked: Double, _ bank: BankSpec) throws(ChipFault) -> Double {
        let (off, on) = (bank.window.off.microsiemens, bank.window.on.microsiemens)
        // A bound as a data sheet prints it, rounded, is that bound.
        let slack = 1e-9 * on
        guard asked == 0 || (off - slack ... on + slack).contains(asked) else {
            throw .field(
                "conductance_us", "\(asked)", allowed: "0, or \(Float(off)) … \(Float(on))")
        }
        return asked == 0 ? on : min(max(asked, off), on)
    }

    /// One job a tile. A tile is stored whole, whatever share of its cells is written.
    private func jobs(
        _ target: ReferenceCommand.Target, _ bank: BankSpec, _ microsiemens: Float,
        in state: ChipState, _ limits: ChipLimits
    ) throws(ChipFault) -> [TileJob] {
        let cells = try cells(target, bank, in: state)
        guard cells.count * bank.cellsPerTile <= limits.cellsPerChange else {
            throw ChipFault(
                .resourceExhausted, .limit, .afterFix,
                "the reference lies in \(cells.count) tiles of \(bank.cellsPerTile) cells; allowed "
                    + "in one command: \(limits.cellsPerChange) cells. Map the matrix in parts")
        }
        return cells.sorted { $0.key < $1.key }.map { tile, cells in
            var job = TileJob(tile: tile, bank: bank, record: record(ofTile: tile, in: state))
            job.cells = cells
            job.targets = Array(repeating: microsiemens, count: cells.count)
            job.statusIndices = Array(repeating: 0, count: cells.count)
            return job
        }
    }

    /// By tile.
    private func cells(_ target: ReferenceCommand.Target, _ bank: BankSpec, in state: ChipState)
        throws(ChipFault) -> [Int: [Int32]]
    {
        var cells: [Int: [Int32]] = [:]
        switch target {
        case .gtm:
            let gtm = try gtm()
            for block in gtm.blocks { cells[block.tile, default: []] += gtm.cells(block) }
        case .ltm(let id):
            let matrix = try state.matrix(id).description
            let layout = MatrixLayout(matrix, bank: bank)
            for (place, tile) in matrix.tiles.enumerated() {
                let rowBlock = place / layout.planes / layout.columnBlocks
                cells[tile] = (0 ..< layout.blockRows(rowBlock)).flatMap { row in
                    (bank.columns ..< bank.bitLines).map { Int32(row * bank.bitLines + $0) }
                }
            }
        }
        return cells
    }

    private func note(
        _ microsiemens: Double, _ target: ReferenceCommand.Target, in next: inout ChipState,
        _ changes: inout StoreChanges
    ) {
        switch target {
        case .gtm: next.counters.gtmMicrosiemens = microsiemens
        case .ltm(let id):
            guard var record = next.matrices[id] else {
                preconditionFailure("the matrix was planned for")
            }
            record.description.ltmMicrosiemens = microsiemens
            next.matrices[id] = record
            changes.matrices.append(record)
        }
    }
}

extension ChipState {
    /// Enters a tile that pulses went to; another one stays as it is, perhaps without a record.
    mutating func adopt(_ outcome: TileJob.Outcome, recording changes: inout StoreChanges) {
        guard outcome.pulses.contains(where: { $0 > 0 }) else { return }
        replace(outcome.record)
        changes.tiles.append(outcome.record)
    }
}
