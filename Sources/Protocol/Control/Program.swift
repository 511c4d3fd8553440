internal import ArgumentParser
internal import ChipClient
internal import Protocol

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
        let file = try NPYFile(reading: input)
        guard file.shape.count == 2 else {
            throw InputError(
                "\(input) has the shape \(file.shape); expected is [rows, columns]")
        }
        let chip = try target.connect()
        let state = try chip.matrixState(matrix)
        guard file.shape == [Int(state.rows), Int(state.columns)] else {
            throw InputError(
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
        target.show(json: Codec.json(outcome.result), lines)
    }

    /// i8 and i16 as they are; wider numbers where each fits i16.
    private static func codes(_ values: TensorValues, name: String) throws -> TensorValues {
        switch values {
        case .i8, .i16: return values
        case .u8, .i32, .f32:
            guard let integers = values.integers else {
                throw InputError(
                    "\(name) holds numbers that are not integers")
            }
            var codes: [Int16] = []
            codes.reserveCapacity(integers.count)
            for integer in integers {
                guard let code = Int16(exactly: integer) else {
                    throw InputError(
                        "\(name) holds the code \(integer), which i2 cannot hold")
                }
                codes.append(code)
            }
            return .i16(codes)
        }
    }
}
