internal import ArgumentParser
internal import ChipClient
internal import Protocol

struct Reference: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Writes and reads the cells that tell how far a chip is off.",
        subcommands: [ReferenceProgram.self, ReferenceRead.self])
}

struct ReferenceProgram: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "program",
        abstract: "Writes the GTM, or a matrix's LTM columns, open loop to one conductance.",
        discussion: "Takes the lease, writes, and gives the lease back.")
    @OptionGroup var target: Target
    @Option(help: "The matrix whose LTM columns are written; without it the chip's GTM.")
    var matrix: UInt32?
    @Option(help: ArgumentHelp("Conductance in µS; 0: G_on.", valueName: "µS"))
    var conductance: Double = 0

    func run() throws {
        let chip = try target.connect()
        let (matrix, conductance) = (matrix, conductance)
        let result = try chip.withLease { () throws(ChipError) in
            try chip.programReference(ltmOf: matrix, microsiemens: conductance).result
        }
        try target.show(
            json: Codec.json(result),
            ["\(result.cells) cells at \(Format.number(result.conductanceUs)) µS"])
    }
}

struct ReferenceRead: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "read", abstract: "Sums the currents of the GTM's cells.")
    @OptionGroup var target: Target
    @Option(help: "Read pulses averaged, at least 1.") var repeats = 1

    func validate() throws {
        if repeats < 1 { throw ValidationError("--repeats is \(repeats); allowed: 1 and more") }
    }

    func run() throws {
        let outcome = try target.connect().readReference(repeats: repeats)
        let result = outcome.result
        try target.show(
            json: Codec.json(result),
            Table.pairs([
                ("cells", "\(result.cells)"), ("sum", "\(Format.number(result.sumUa)) µA"),
                ("nominal", "\(Format.number(result.nominalUa)) µA"),
                ("ratio", Format.number(outcome.ratio)),
                ("conversions", "\(result.conversions), \(result.clipped) clipped"),
                ("cost", costLine(outcome.cost)),
            ]))
    }
}
