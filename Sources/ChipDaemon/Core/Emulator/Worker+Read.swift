import Physics

/// How planes of cells are read: `repeats` read pulses averaged, with the noise of `draws`.
struct PlaneReader {
    var repeats: Int
    var draws: EventDraws
    var time: ChipInstant
}

extension Worker {
    /// Reads a matrix or a tile (N-1, N-2; no ADC).
    mutating func read(_ command: ReadCommand, at time: ChipInstant, limits: ChipLimits)
        throws(ChipFault) -> SampleReply
    {
        try state.checkPower()
        let reader: PlaneReader
        let values: [Float]
        let shape: [Int]
        var isWeights = false
        let bank: BankSpec
        var planes = 1
        switch command.source {
        case .tile(let tile):
            bank = try analogBank(ofTile: tile)
            let region = try command.region.resolved(rows: bank.rows, columns: bank.bitLines)
            reader = try planeReader(command, at: time)
            values = conductances(ofTile: tile, region, reader, in: state)
            shape = [region.rows, region.columns]
        case .weights(let id), .conductances(let id):
            let matrix = try state.matrix(id).description
            bank = self.bank(of: matrix)
            let region = try command.region.resolved(rows: matrix.rows, columns: matrix.columns)
            let layout = MatrixLayout(matrix, bank: bank)
            planes = layout.planes
            if case .weights = command.source { isWeights = true }
            guard isWeights || !bank.isDigital else {
                throw ChipFault(
                    .invalidArgument, .field, .afterFix,
                    "matrix \(id) lies in bank \(bank.name), whose cells are digital: read its "
                        + "weights")
            }
            try checkReply(region, planes: isWeights ? 1 : planes, limits)
            reader = try planeReader(command, at: time)
            if isWeights {
                values = weights(of: matrix, region, reader, in: state)
                shape = [region.rows, region.columns]
            } else {
                values = conductances(of: matrix, region, reader, in: state)
                shape = [layout.slices, layout.polarities, region.rows, region.columns]
            }
        }
        let cells = isWeights ? values.count * planes : values.count
        return SampleReply(
            result: .read(
                values: values, shape: shape, isWeights: isWeights, repeats: command.repeats),
            chipTime: time,
            cost: CostModel(spec, bank).reading(cells: cells, repeats: command.repeats),
            warnings: [])
    }

    private mutating func planeReader(_ command: ReadCommand, at time: ChipInstant)
        throws(ChipFault) -> PlaneReader
    {
        precondition(command.repeats > 0)
        return PlaneReader(repeats: command.repeats, draws: try nextSampleEvent(), time: time)
    }

    private func checkReply(_ region: Region, planes: Int, _ limits: ChipLimits)
        throws(ChipFault)
    {
        let bytes = region.count * planes * MemoryLayout<Float>.size
        guard bytes <= limits.replyBytes else {
            let rows = limits.replyBytes / (region.columns * planes * MemoryLayout<Float>.size)
            throw ChipFault(
                .resourceExhausted, .limit, .afterFix,
                "the reply would have \(bytes) bytes; allowed: \(limits.replyBytes). Read a region "
                    + (rows > 0
                        ? "of at most \(rows) rows of \(region.columns) columns"
                        : "with fewer columns"))
        }
    }

    mutating func conductances(
        ofTile tile: Int, _ region: Region, _ reader: PlaneReader, in state: ChipState
    ) -> [Float] {
        let bank = spec.banks[spec.bank(ofTile: tile)]
        let noisy = readTile(tile, bank, reader, in: state)
        var values: [Float] = []
        values.reserveCapacity(region.count)
        for row in region.row ..< region.row + region.rows {
            let first = row * bank.bitLines + region.column
            values += noisy[first ..< first + region.columns]
        }
        return values
    }

    /// `[slices, polarities, rows, columns]`, µS.
    private mutating func conductances(
        of matrix: MatrixDescription, _ region: Region, _ reader: PlaneReader,
        in state: ChipState
    ) -> [Float] {
        let layout = MatrixLayout(matrix, bank: bank(of: matrix))
        var values: [Float] = []
        for slice in 0 ..< layout.slices {
            for polarity in 0 ..< layout.polarities {
                values += plane(
                    of: matrix, layout, region, slice: slice, polarity: polarity, reader,
                    in: state)
            }
        }
        return values
    }

    /// `[rows, columns]`, weight codes as real numbers.
    mutating func weights(
        of matrix: MatrixDescription, _ region: Region, _ reader: PlaneReader,
        in state: ChipState
    ) -> [Float] {
        let bank = self.bank(of: matrix)
        let layout = MatrixLayout(matrix, bank: bank)
        let encoding = WeightEncoding(matrix)
        var weights = [Float](repeating: 0, count: region.count)
        for slice in 0 ..< layout.slices {
            for polarity in 0 ..< layout.polarities {
                let plane = plane(
                    of: matrix, layout, region, slice: slice, polarity: polarity, reader,
                    in: state)
                encoding.addWeights(
                    plane: plane, slice: slice, polarity: polarity, window: bank.window,
                    into: &weights)
            }
        }
        return weights
    }

    private mutating func plane(
        of matrix: MatrixDescription, _ layout: MatrixLayout, _ region: Region, slice: Int,
        polarity: Int, _ reader: PlaneReader, in state: ChipState
    ) -> [Float] {
        let bank = self.bank(of: matrix)
        var plane = [Float](repeating: 0, count: region.count)
        for patch in layout.patches(of: region) {
            let tile = matrix.tiles[
                layout.tileIndex(
                    rowBlock: patch.rowBlock, columnBlock: patch.columnBlock, slice: slice,
                    polarity: polarity)]
            let noisy = readTile(tile, bank, reader, in: state)
            for row in patch.rows {
                let from = layout.cell(row: row, column: patch.columns.lowerBound)
                let to =
                    (row - region.row) * region.columns + patch.columns.lowerBound
                    - region.column
                for offset in 0 ..< patch.columns.count {
                    plane[to + offset] = noisy[from + offset]
                }
            }
        }
        return plane
    }

    private mutating func readTile(
        _ tile: Int, _ bank: BankSpec, _ reader: PlaneReader, in state: ChipState
    ) -> [Float] {
        let aged = agedConductances(ofTile: tile, in: state, at: reader.time)
        if bank.isDigital { return aged }
        var values = CellRead.read(
            conductances: aged, noise: bank.technology.readNoise, repeats: reader.repeats,
            draws: reader.draws, firstCell: spec.firstCell(ofTile: tile))
        state.faults[tile]?.deadLines.silence(&values, width: bank.bitLines)
        return values
    }
}
