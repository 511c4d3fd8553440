internal import ChipCore
internal import Physics
internal import Protocol

extension ChangeCommand {
    /// A sequenced command in the chip's terms, every number bounded.
    init(checking request: IncomingRequest) throws(ChipFault) {
        do throws(WireError) {
            try self.init(request)
        } catch {
            throw ChipFault(error)
        }
    }

    private init(_ request: IncomingRequest) throws(WireError) {
        switch request.command {
        case .map(let map):
            try TensorArguments(request).finish()
            self = .map(try MapCommand(map))
        case .unmap(let unmap):
            try TensorArguments(request).finish()
            self = .unmap(matrix: unmap.matrix)
        case .program(let program):
            self = .program(try ProgramCommand(program, request))
        case .pulse(let pulse):
            try TensorArguments(request).finish()
            self = .pulse(try PulseCommand(pulse))
        case .referenceProgram(let reference):
            try TensorArguments(request).finish()
            // The chip knows its window, and that no other number lies in it.
            self = .programReference(
                ReferenceCommand(
                    target: reference.matrix == 0 ? .gtm : .ltm(matrix: reference.matrix),
                    microsiemens: reference.conductanceUs))
        case .calibrate(let calibrate):
            try TensorArguments(request).finish()
            let fullScale = try FieldBounds.number(
                "adc_full_scale_ua", calibrate.adcFullScaleUa, 0 ... FieldBounds.fullScaleMax)
            guard fullScale > 0 else {
                throw FieldBounds.outOfRange(
                    "adc_full_scale_ua", "0", "above 0, at most \(FieldBounds.fullScaleMax)")
            }
            self = .calibrate(matrix: calibrate.matrix, fullScaleMicroamperes: fullScale)
        case .power(let power):
            try TensorArguments(request).finish()
            self = .power(on: power.on)
        default:
            preconditionFailure("\(request.command.traits.name) is no sequenced command")
        }
    }
}

extension MapCommand {
    init(_ wire: WireMap) throws(WireError) {
        guard wire.tiles.count <= FieldBounds.tilesMax else {
            throw FieldBounds.outOfRange(
                "tiles", "\(wire.tiles.count) entries long", "at most \(FieldBounds.tilesMax)")
        }
        self.init(
            name: try FieldBounds.name("name", wire.name),
            rows: try FieldBounds.integer("rows", wire.rows, 1 ... FieldBounds.sideMax),
            columns: try FieldBounds.integer("columns", wire.columns, 1 ... FieldBounds.sideMax),
            weightBits: try FieldBounds.integer(
                "weight_bits", wire.weightBits, 1 ... FieldBounds.weightBitsMax),
            cellBits: try FieldBounds.integer(
                "cell_bits", wire.cellBits, 0 ... FieldBounds.cellBitsMax),
            codeMax: try FieldBounds.integer("code_max", wire.codeMax, 0 ... Int(Int16.max)),
            bank: try FieldBounds.name("bank", wire.bank),
            mapping: try WeightEncoding.Mapping(wire.mapping),
            sensing: try Sensing.optional(wire.sensing),
            fullScaleMicroamperes: try FieldBounds.number(
                "adc_full_scale_ua", wire.adcFullScaleUa, 0 ... FieldBounds.fullScaleMax),
            tiles: wire.tiles.map { Int($0) })
    }
}

extension WeightEncoding.Mapping {
    init(_ wire: WireMapping) throws(WireError) {
        switch wire {
        case .differential: self = .differential
        case .offset: self = .offset
        case .unspecified, .UNRECOGNIZED:
            throw .field("mapping is \(wire.rawValue); allowed: 1 (differential), 2 (offset)")
        }
    }
}

extension Sensing {
    /// `nil`: the default of the mapping.
    static func optional(_ wire: WireSensing) throws(WireError) -> Sensing? {
        switch wire {
        case .unspecified: return nil
        case .differentialAnalog: return .differentialAnalog
        case .differentialDigital: return .differentialDigital
        case .singleEnded: return .singleEnded
        case .UNRECOGNIZED(let value):
            throw .field("sensing is \(value); allowed: 0 … 3")
        }
    }
}

extension Region {
    /// rows = columns = 0: all of it.
    init(_ wire: WireRegion) throws(WireError) {
        self.init(
            row: try FieldBounds.integer("region.row", wire.row, 0 ... FieldBounds.sideMax),
            column: try FieldBounds.integer(
                "region.column", wire.column, 0 ... FieldBounds.sideMax),
            rows: try FieldBounds.integer("region.rows", wire.rows, 0 ... FieldBounds.sideMax),
            columns: try FieldBounds.integer(
                "region.columns", wire.columns, 0 ... FieldBounds.sideMax))
        guard (rows == 0) == (columns == 0) else {
            throw .field(
                "region has \(rows) rows and \(columns) columns; allowed: both 0 (all of it) or "
                    + "both above 0")
        }
        guard rows > 0 || (row == 0 && column == 0) else {
            throw .field(
                "region begins at row \(row), column \(column), but has no rows and columns; "
                    + "allowed: 0, 0 for all of it")
        }
    }
}

extension ProgramCommand {
    init(_ wire: WireProgram, _ request: IncomingRequest) throws(WireError) {
        let region = try Region(wire.region)
        var tensors = TensorArguments(request)
        let target: Target
        let shape: [UInt32]
        if wire.conductances {
            (target, shape) = try Self.conductances(wire, &tensors)
        } else {
            (target, shape) = try Self.codes(wire, &tensors)
        }
        let mask = wire.masked ? try Self.mask(&tensors, shape: shape) : nil
        let selection = try Self.selection(wire, &tensors, shape: shape)
        try tensors.finish()
        self.init(
            target: target, shape: shape.map { Int($0) }, region: region,
            method: try Method(wire), all: wire.all, mask: mask, selection: selection,
            readBack: wire.readBack, cellStatus: wire.cellStatus)
    }

    private static func selection(
        _ wire: WireProgram, _ tensors: inout TensorArguments, shape: [UInt32]
    ) throws(WireError) -> Selection? {
        guard wire.prioritised else {
            guard wire.budgetPulses == 0, wire.budgetEnergyPj == 0 else {
                throw .field(
                    "budget_pulses is \(wire.budgetPulses) and budget_energy_pj "
                        + "\(wire.budgetEnergyPj), but prioritised is false; allowed: 0, 0")
            }
            return nil
        }
        guard wire.method == .writeVerify else {
            throw .field("prioritised is true; allowed: with method 2 (write-verify) only")
        }
        let (tensor, frame) = try tensors.take(
            "priorities", types: [.f32], unit: .priority, rank: 2)
        guard tensor.shape == shape else {
            throw .tensor(
                "the priorities are \(tensor.label); they must have the shape of tensors[0], "
                    + "\(shape)")
        }
        let priority = TensorArguments.elements(frame, as: Float.self)
        if let bad = priority.firstIndex(where: { !$0.isFinite }) {
            throw .tensor(
                "the priorities, element \(bad), is \(priority[bad]); allowed: finite numbers")
        }
        return Selection(
            priority: priority,
            pulses: wire.budgetPulses,
            picojoules: try FieldBounds.number(
                "budget_energy_pj", wire.budgetEnergyPj, 0 ... FieldBounds.energyMax))
    }

    private static func codes(_ wire: WireProgram, _ tensors: inout TensorArguments)
        throws(WireError) -> (Target, [UInt32])
    {
        guard wire.tile == 0 else {
            throw .field("tile is \(wire.tile), but conductances is false; allowed: 0")
        }
        let (tensor, frame) = try tensors.take(
            "weight codes", types: [.i8, .i16], unit: .code, rank: 2)
        let codes: [Int16]
        if tensor.type == .i8 {
            codes = TensorArguments.elements(frame, as: Int8.self).map { Int16($0) }
        } else {
            codes = TensorArguments.elements(frame, as: Int16.self)
        }
        return (.codes(matrix: wire.matrix, codes), tensor.shape)
    }

    private static func conductances(
        _ wire: WireProgram, _ tensors: inout TensorArguments
    ) throws(WireError) -> (Target, [UInt32]) {
        guard wire.matrix == 0 else {
            throw .field("matrix is \(wire.matrix), but conductances is true; allowed: 0")
        }
        let (tensor, frame) = try tensors.take(
            "conductances", types: [.f32], unit: .microsiemens, rank: 2)
        let values = TensorArguments.elements(frame, as: Float.self)
        if let bad = values.firstIndex(where: { !($0 >= 0 && $0.isFinite) }) {
            throw .tensor(
                "tensors[0] (conductances), element \(bad), is \(values[bad]); allowed: finite "
                    + "numbers from 0, in µS")
        }
        return (.conductances(tile: Int(wire.tile), values), tensor.shape)
    }

    private static func mask(_ tensors: inout TensorArguments, shape: [UInt32])
        throws(WireError) -> [UInt8]
    {
        let (tensor, frame) = try tensors.take("mask", types: [.u8], unit: .mask, rank: 2)
        guard tensor.shape == shape else {
            throw .tensor(
                "tensors[1] (mask) is \(tensor.label); it must have the shape of tensors[0], "
                    + "\(shape)")
        }
        let mask = frame.bytes
        if let bad = mask.firstIndex(where: { $0 > 1 }) {
            throw .tensor("tensors[1] (mask), element \(bad), is \(mask[bad]); allowed: 0, 1")
        }
        return mask
    }
}

extension ProgramCommand.Method {
    init(_ wire: WireProgram) throws(WireError) {
        switch wire.method {
        case .openLoop:
            guard wire.tolerance == 0, wire.pulsesMax == 0, wire.confirmingReads == 0 else {
                throw .field(
                    "tolerance is \(wire.tolerance), pulses_max \(wire.pulsesMax) and "
                        + "confirming_reads \(wire.confirmingReads); an open-loop write has "
                        + "neither: 0, 0, 0")
            }
            self = .openLoop
        case .writeVerify:
            self = .writeVerify(
                .init(
                    tolerance: try FieldBounds.number("tolerance", wire.tolerance, 0 ... 1),
                    pulsesMax: try FieldBounds.integer(
                        "pulses_max", wire.pulsesMax, 0 ... FieldBounds.pulsesMax),
                    confirmingReads: try FieldBounds.integer(
                        "confirming_reads", wire.confirmingReads,
                        WriteVerifyParameters.confirmingReadsRange)))
        case .unspecified, .UNRECOGNIZED:
            throw .field(
                "method is \(wire.method.rawValue); allowed: 1 (open loop), 2 (write-verify)")
        }
    }
}

extension PulseCommand {
    init(_ wire: WirePulse) throws(WireError) {
        let direction: PulseTrain.Direction
        switch wire.direction {
        case .set: direction = .set
        case .reset: direction = .reset
        case .alternating: direction = .alternating
        case .unspecified, .UNRECOGNIZED:
            throw .field(
                "direction is \(wire.direction.rawValue); allowed: 1 (SET), 2 (RESET), "
                    + "3 (alternating)")
        }
        self.init(
            tile: Int(wire.tile), region: try Region(wire.region), direction: direction,
            pulses: try FieldBounds.integer("pulses", wire.pulses, PulseTrain.pulsesRange),
            step: try FieldBounds.number("step", wire.step, PulseTrain.stepRange))
    }
}
