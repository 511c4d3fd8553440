public import Protocol

/// How a matrix is written.
public struct ProgramOptions: Sendable {
    public var method = WireProgram.Method.writeVerify
    /// Relative to G_on; 0: the technology's.
    public var tolerance = 0.0
    /// 0: the technology's.
    public var pulsesMax: UInt32 = 0
    /// Verifications in band after the first.
    public var confirmingReads: UInt32 = 0
    /// Selective write-verify: one entry a weight of the region, the larger the sooner. What the
    /// budget does not cover is written open loop.
    public var priority: [Float]?
    /// With `priority`; 0: no limit.
    public var budgetPulses: UInt64 = 0
    /// With `priority`; 0: no limit.
    public var budgetPicojoules = 0.0
    /// Also weights whose code did not change, needed against drift.
    public var all = false
    public var readBack = false
    public var cellStatus = false

    public init() {}
}

extension ChipConnection {
    /// Allocates tiles for a matrix.
    public func map(_ map: WireMap) throws(ChipError) -> WireMatrixState {
        let answer = try change(.map(map))
        guard case .map(let result) = answer.reply.result, result.hasMatrix else {
            throw .badReply(command: "map", sentence: "it carries another result")
        }
        matrixStates[result.matrix.matrix] = result.matrix
        return result.matrix
    }

    /// Gives a matrix's tiles back; their conductances stay as they are.
    @discardableResult
    public func unmap(_ matrix: UInt32) throws(ChipError) -> UInt32 {
        var unmap = WireUnmap()
        unmap.matrix = matrix
        let answer = try change(.unmap(unmap))
        guard case .unmap(let result) = answer.reply.result else {
            throw .badReply(command: "unmap", sentence: "it carries another result")
        }
        matrixStates[matrix] = nil
        return result.tilesFreed
    }

    /// What the chip says of a matrix; asked once and then remembered.
    public func matrixState(_ matrix: UInt32) throws(ChipError) -> WireMatrixState {
        if let known = matrixStates[matrix] { return known }
        if let state = try status().matrices.first(where: { $0.matrix == matrix }) { return state }
        throw .argument("chip \(chip) has no matrix \(matrix)")
    }

    /// Sets the range of a matrix's converters: the current at the largest code.
    public func calibrate(
        _ matrix: UInt32, adcFullScaleMicroamperes: Double
    ) throws(ChipError) -> WireCalibrateResult {
        var calibrate = WireCalibrate()
        calibrate.matrix = matrix
        calibrate.adcFullScaleUa = adcFullScaleMicroamperes
        let answer = try change(.calibrate(calibrate))
        guard case .calibrate(let result) = answer.reply.result else {
            throw .badReply(command: "calibrate", sentence: "it carries another result")
        }
        return result
    }

    // MARK: Program

    /// Writes weight codes into a matrix, or into a rectangle of it.
    ///
    /// More weights than one command may touch are split into bands of rows, each
    /// its own command and outcome; an error leaves the earlier bands written.
    ///
    /// - Parameters:
    ///   - codes: i8 or i16, row-major over the region.
    ///   - mask: 1 for each weight to write, row-major over the region; nil: all.
    public func program(
        matrix: UInt32, codes: TensorValues, mask: [UInt8]? = nil, region: WireRegion? = nil,
        options: ProgramOptions = ProgramOptions()
    ) throws(ChipError) -> ProgramOutcome {
        let state = try matrixState(matrix)
        let polarities = state.mapping == .differential ? 2 : 1
        let planes = Int(max(1, state.slices)) * polarities
        var template = WireProgram()
        template.matrix = matrix
        return try program(
            template, values: codes, unit: .code, mask: mask,
            area: Area(region, rows: Int(state.rows), columns: Int(state.columns)),
            planes: planes, options: options)
    }

    /// Writes conductances, in µS, into a rectangle of a tile.
    public func program(
        tile: UInt32, conductances: [Float], mask: [UInt8]? = nil, region: WireRegion,
        options: ProgramOptions = ProgramOptions()
    ) throws(ChipError) -> ProgramOutcome {
        var template = WireProgram()
        template.tile = tile
        template.conductances = true
        return try program(
            template, values: .f32(conductances), unit: .microsiemens, mask: mask,
            area: Area(region, rows: 0, columns: 0), planes: 1, options: options)
    }

    private struct Area {
        let row: Int, column: Int, rows: Int, columns: Int

        /// The region, or all of it.
        init(_ region: WireRegion?, rows: Int, columns: Int) {
            if let region, region.rows > 0 || region.columns > 0 {
                row = Int(region.row)
                column = Int(region.column)
                self.rows = Int(region.rows)
                self.columns = Int(region.columns)
            } else {
                row = 0
                column = 0
                self.rows = rows
                self.columns = columns
            }
        }

        var count: Int { rows * columns }
    }

    private func program(
        _ template: WireProgram, values: TensorValues, unit: WireTensor.Unit, mask: [UInt8]?,
        area: Area, planes: Int, options: ProgramOptions
    ) throws(ChipError) -> ProgramOutcome {
        guard values.count == area.count, area.count > 0 else {
            throw .argument(
                "program got \(values.count) values for a region of \(area.rows) × "
                    + "\(area.columns)")
        }
        guard mask == nil || mask?.count == area.count else {
            throw .argument(
                "program got a mask of \(mask?.count ?? 0) for a region of \(area.rows) × "
                    + "\(area.columns)")
        }
        let parts = parts(of: area, planes: planes)
        if let priority = options.priority {
            guard priority.count == area.count, parts.count == 1 else {
                throw .argument(
                    "program got \(priority.count) priorities for a region of \(area.rows) × "
                        + "\(area.columns) in \(parts.count) commands; allowed: one for each "
                        + "weight of one command")
            }
        }
        var program = template
        program.method = options.method
        program.tolerance = options.tolerance
        program.pulsesMax = options.pulsesMax
        program.confirmingReads = options.confirmingReads
        program.prioritised = options.priority != nil
        program.budgetPulses = options.budgetPulses
        program.budgetEnergyPj = options.budgetPicojoules
        program.all = options.all
        program.readBack = options.readBack
        program.cellStatus = options.cellStatus
        program.masked = mask != nil

        var outcome = ProgramOutcome()
        if options.readBack { outcome.readBack = [Float](repeating: 0, count: area.count) }
        if options.cellStatus {
            outcome.cellStatus = [UInt8](repeating: 0, count: area.count * planes)
        }
        for part in parts {
            program.region = .rectangle(
                row: area.row + part.row, column: area.column + part.column, rows: part.rows,
                columns: part.columns)
            let cut = values.rectangle(
                row: part.row, column: part.column, rows: part.rows, columns: part.columns,
                of: area.columns)
            var tensors = [
                WireTensor.describe(cut.type, shape: [part.rows, part.columns], unit: unit)
            ]
            var frames = [cut.frame]
            if let mask {
                let chosen = TensorValues.u8(mask).rectangle(
                    row: part.row, column: part.column, rows: part.rows, columns: part.columns,
                    of: area.columns)
                tensors.append(
                    .describe(.u8, shape: [part.rows, part.columns], unit: .mask))
                frames.append(chosen.frame)
            }
            if let priority = options.priority {
                tensors.append(
                    .describe(.f32, shape: [part.rows, part.columns], unit: .priority))
                frames.append(Frame(elements: priority))
            }
            let answer = try change(.program(program), tensors: tensors, frames: frames)
            guard case .program(let result) = answer.reply.result else {
                throw .badReply(command: "program", sentence: "it carries another result")
            }
            outcome.add(answer, result)
            try place(answer, part, area: area, planes: planes, options, in: &outcome)
        }
        return outcome
    }

    /// A train of equal pulses on a region of a tile; returns the cells that got it.
    @discardableResult
    public func pulse(_ pulse: WirePulse) throws(ChipError) -> UInt64 {
        let answer = try change(.pulse(pulse))
        guard case .pulse(let result) = answer.reply.result else {
            throw .badReply(command: "pulse", sentence: "it carries another result")
        }
        return result.cells
    }

    /// Sends the latest changing command, which was this pulse, again under its number: what a
    /// host does that lost the reply. The chip answers from its store and pulses no cell.
    public func repeatPulse(_ pulse: WirePulse) throws(ChipError) -> Answer {
        var request = request(.pulse(pulse))
        request.sequence = sequenceLast
        request.epoch = epoch
        request.acknowledged = max(1, sequenceLast) - 1
        return note(
            try exchange(on: commands).run([Outgoing(request, tensors: [])], inFlight: 1)[0])
    }

    /// Puts a part's read-back and status where they belong in the whole.
    private func place(
        _ answer: Answer, _ part: Area, area: Area, planes: Int, _ options: ProgramOptions,
        in outcome: inout ProgramOutcome
    ) throws(ChipError) {
        var index = 0
        if options.readBack {
            let values = try answer.floats(index, of: "program")
            try checkCount(values.count, part.count)
            for row in 0 ..< part.rows {
                let target = (part.row + row) * area.columns + part.column
                outcome.readBack?.replaceSubrange(
                    target ..< target + part.columns,
                    with: values[(row * part.columns) ..< ((row + 1) * part.columns)])
            }
            index += 1
        }
        if options.cellStatus {
            guard case .u8(let values) = try answer.values(index, of: "program") else {
                throw .badReply(command: "program", sentence: "the cell status is not u8")
            }
            try checkCount(values.count, part.count * planes)
            for plane in 0 ..< planes {
                for row in 0 ..< part.rows {
                    let target =
                        plane * area.count + (part.row + row) * area.columns + part.column
                    let source = (plane * part.rows + row) * part.columns
                    outcome.cellStatus?.replaceSubrange(
                        target ..< target + part.columns,
                        with: values[source ..< source + part.columns])
                }
            }
        }
    }

    private func checkCount(_ count: Int, _ expected: Int) throws(ChipError) {
        guard count == expected else {
            throw .badReply(
                command: "program", sentence: "a tensor has \(count) elements, not \(expected)")
        }
    }

    /// Rectangles of at most as many cells as one command may touch: bands of
    /// whole rows, or pieces of a row where one row is already too long.
    private func parts(of area: Area, planes: Int) -> [Area] {
        let published = Int(clamping: identity.limits.cellsPerChange)
        let weightsMax = max(1, (published > 0 ? published : Limits.cellsPerChange) / planes)
        let width = min(area.columns, weightsMax)
        let height = max(1, weightsMax / width)
        var parts: [Area] = []
        for row in stride(from: 0, to: area.rows, by: height) {
            for column in stride(from: 0, to: area.columns, by: width) {
                parts.append(
                    Area(
                        .rectangle(
                            row: row, column: column, rows: min(height, area.rows - row),
                            columns: min(width, area.columns - column)), rows: 0, columns: 0))
            }
        }
        return parts
    }

    // MARK: Read

    /// Reads a matrix, or a rectangle of it: weights on the scale of the codes, or
    /// with `conductances` the µS of every cell [slices, polarities, rows, columns].
    public func read(
        matrix: UInt32, region: WireRegion? = nil, repeats: Int = 1, conductances: Bool = false
    ) throws(ChipError) -> ReadOutcome {
        var read = WireRead()
        read.matrix = matrix
        read.conductances = conductances
        return try self.read(read, region, repeats)
    }

    /// Reads the conductances of a rectangle of a tile, in µS.
    public func read(
        tile: UInt32, region: WireRegion? = nil, repeats: Int = 1
    ) throws(ChipError) -> ReadOutcome {
        var read = WireRead()
        read.tile = tile
        read.ofTile = true
        return try self.read(read, region, repeats)
    }

    private func read(
        _ template: WireRead, _ region: WireRegion?, _ repeats: Int
    ) throws(ChipError) -> ReadOutcome {
        var read = template
        if let region { read.region = region }
        guard let count = UInt32(exactly: repeats) else {
            throw .argument("repeats is \(repeats); it is at least 0")
        }
        read.repeats = count
        let answer = try perform([Work(command: .read(read))])[0]
        guard case .read(let result) = answer.reply.result, !answer.tensors.isEmpty else {
            throw .badReply(command: "read", sentence: "it carries another result")
        }
        return ReadOutcome(
            values: try answer.floats(0, of: "read"), shape: answer.shape(0),
            unit: answer.reply.tensors[0].unit, repeats: Int(result.repeats),
            cost: answer.reply.cost, chipTimeSeconds: answer.reply.chipTimeS)
    }
}
