internal import ArgumentParser
internal import ChipClient
internal import Protocol

enum FaultArgument: String, ExpressibleByArgument, CaseIterable {
    case stuckOn = "stuck-on"
    case stuckOff = "stuck-off"
    case deadWordLine = "dead-word-line"
    case deadBitLine = "dead-bit-line"
    case adcOffset = "adc-offset"
    case clear

    /// `nil`: clears.
    var wire: WireSimulatedFault.Kind? {
        switch self {
        case .stuckOn: .stuckOn
        case .stuckOff: .stuckOff
        case .deadWordLine: .deadWordLine
        case .deadBitLine: .deadBitLine
        case .adcOffset: .adcOffset
        case .clear: nil
        }
    }
}

struct Fault: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Breaks cells, lines or converters of the simulated chip, or mends all.",
        discussion: "The same seed breaks the same parts. `health` lists what is broken.")
    @OptionGroup var target: Target
    @Argument(
        help: """
            stuck-on, stuck-off, dead-word-line, dead-bit-line, adc-offset, or clear, which \
            mends everything.
            """)
    var kind: FaultArgument
    @Option(help: "Bank whose tiles are drawn from (else all analog banks).")
    var bank: String = ""
    @Option(help: "A tile to draw from; may be given several times (else all of the bank).")
    var tile: [UInt32] = []
    @Option(help: "How many, exactly, of those that are sound.") var count: UInt64 = 0
    @Option(help: "Probability of each one, 0 … 1, in place of a count.")
    var probability: Double = 0
    @Option(help: "Seed of the draw.") var seed: UInt64 = 0
    @Option(help: ArgumentHelp("With adc-offset: added to each code.", valueName: "lsb"))
    var offset: Double = 0

    func run() throws {
        var fault = WireSimulatedFault()
        if let wire = kind.wire { fault.kind = wire } else { fault.clear = true }
        fault.bank = bank
        fault.tiles = tile
        fault.count = count
        fault.probability = probability
        fault.seed = seed
        fault.offsetLsb = offset
        let result = try target.connect().fault(fault)
        try target.show(
            json: Codec.json(result),
            Table.pairs([("added", "\(result.added)"), ("in all", "\(result.total)")]))
    }
}
