internal import ArgumentParser
internal import ChipClient
internal import Protocol

enum MethodArgument: String, ExpressibleByArgument, CaseIterable {
    case openLoop = "open-loop"
    case writeVerify = "write-verify"

    var wire: WireProgram.Method {
        switch self {
        case .openLoop: .openLoop
        case .writeVerify: .writeVerify
        }
    }
}

enum MappingArgument: String, ExpressibleByArgument, CaseIterable {
    case differential, offset

    var wire: WireMapping {
        switch self {
        case .differential: .differential
        case .offset: .offset
        }
    }
}

/// ROW,COLUMN,ROWS,COLUMNS
struct RegionArgument: ExpressibleByArgument {
    let region: WireRegion
    init?(argument: String) {
        let numbers = argument.split(separator: ",", omittingEmptySubsequences: false)
            .compactMap { UInt32($0) }
        guard numbers.count == 4, numbers[2] > 0, numbers[3] > 0 else { return nil }
        region = .rectangle(
            row: Int(numbers[0]), column: Int(numbers[1]), rows: Int(numbers[2]),
            columns: Int(numbers[3]))
    }
}

/// Results as .npy or, by the file's name, as .csv.
enum ResultFile {
    static func write(_ values: TensorValues, shape: [Int], to path: String) throws {
        guard path.hasSuffix(".csv") else {
            return try NPYFile(shape: shape, values: values).write(to: path)
        }
        let width = shape.last ?? 1
        var text = ""
        switch values {
        case .f32(let floats): append(floats.map { "\($0)" }, width, &text)
        default: append((values.integers ?? []).map(String.init), width, &text)
        }
        try NPYFile.write(text: text, to: path)
    }

    private static func append(_ cells: [String], _ width: Int, _ text: inout String) {
        for start in stride(from: 0, to: cells.count, by: max(1, width)) {
            text += cells[start ..< min(start + width, cells.count)].joined(separator: ",") + "\n"
        }
    }
}

func costLine(_ cost: WireCost) -> String {
    "\(Format.latency(nanoseconds: cost.latencyNs)), \(Format.energy(picojoules: cost.energyPj))"
        + (cost.pulses > 0 ? ", \(cost.pulses) pulses" : "")
}

struct Read: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Reads a matrix or a tile with noisy read pulses.")
    @OptionGroup var target: Target
    @Option(help: "Matrix to read.") var matrix: UInt32?
    @Option(help: "Tile to read, in µS.") var tile: UInt32?
    @Option(help: ArgumentHelp("Rectangle ROW,COLUMN,ROWS,COLUMNS.", valueName: "r,c,n,m"))
    var region: RegionArgument?
    @Option(help: "Read pulses averaged.") var repeats: Int = 1
    @Flag(help: "Of a matrix: conductances of its cells instead of weights.")
    var conductances = false
    @Option(help: ArgumentHelp("Where to put the values: .npy or .csv.", valueName: "file"))
    var out: String?

    func validate() throws {
        guard (matrix == nil) != (tile == nil) else {
            throw ValidationError("give either --matrix or --tile")
        }
        guard repeats >= 1 else {
            throw ValidationError("--repeats is \(repeats); it is at least 1")
        }
    }

    func run() throws {
        try target.run { chip in
            let outcome: ReadOutcome
            if let tile {
                outcome = try chip.read(tile: tile, region: region?.region, repeats: repeats)
            } else {
                outcome = try chip.read(
                    matrix: matrix ?? 0, region: region?.region, repeats: repeats,
                    conductances: conductances)
            }
            if let out {
                try ResultFile.write(.f32(outcome.values), shape: outcome.shape, to: out)
            }
            let unit = outcome.unit == .microsiemens ? "µS" : "weight"
            if target.json {
                let values =
                    out == nil
                    ? ",\"values\":[\(outcome.values.map { "\($0)" }.joined(separator: ","))]" : ""
                return Terminal.print([
                    "{\"shape\":\(outcome.shape),\"repeats\":\(outcome.repeats),\"cost\":"
                        + "\(Codec.json(outcome.cost))\(values)}"
                ])
            }
            var lines = Table.pairs([
                ("shape", outcome.shape.map(String.init).joined(separator: " × ")),
                ("unit", unit), ("cost", costLine(outcome.cost)),
            ])
            if out == nil { lines += [""] + Self.rows(outcome) }
            Terminal.print(lines)
        }
    }

    /// At most 16 × 12 values, so that a terminal stays readable.
    private static func rows(_ outcome: ReadOutcome) -> [String] {
        let width = outcome.shape.last ?? 1
        guard width > 0 else { return [] }
        let columns = min(width, 12)
        let height = outcome.values.count / width
        var table = Table((0 ..< columns).map { "\($0)" })
        for row in 0 ..< min(height, 16) {
            table.add(
                (0 ..< columns).map { Format.number(Double(outcome.values[row * width + $0])) })
        }
        let cut = height > 16 || width > columns
        return table.lines + (cut ? ["… (all values: --out FILE)"] : [])
    }
}

struct Multiply: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Multiplies input vectors from a file with a matrix.")
    @OptionGroup var target: Target
    @Option(help: "The matrix.") var matrix: UInt32
    @Option(
        name: .customLong("in"),
        help: ArgumentHelp("Vectors, .npy: [batch, rows], u1 or i1.", valueName: "file"))
    var input: String
    @Option(help: ArgumentHelp("Products, .npy or .csv.", valueName: "file")) var out: String
    @Flag(help: "Multiply with the transposed matrix.") var transpose = false
    @Flag(name: .customLong("bit-serial"), help: "Apply one input bit at a time.")
    var bitSerial = false
    @Flag(help: "Put out converter codes (i4) instead of products (f4).") var codes = false

    func run() throws {
        try target.run { chip in
            let file = try NPYFile(reading: input)
            guard file.shape.count == 1 || file.shape.count == 2, file.values.count > 0 else {
                throw Failure.end(
                    Failure.data,
                    "\(input) has the shape \(file.shape); expected is [batch, rows] or [rows]")
            }
            switch file.values {
            case .u8, .i8, .f32: break
            case .i16, .i32:
                throw Failure.end(
                    Failure.data,
                    "\(input) holds \(file.values.type.label); inputs are u1 or i1 codes "
                        + "(numpy: uint8, int8)")
            }
            var options = MultiplyOptions()
            options.transpose = transpose
            options.bitSerial = bitSerial
            options.output = codes ? .codes : .products
            let batch = file.shape.count == 2 ? file.shape[0] : 1
            let outcome = try chip.multiply(
                matrix: matrix, inputs: file.values, batch: batch, options: options)
            try ResultFile.write(
                outcome.values, shape: [outcome.batch, outcome.outputs], to: out)
            if target.json {
                return Terminal.print([
                    "{\"shape\":[\(outcome.batch),\(outcome.outputs)],\"lsb\":\(outcome.lsb),"
                        + "\"conversions\":\(outcome.conversions),\"clipped\":\(outcome.clipped),"
                        + "\"cost\":\(Codec.json(outcome.cost))}"
                ])
            }
            var pairs = [("products", "\(outcome.batch) × \(outcome.outputs)")]
            if codes { pairs.append(("lsb", Format.number(outcome.lsb))) }
            pairs.append(("conversions", "\(outcome.conversions), \(outcome.clipped) clipped"))
            pairs.append(("cost", costLine(outcome.cost)))
            var lines = Table.pairs(pairs)
            lines += outcome.warnings.map { "warning: \($0)" }
            Terminal.print(lines)
        }
    }
}

struct Program: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Writes weight codes from a file into a matrix.",
        discussion: "Takes the lease, programs, and gives the lease back.")
    @OptionGroup var target: Target
    @Option(help: "The matrix.") var matrix: UInt32
    @Option(
        name: .customLong("in"),
        help: ArgumentHelp("Weight codes, .npy: [rows, columns], i1 or i2.", valueName: "file"))
    var input: String
    @Option(help: "How to write: open-loop or write-verify.")
    var method: MethodArgument = .writeVerify
    @Option(help: "Half width of the accepted band, relative to G_on; 0: the technology's.")
    var tolerance: Double = 0
    @Option(name: .customLong("pulses-max"), help: "Pulses a cell; 0: the technology's.")
    var pulsesMax: UInt32 = 0
    @Flag(help: "Also weights whose code did not change.") var all = false
    @Option(
        name: .customLong("read-back"),
        help: ArgumentHelp(
            "Where to put a reading of each weight: .npy or .csv.", valueName: "file"))
    var readBack: String?

    func run() throws {
        try target.run { chip in
            let file = try NPYFile(reading: input)
            guard file.shape.count == 2 else {
                throw Failure.end(
                    Failure.data,
                    "\(input) has the shape \(file.shape); expected is [rows, columns]")
            }
            let state = try chip.matrixState(matrix)
            guard file.shape == [Int(state.rows), Int(state.columns)] else {
                throw Failure.end(
                    Failure.data,
                    "\(input) has the shape \(file.shape); matrix \(matrix) is "
                        + "[\(state.rows), \(state.columns)]")
            }
            var options = ProgramOptions()
            options.method = method.wire
            options.tolerance = tolerance
            options.pulsesMax = pulsesMax
            options.all = all
            options.readBack = readBack != nil
            let codes = try Self.codes(file.values, name: input)
            let outcome = try chip.withLease { () throws(ChipError) in
                try chip.program(matrix: matrix, codes: codes, options: options)
            }
            if let readBack, let values = outcome.readBack {
                try ResultFile.write(.f32(values), shape: file.shape, to: readBack)
            }
            if target.json { return Terminal.print([Codec.json(outcome.result)]) }
            let r = outcome.result
            var lines = Table.pairs([
                ("cells", "\(r.cells)"), ("verified", "\(r.verified)"),
                ("unverified", "\(r.unverified)"), ("written open loop", "\(r.written)"),
                ("not attempted", "\(r.notAttempted)"),
                (
                    "pulses a cell",
                    "mean \(Format.number(r.pulsesMean)), p99 \(r.pulsesP99), max \(r.pulsesMax)"
                ),
                ("cost", costLine(outcome.cost)),
            ])
            lines += outcome.warnings.map { "warning: \($0)" }
            Terminal.print(lines)
        }
    }

    /// i8 and i16 as they are; wider numbers where each fits i16.
    private static func codes(_ values: TensorValues, name: String) throws -> TensorValues {
        switch values {
        case .i8, .i16: return values
        case .u8, .i32, .f32:
            guard let integers = values.integers else {
                throw Failure.end(Failure.data, "\(name) holds numbers that are not integers")
            }
            var codes: [Int16] = []
            codes.reserveCapacity(integers.count)
            for integer in integers {
                guard let code = Int16(exactly: integer) else {
                    throw Failure.end(
                        Failure.data, "\(name) holds the code \(integer), which i2 cannot hold")
                }
                codes.append(code)
            }
            return .i16(codes)
        }
    }
}

struct Map: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Allocates tiles for a matrix.",
        discussion: "Takes the lease, maps, and gives the lease back.")
    @OptionGroup var target: Target
    @Option(help: "Rows: inputs of a product.") var rows: UInt32
    @Option(help: "Columns: outputs of a product.") var columns: UInt32
    @Option(help: "A name for people.") var name: String = ""
    @Option(name: .customLong("weight-bits"), help: "Bits of a weight's magnitude.")
    var weightBits: UInt32 = 8
    @Option(name: .customLong("cell-bits"), help: "Bits held by one cell; 0: all it can.")
    var cellBits: UInt32 = 0
    @Option(
        name: .customLong("code-max"),
        help: "Largest magnitude of a code; 0: what the slices hold.")
    var codeMax: UInt32 = 0
    @Option(help: "Bank of tiles; else the first.") var bank: String = ""
    @Option(help: "differential or offset.") var mapping: MappingArgument = .differential

    func run() throws {
        try target.run { chip in
            var map = WireMap()
            map.name = name
            map.rows = rows
            map.columns = columns
            map.weightBits = weightBits
            map.cellBits = cellBits
            map.codeMax = codeMax
            map.bank = bank
            map.mapping = mapping.wire
            let state = try chip.withLease { () throws(ChipError) in try chip.map(map) }
            if target.json { return Terminal.print([Codec.json(state)]) }
            Terminal.print(
                Table.pairs([
                    ("matrix", "\(state.matrix)"), ("size", "\(state.rows) × \(state.columns)"),
                    ("bank", state.bank),
                    ("slices", "\(state.slices) × \(state.bitsPerSlice) bit"),
                    ("codes", "-\(state.codeMax) … \(state.codeMax)"),
                    ("ADC full scale", "\(Format.number(state.adcFullScaleUa)) µA"),
                    ("tiles", state.tiles.map(String.init).joined(separator: ", ")),
                ]))
        }
    }
}

struct Unmap: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Gives a matrix's tiles back.",
        discussion: "Takes the lease, unmaps, and gives the lease back.")
    @OptionGroup var target: Target
    @Option(help: "The matrix.") var matrix: UInt32

    func run() throws {
        try target.run { chip in
            let freed = try chip.withLease { () throws(ChipError) in try chip.unmap(matrix) }
            Terminal.print([
                target.json ? "{\"tiles_freed\":\(freed)}" : "\(freed) tiles are free again"
            ])
        }
    }
}

struct Calibrate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Sets the range of a matrix's converters.",
        discussion: "Takes the lease, calibrates, and gives the lease back.")
    @OptionGroup var target: Target
    @Option(help: "The matrix.") var matrix: UInt32
    @Option(
        name: .customLong("full-scale"),
        help: ArgumentHelp("Current at the largest code, above 0.", valueName: "µA"))
    var fullScale: Double

    func run() throws {
        try target.run { chip in
            let result = try chip.withLease { () throws(ChipError) in
                try chip.calibrate(matrix, adcFullScaleMicroamperes: fullScale)
            }
            if target.json { return Terminal.print([Codec.json(result)]) }
            Terminal.print(
                Table.pairs([
                    ("full scale", "\(Format.number(result.adcFullScaleUa)) µA"),
                    ("lsb", "\(Format.number(result.adcLsbUa)) µA"),
                ]))
        }
    }
}
