internal import ArgumentParser
internal import ChipClient
internal import Protocol

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
    @Option(
        help: ArgumentHelp(
            "Sums of the LTM columns, .npy or .csv: [batch, column blocks, polarities, LTM columns].",
            valueName: "file"))
    var ltm: String?
    @Flag(help: "Put out converter codes (i4) instead of products (f4).") var codes = false

    func run() throws {
        let file = try NPYFile(reading: input)
        guard file.shape.count == 1 || file.shape.count == 2, file.values.count > 0 else {
            throw InputError(
                "\(input) has the shape \(file.shape); expected is [batch, rows] or [rows]")
        }
        switch file.values {
        case .u8, .i8, .f32: break
        case .i16, .i32:
            throw InputError(
                "\(input) holds \(file.values.type.label); inputs are u1 or i1 codes "
                    + "(numpy: uint8, int8)")
        }
        if ltm == out { throw ValidationError("--ltm and --out name the same file") }
        var options = MultiplyOptions()
        options.transpose = transpose
        options.bitSerial = bitSerial
        options.output = codes ? .codes : .products
        options.ltm = ltm != nil
        let batch = file.shape.count == 2 ? file.shape[0] : 1
        let outcome = try target.connect().multiply(
            matrix: matrix, inputs: file.values, batch: batch, options: options)
        try ResultFile.write(
            outcome.values, shape: [outcome.batch, outcome.outputs], to: out)
        if let ltm, let sums = outcome.ltm {
            try ResultFile.write(.f32(sums.products), shape: sums.shape, to: ltm)
        }
        var pairs = [("products", "\(outcome.batch) × \(outcome.outputs)")]
        if codes { pairs.append(("lsb", Format.number(outcome.lsb))) }
        pairs.append(("conversions", "\(outcome.conversions), \(outcome.clipped) clipped"))
        if let ltm = outcome.ltm {
            let sums = ltm.shape.map(String.init).joined(separator: " × ")
            pairs.append(("LTM sums", "\(sums), \(ltm.clipped) clipped"))
        }
        if outcome.referencePerInput != 0 {
            pairs.append(("subtracted", "\(Format.number(outcome.referencePerInput)) × Σ inputs"))
        }
        pairs.append(("cost", costLine(outcome.cost)))
        var lines = Table.pairs(pairs)
        lines += outcome.warnings.map { "warning: \($0)" }
        try target.show(
            json: "{\"shape\":[\(outcome.batch),\(outcome.outputs)],\"lsb\":\(outcome.lsb),"
                + "\"conversions\":\(outcome.conversions),\"clipped\":\(outcome.clipped),"
                + "\"reference_per_input\":\(outcome.referencePerInput),"
                + "\"ltm_clipped\":\(outcome.ltm?.clipped ?? 0),"
                + "\"cost\":\(Codec.json(outcome.cost))}",
            lines)
    }
}
