internal import ArgumentParser
internal import ChipClient
internal import Protocol

struct Pulse: ParsableCommand {
    enum Direction: String, ExpressibleByArgument, CaseIterable {
        case set, reset, alternating

        var wire: WirePulse.Direction {
            switch self {
            case .set: .set
            case .reset: .reset
            case .alternating: .alternating
            }
        }
    }

    static let configuration = CommandConfiguration(
        abstract: "Plays a train of equal pulses on a tile, without looking.",
        discussion: """
            Takes the lease, pulses, and gives the lease back. Without a region every cell of \
            the tile gets the train.
            """)
    @OptionGroup var target: Target
    @Option(help: "The tile.") var tile: UInt32
    @Option(help: "What the pulses do: set, reset, or both in turn.")
    var direction: Direction = .alternating
    @Option(help: "Pulses of each cell.") var pulses: UInt32
    @Option(help: "Amplitude: the share of the window that the first pulse moves a cell by.")
    var step: Double = 0.1
    @Option(help: ArgumentHelp("Rectangle ROW,COLUMN,ROWS,COLUMNS.", valueName: "r,c,n,m"))
    var region: RegionArgument?

    func run() throws {
        var pulse = WirePulse()
        pulse.tile = tile
        pulse.direction = direction.wire
        pulse.pulses = pulses
        pulse.step = step
        if let region { pulse.region = region.region }
        let train = pulse
        let chip = try target.connect()
        let cells = try chip.withLease { () throws(ChipError) in try chip.pulse(train) }
        var result = WirePulseResult()
        result.cells = cells
        try target.show(
            json: Codec.json(result), ["\(pulses) pulses on each of \(cells) cells"])
    }
}
