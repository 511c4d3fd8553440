internal import ArgumentParser
internal import ChipClient
internal import Protocol

struct Clock: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "The simulated clock of the chip.",
        subcommands: [Get.self, Rate.self, Manual.self, Advance.self])

    private static func show(_ clock: WireSimulatedClockResult, _ target: Target) throws {
        let lines = Table.pairs([
            ("mode", clockText(clock.mode, clock.rate)),
            ("chip time", "\(Format.seconds(clock.chipTimeS)) (\(clock.chipTimeS) s)"),
        ])
        try target.show(json: Codec.json(clock), lines)
    }

    struct Get: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Shows mode and chip time.")
        @OptionGroup var target: Target
        func run() throws {
            try Clock.show(target.connect().clock(), target)
        }
    }

    struct Rate: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lets chip time follow the wall clock times a rate.")
        @OptionGroup var target: Target
        @Argument(help: "Seconds of chip time a second, 0 … 1e9.") var rate: Double
        func run() throws {
            try Clock.show(target.connect().setClock(rate: rate), target)
        }
    }

    struct Manual: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lets chip time stand still but for `advance`.")
        @OptionGroup var target: Target
        func run() throws {
            try Clock.show(target.connect().setClockManual(), target)
        }
    }

    struct Advance: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Moves chip time forward.")
        @OptionGroup var target: Target
        @Argument(help: "Seconds of chip time.") var seconds: Double
        func run() throws {
            try Clock.show(target.connect().advanceClock(seconds: seconds), target)
        }
    }
}

func clockText(_ mode: WireClockMode, _ rate: Double) -> String {
    switch mode {
    case .manual: "manual"
    case .rate: "\(Format.number(rate)) × wall clock"
    case .unspecified, .UNRECOGNIZED: "unknown"
    }
}
