internal import ArgumentParser
internal import ChipClient
internal import Protocol

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
        let chip = try target.connect()
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
        var lines = Table.pairs([
            ("shape", outcome.shape.map(String.init).joined(separator: " × ")),
            ("unit", unit), ("cost", costLine(outcome.cost)),
        ])
        if out == nil { lines += [""] + Self.rows(outcome) }
        let values =
            out == nil
            ? ",\"values\":[\(outcome.values.map { "\($0)" }.joined(separator: ","))]" : ""
        try target.show(
            json: "{\"shape\":\(outcome.shape),\"repeats\":\(outcome.repeats),\"cost\":"
                + "\(Codec.json(outcome.cost))\(values)}",
            lines)
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
