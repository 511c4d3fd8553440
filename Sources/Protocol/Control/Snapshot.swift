internal import ArgumentParser
internal import ChipClient
internal import Protocol

struct Snapshot: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Stores the simulated chip as it is under a name.")
    @OptionGroup var target: Target
    @Argument(help: "Letters, digits, '-', '_' and '.'.") var name: String

    func run() throws {
        let result = try target.connect().saveSnapshot(name)
        try target.show(
            json: Codec.json(result),
            Table.pairs([("saved", name), ("state digest", Format.hex(result.stateDigest))]))
    }
}

struct Restore: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Makes the simulated chip what it, or another, was when it was saved.",
        discussion: "Its sessions are forgotten and its lease ends.")
    @OptionGroup var target: Target
    @Argument(help: "The name it was saved under.") var name: String
    @Option(help: "Take the snapshot of this chip: the chip becomes its clone.")
    var from: UInt32 = 0

    func run() throws {
        let result = try target.connect().restoreSnapshot(name, fromChip: from)
        try target.show(
            json: Codec.json(result),
            Table.pairs([
                ("restored", name), ("state digest", Format.hex(result.stateDigest)),
                ("lease", "free (epoch \(result.epoch))"),
            ]))
    }
}
