internal import ArgumentParser
internal import ChipClient
internal import Protocol

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
        let chip = try target.connect()
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
        try target.show(
            json: Codec.json(state),
            Table.pairs([
                ("matrix", "\(state.matrix)"), ("size", "\(state.rows) × \(state.columns)"),
                ("bank", state.bank),
                ("slices", "\(state.slices) × \(state.bitsPerSlice) bit"),
                ("codes", "-\(state.codeMax) … \(state.codeMax)"),
                ("ADC full scale", "\(Format.number(state.adcFullScaleUa)) µA"),
                ("tiles", Format.ranges(state.tiles)),
            ]))
    }
}

struct Unmap: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Gives a matrix's tiles back.",
        discussion: "Takes the lease, unmaps, and gives the lease back.")
    @OptionGroup var target: Target
    @Option(help: "The matrix.") var matrix: UInt32

    func run() throws {
        let chip = try target.connect()
        let freed = try chip.withLease { () throws(ChipError) in try chip.unmap(matrix) }
        try target.show(json: "{\"tiles_freed\":\(freed)}", ["\(freed) tiles are free again"])
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
        let chip = try target.connect()
        let result = try chip.withLease { () throws(ChipError) in
            try chip.calibrate(matrix, adcFullScaleMicroamperes: fullScale)
        }
        try target.show(
            json: Codec.json(result),
            Table.pairs([
                ("full scale", "\(Format.number(result.adcFullScaleUa)) µA"),
                ("lsb", "\(Format.number(result.adcLsbUa)) µA"),
            ]))
    }
}
