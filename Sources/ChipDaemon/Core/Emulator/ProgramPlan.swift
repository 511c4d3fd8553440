import Physics

/// What a `program` command writes, worked out before anything physical happens.
struct ProgramPlan {
    var bank: BankSpec
    var region: Region
    var jobs: [TileJob] = []
    var report = ProgramReport()

    func cost(_ spec: ChipSpec, _ tally: PulseTally) -> Cost {
        CostModel(spec, bank).programming(pulses: tally.pulses, verifyReads: tally.verifyReads)
    }

    /// Enters in the matrices which weights now hold which code.
    ///
    /// A weight with a cell that was not attempted counts as not programmed, so that the next
    /// command writes all its cells; so does one whose tile was given raw conductances.
    func note(
        _ outcomes: [TileJob.Outcome], codes target: ProgramCommand.Target,
        in state: inout ChipState, recording changes: inout StoreChanges
    ) {
        switch target {
        case .codes(let id, let codes):
            guard var record = state.matrices[id] else {
                preconditionFailure("the matrix was planned for")
            }
            note(outcomes, codes, in: &record)
            record.recount()
            state.matrices[id] = record
            changes.matrices.append(record)
        case .conductances(let tile, _):
            Worker.forgetCodes(
                ofTile: tile, region, bank, in: &state, recording: &changes)
        }
    }

    private func note(
        _ outcomes: [TileJob.Outcome], _ codes: [Int16], in record: inout MatrixRecord
    ) {
        let weights = region.count
        var isTouched = [Bool](repeating: false, count: weights)
        var isLost = isTouched
        var isUnverified = isTouched
        for (job, outcome) in zip(jobs, outcomes) {
            for (index, status) in zip(job.statusIndices, outcome.outcomes) {
                let weight = Int(index) % weights
                isTouched[weight] = true
                if status == .notAttempted { isLost[weight] = true }
                if status.isFailure { isUnverified[weight] = true }
            }
        }
        let columns = record.description.columns
        for weight in 0 ..< weights where isTouched[weight] {
            let row = region.row + weight / region.columns
            let column = region.column + weight % region.columns
            let entry = row * columns + column
            record.codes[entry] = codes[weight]
            record.flags[entry] =
                (isLost[weight] ? 0 : MatrixRecord.programmed)
                | (isUnverified[weight] ? MatrixRecord.unverified : 0)
        }
    }

}

extension Worker {
    /// The weights with a cell in a region of a tile hold no code any more, references with a cell
    /// there not what they were written to.
    static func forgetCodes(
        ofTile tile: Int, _ region: Region, _ bank: BankSpec, in state: inout ChipState,
        recording changes: inout StoreChanges
    ) {
        if bank.isGTM { state.counters.gtmMicrosiemens = 0 }
        guard let id = state.owners[tile], var record = state.matrices[id] else { return }
        forget(tile, region, bank, in: &record)
        if region.column + region.columns > bank.columns { record.description.ltmMicrosiemens = 0 }
        record.recount()
        state.matrices[id] = record
        changes.matrices.append(record)
    }

    private static func forget(
        _ tile: Int, _ region: Region, _ bank: BankSpec, in record: inout MatrixRecord
    ) {
        let layout = MatrixLayout(record.description, bank: bank)
        guard let place = record.description.tiles.firstIndex(of: tile) else { return }
        let block = place / layout.planes
        let rowBlock = block / layout.columnBlocks
        let columnBlock = block % layout.columnBlocks
        for row in region.row ..< region.row + region.rows where row < layout.blockRows(rowBlock) {
            for column in region.column ..< region.column + region.columns
            where column < layout.blockColumns(columnBlock) {
                let entry =
                    (rowBlock * layout.tileRows + row) * layout.columns
                    + columnBlock * layout.tileColumns + column
                record.flags[entry] = 0
            }
        }
    }
}

extension Worker {
    func planCodes(
        _ codes: [Int16], of record: MatrixRecord, _ command: ProgramCommand,
        in state: ChipState, limits: ChipLimits
    ) throws(ChipFault) -> ProgramPlan {
        let matrix = record.description
        let bank = self.bank(of: matrix)
        let region = try command.region.resolved(rows: matrix.rows, columns: matrix.columns)
        let layout = MatrixLayout(matrix, bank: bank)
        let encoding = WeightEncoding(matrix)
        try checkShape(command, region)
        try check(codes, max: matrix.codeMax, region, command.mask)
        try checkCells(region, planes: layout.planes, limits)

        var plan = ProgramPlan(bank: bank, region: region)
        plan.report.regionRows = region.rows
        plan.report.regionColumns = region.columns
        plan.report.slices = layout.slices
        plan.report.polarities = layout.polarities
        if command.cellStatus {
            plan.report.cellStatus = Array(repeating: 0, count: region.count * layout.planes)
        }
        let levels = (0 ..< 1 << matrix.bitsPerSlice).map {
            Float(bank.window.level($0, bits: matrix.bitsPerSlice).microsiemens)
        }
        for patch in layout.patches(of: region) {
            for slice in 0 ..< layout.slices {
                for polarity in 0 ..< layout.polarities {
                    let tile = matrix.tiles[
                        layout.tileIndex(
                            rowBlock: patch.rowBlock, columnBlock: patch.columnBlock,
                            slice: slice, polarity: polarity)]
                    var job = TileJob(
                        tile: tile, bank: bank, record: self.record(ofTile: tile, in: state))
                    let plane = (slice * layout.polarities + polarity) * region.count
                    for row in patch.rows {
                        for column in patch.columns {
                            let weight =
                                (row - region.row) * region.columns + column - region.column
                            if let mask = command.mask, mask[weight] == 0 { continue }
                            let entry = row * matrix.columns + column
                            let level = encoding.level(
                                code: Int(codes[weight]), slice: slice, polarity: polarity)
                            if !command.all, record.flags[entry] == MatrixRecord.programmed {
                                let before = encoding.level(
                                    code: Int(record.codes[entry]), slice: slice,
                                    polarity: polarity)
                                if before == level { continue }
                            }
                            job.cells.append(Int32(layout.cell(row: row, column: column)))
                            job.targets.append(levels[level])
                            job.statusIndices.append(Int32(plane + weight))
                        }
                    }
                    if !job.cells.isEmpty { plan.jobs.append(job) }
                }
            }
        }
        return plan
    }

    func planConductances(
        _ values: [Float], tile: Int, _ command: ProgramCommand, in state: ChipState,
        limits: ChipLimits
    ) throws(ChipFault) -> ProgramPlan {
        let bank = try analogBank(ofTile: tile)
        let region = try command.region.resolved(rows: bank.rows, columns: bank.bitLines)
        try checkShape(command, region)
        try checkCount("conductances", values.count, region)
        try checkMask(command.mask, region)
        try checkCells(region, planes: 1, limits)
        let low = Float(bank.window.off.microsiemens)
        let high = Float(bank.window.on.microsiemens)
        for (index, value) in values.enumerated() where !(low ... high).contains(value) {
            throw .element(
                "conductance \(index)", "\(value) µS", allowed: "\(low) … \(high) µS")
        }
        var plan = ProgramPlan(bank: bank, region: region)
        plan.report.isTile = true
        plan.report.regionRows = region.rows
        plan.report.regionColumns = region.columns
        if command.cellStatus {
            plan.report.cellStatus = Array(repeating: 0, count: region.count)
        }
        var job = TileJob(tile: tile, bank: bank, record: record(ofTile: tile, in: state))
        for index in 0 ..< region.count where command.mask.map({ $0[index] != 0 }) ?? true {
            let row = region.row + index / region.columns
            let column = region.column + index % region.columns
            job.cells.append(Int32(row * bank.bitLines + column))
            job.targets.append(values[index])
            job.statusIndices.append(Int32(index))
        }
        if !job.cells.isEmpty { plan.jobs = [job] }
        return plan
    }

    func analogBank(ofTile tile: Int) throws(ChipFault) -> BankSpec {
        guard (0 ..< spec.tiles).contains(tile) else {
            throw ChipFault(
                .notFound, .noSuchTile, .afterFix,
                "tile is \(tile); the chip has 0 … \(spec.tiles - 1)")
        }
        let bank = spec.banks[spec.bank(ofTile: tile)]
        guard !bank.isDigital else {
            throw ChipFault(
                .invalidArgument, .field, .afterFix,
                "tile \(tile) lies in bank \(bank.name), whose cells are digital: they have no "
                    + "conductance")
        }
        return bank
    }

    private func check(_ codes: [Int16], max: Int, _ region: Region, _ mask: [UInt8]?)
        throws(ChipFault)
    {
        try checkCount("codes", codes.count, region)
        try checkMask(mask, region)
        for (index, code) in codes.enumerated() where abs(Int(code)) > max {
            throw .element(
                "code at row \(region.row + index / region.columns), column "
                    + "\(region.column + index % region.columns)", "\(code)",
                allowed: "−\(max) … \(max)")
        }
    }

    private func checkShape(_ command: ProgramCommand, _ region: Region) throws(ChipFault) {
        guard let shape = command.shape, shape != [region.rows, region.columns] else { return }
        throw ChipFault(
            .invalidArgument, .tensor, .afterFix,
            "tensors[0] has the shape \(shape); the region has [\(region.rows), "
                + "\(region.columns)]")
    }

    private func checkCount(_ name: String, _ count: Int, _ region: Region) throws(ChipFault) {
        guard count == region.count else {
            throw ChipFault(
                .invalidArgument, .tensor, .afterFix,
                "\(name) hold \(count) elements; the region \(region.rows) × \(region.columns) "
                    + "needs \(region.count)")
        }
    }

    private func checkMask(_ mask: [UInt8]?, _ region: Region) throws(ChipFault) {
        guard let mask else { return }
        try checkCount("mask", mask.count, region)
        if let index = mask.firstIndex(where: { $0 > 1 }) {
            throw .element("mask element \(index)", "\(mask[index])", allowed: "0 or 1")
        }
    }

    private func checkCells(_ region: Region, planes: Int, _ limits: ChipLimits) throws(ChipFault) {
        let cells = region.count * planes
        guard cells <= limits.cellsPerChange else {
            throw ChipFault(
                .resourceExhausted, .limit, .afterFix,
                "the region has \(cells) cells; allowed in one command: "
                    + "\(limits.cellsPerChange). Program it in regions of at most "
                    + "\(limits.cellsPerChange / planes) weights")
        }
    }
}
