import Physics

extension Worker {
    /// Writes the GTM, or the LTM columns of a matrix, open loop to one conductance (physics §10).
    mutating func programReference(
        _ command: ReferenceCommand, on next: inout ChipState,
        recording changes: inout StoreChanges,
        at time: ChipInstant, limits: ChipLimits, work: WorkContext
    ) throws(ChipFault) -> Done {
        try next.checkPower()
        var (bank, jobs) = try referenceJobs(command.target, in: next)
        let microsiemens = try conductance(command.microsiemens, bank)
        let cells = jobs.reduce(0) { $0 + $1.cells.count }
        guard cells <= limits.cellsPerChange else {
            throw ChipFault(
                .resourceExhausted, .limit, .afterFix,
                "the LTM columns have \(cells) cells; allowed in one command: "
                    + "\(limits.cellsPerChange). Map the matrix in parts")
        }
        for index in jobs.indices {
            jobs[index].targets = Array(
                repeating: Float(microsiemens), count: jobs[index].cells.count)
            jobs[index].statusIndices = Array(repeating: 0, count: jobs[index].cells.count)
        }
        prepare(&jobs, pulsesMax: 1, in: next)
        let draws = EventDraws(serial: serial, event: next.counters.changeEventNext)
        next.counters.changeEventNext += UInt64(WriteVerify.eventsMax)
        let outcomes = run(jobs, .openLoop, draws, at: time, work: work)

        var tally = PulseTally()
        var notAttempted = 0
        for outcome in outcomes {
            tally.add(outcome)
            notAttempted += outcome.outcomes.count { $0 == .notAttempted }
            next.replace(outcome.record)
            changes.tiles.append(outcome.record)
        }
        let fault = notAttempted > 0 ? work.stop : nil
        if let fault, tally.pulses == 0 { throw fault }
        note(notAttempted == 0 ? microsiemens : 0, command.target, in: &next, &changes)
        return Done(
            result: .referenceProgrammed(
                cells: cells - notAttempted, notAttempted: notAttempted,
                microsiemens: microsiemens),
            cost: CostModel(spec, bank).programming(pulses: tally.pulses, verifyReads: 0),
            fault: fault)
    }

    private func conductance(_ asked: Double, _ bank: BankSpec) throws(ChipFault) -> Double {
        let (off, on) = (bank.window.off.microsiemens, bank.window.on.microsiemens)
        guard asked == 0 || (off ... on).contains(asked) else {
            throw .field("conductance_us", "\(asked)", allowed: "0, or \(off) … \(on)")
        }
        return asked == 0 ? on : asked
    }

    /// The cells of a reference, without targets.
    private func referenceJobs(_ target: ReferenceCommand.Target, in state: ChipState)
        throws(ChipFault) -> (bank: BankSpec, jobs: [TileJob])
    {
        switch target {
        case .gtm:
            let gtm = try gtm()
            return (
                gtm.bank,
                gtm.columns.map { tile, columns in
                    job(
                        tile, gtm.bank,
                        columns.flatMap { column, rows in
                            (0 ..< rows).map { Int32($0 * gtm.bank.bitLines + column) }
                        }, in: state)
                }
            )
        case .ltm(let id):
            let matrix = try state.matrix(id).description
            let bank = self.bank(of: matrix)
            guard bank.ltmColumns > 0 else {
                throw .field(
                    "matrix", "\(id)",
                    allowed: "matrices in banks with LTM columns; \(bank.name) has none")
            }
            let layout = MatrixLayout(matrix, bank: bank)
            let jobs = matrix.tiles.enumerated().map { place, tile in
                let rowBlock = place / layout.planes / layout.columnBlocks
                return job(
                    tile, bank,
                    (0 ..< layout.blockRows(rowBlock)).flatMap { row in
                        (bank.columns ..< bank.bitLines).map { Int32(row * bank.bitLines + $0) }
                    }, in: state)
            }
            return (bank, jobs)
        }
    }

    private func job(_ tile: Int, _ bank: BankSpec, _ cells: [Int32], in state: ChipState)
        -> TileJob
    {
        var job = TileJob(tile: tile, bank: bank, record: record(ofTile: tile, in: state))
        job.cells = cells
        return job
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

/// Where the cells of the GTM lie.
struct GTMLayout {
    var bank: BankSpec
    /// By tile: its columns, and how many rows of each hold a cell.
    var columns: [(tile: Int, columns: [(column: Int, rows: Int)])]
}

extension Worker {
    private func gtm() throws(ChipFault) -> GTMLayout {
        guard let index = spec.gtm else {
            throw ChipFault(.notFound, .noSuchBank, .never, "the chip has no GTM")
        }
        let bank = spec.banks[index]
        let first = spec.firstTile(bank: index)
        let all = TuningColumns.columns(cells: bank.gtmCells, rows: bank.rows)
        return GTMLayout(
            bank: bank,
            columns: (0 ..< bank.tiles).map { tile in
                let mine = tile * bank.columns ..< min((tile + 1) * bank.columns, all)
                return (
                    first + tile,
                    mine.map { column in
                        (
                            column - mine.lowerBound,
                            min(bank.rows, bank.gtmCells - column * bank.rows)
                        )
                    }
                )
            })
    }

    /// The summed current of the GTM's cells: every column converted, the codes added up.
    mutating func readReference(repeats: Int, at time: ChipInstant) throws(ChipFault) -> SampleReply
    {
        precondition(repeats > 0)
        try state.checkPower()
        let gtm = try gtm()
        let microsiemens = state.counters.gtmMicrosiemens
        guard microsiemens > 0 else {
            throw ChipFault(
                .failedPrecondition, .notProgrammed, .afterFix,
                "the GTM was never programmed: use reference.program")
        }
        let draws = try nextSampleEvent()
        let bank = gtm.bank
        let adc = tuningADC(rows: bank.rows, microsiemens: microsiemens)
        var sum = ReferenceSum(
            microamperes: 0,
            nominalMicroamperes: TuningColumns.nominal(
                rows: bank.gtmCells, readVoltage: spec.converters.readVoltage,
                conductance: .microsiemens(microsiemens)),
            cells: bank.gtmCells, repeats: repeats, conversions: 0, clipped: 0)
        var total = 0.0
        var activity = ReferenceActivity()
        for (tile, columns) in gtm.columns {
            // The last column may hold fewer cells: its other rows are not driven.
            for rows in Set(columns.map(\.rows)).sorted(by: >) {
                let mine = columns.filter { $0.rows == rows }.map(\.column)
                guard let first = mine.first else { continue }
                let image = image(
                    of: [tile], rows: rows, columns: first ..< first + mine.count, bank: bank,
                    direction: .forward, at: time)
                total += convert(
                    image, tile: tile, columns: mine.count, repeats: repeats, adc: adc,
                    draws: draws, firstDraw: activity.nextDraw, &sum)
                activity.add(image, rows: rows, columns: mine.count, repeats: repeats)
            }
        }
        sum.microamperes = total / Double(repeats)
        return SampleReply(
            result: .reference(sum), chipTime: time,
            cost: CostModel(spec, bank).product(
                activity.product(spec, bank, conversions: sum.conversions, repeats: repeats)),
            warnings: [])
    }

    /// Σ of some columns over the repeats, µA.
    private func convert(
        _ image: TileImage, tile: Int, columns: Int, repeats: Int, adc: ADC?, draws: EventDraws,
        firstDraw: UInt64, _ sum: inout ReferenceSum
    ) -> Double {
        let dac = dac()
        let volts = Float(
            (1 + dac.error.gain) * dac.readVoltage + dac.error.offsetLSB * dac.lsbVolts)
        let voltages = [Float](repeating: volts, count: repeats * image.image.rows)
        let noise = spec.banks[spec.bank(ofTile: tile)].technology.readNoise
        let draws = noise == .none ? nil : draws
        var scratch = ProductScratch()
        return voltages.withUnsafeBufferPointer { voltages in
            guard let adc else {
                var currents = [Float](repeating: 0, count: repeats * columns)
                currents.withUnsafeMutableBufferPointer {
                    TileProduct.accumulate(
                        voltages: voltages, batch: repeats, image: image.image, transposed: false,
                        draws: draws, firstDraw: firstDraw, weight: 1, currents: $0,
                        scratch: &scratch)
                }
                return currents.reduce(0) { $0 + Double($1) }
            }
            var codes = [Int32](repeating: 0, count: repeats * columns)
            let offset = state.faults[tile]?.adcOffsetLSB ?? 0
            sum.conversions += codes.count
            sum.clipped += codes.withUnsafeMutableBufferPointer {
                TileProduct.accumulate(
                    voltages: voltages, batch: repeats, image: image.image, transposed: false,
                    draws: draws, firstDraw: firstDraw, adc: adc.shifted(byLSB: offset),
                    weight: 1, codes: $0, scratch: &scratch)
            }
            return codes.reduce(0) { $0 + Double($1) } * adc.lsbMicroamperes
        }
    }
}

/// What a read of the GTM does, counted for its cost: its tiles work in parallel, a column of
/// fewer cells in a step of its own.
private struct ReferenceActivity {
    private var drivenLines = 0
    private var conductance = 0.0
    private var applications = 0
    private(set) var nextDraw: UInt64 = 0

    mutating func add(_ image: TileImage, rows: Int, columns: Int, repeats: Int) {
        drivenLines += rows * repeats
        conductance += image.rowSums.reduce(0) { $0 + Double($1) } * Double(repeats)
        applications += 1
        // A block of four draws is never shared.
        nextDraw += UInt64((repeats * columns + 3) / 4 * 4)
    }

    func product(_ spec: ChipSpec, _ bank: BankSpec, conversions: Int, repeats: Int)
        -> ProductActivity
    {
        let volts = spec.converters.readVoltage
        return ProductActivity(
            steps: repeats * (applications - bank.tiles + 1), tiles: bank.tiles,
            inputLinesPerTile: bank.rows, outputLinesPerTile: bank.bitLines,
            drivenLines: drivenLines, conversions: conversions,
            adcBits: spec.converters.adcBits, bytes: 8 * repeats,
            currentSquares: volts * volts * conductance)
    }
}
