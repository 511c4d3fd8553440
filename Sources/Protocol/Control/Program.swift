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
    @Option(
        name: .customLong("confirming-reads"),
        help: "Verifications in band after the first, 0 … 3.")
    var confirmingReads: UInt32 = 0
    @Option(
        help: ArgumentHelp(
            "Priority of each weight, .npy: [rows, columns], f4; the larger the sooner.",
            valueName: "file"))
    var priority: String?
    @Option(
        name: .customLong("budget-pulses"),
        help: "With --priority: pulses that all may take; what is left over is written open loop.")
    var budgetPulses: UInt64 = 0
    @Option(
        name: .customLong("budget-energy"),
        help: ArgumentHelp("With --priority: energy that all may take.", valueName: "pJ"))
    var budgetEnergy: Double = 0
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
        options.confirmingReads = confirmingReads
        options.priority = try priority.map { try Self.priorities($0, shape: file.shape) }
        options.budgetPulses = budgetPulses
        options.budgetPicojoules = budgetEnergy
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
            ("unverified", Self.unverified(r)), ("written open loop", "\(r.written)"),
            ("not attempted", "\(r.notAttempted)"),
            (
                "pulses a cell",
                "mean \(Format.number(r.pulsesMean)), p99 \(r.pulsesP99), max \(r.pulsesMax)"
            ),
            ("cost", costLine(outcome.cost)),
        ])
        lines += outcome.warnings.map { "warning: \($0)" }
        try target.show(json: Codec.json(outcome.result), lines)
    }

    private static func unverified(_ result: WireProgramResult) -> String {
        let reasons = [
            (result.stuckOn, "stuck ON"), (result.stuckOff, "stuck OFF"),
            (result.windowClosed, "no window left"), (result.permanent, "broken line"),
        ].filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
        return "\(result.unverified)"
            + (reasons.isEmpty ? "" : " (\(reasons.joined(separator: ", ")))")
    }

    private static func priorities(_ path: String, shape: [Int]) throws -> [Float] {
        let file = try NPYFile(reading: path)
        guard case .f32(let values) = file.values, file.shape == shape else {
            throw InputError(
                "\(path) has the shape \(file.shape); priorities are f4 of the shape \(shape)")
        }
        return values
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
