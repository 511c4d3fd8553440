internal import ArgumentParser
internal import ChipClient
internal import Protocol

enum Switch: String, ExpressibleByArgument, CaseIterable {
    case on, off
}

struct Power: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Turns the chip on or off; what is volatile is lost.",
        discussion: "Takes the lease, switches, and gives the lease back.")
    @OptionGroup var target: Target
    @Argument(help: "on or off") var state: Switch

    func run() throws {
        let chip = try target.connect()
        let result = try chip.withLease { () throws(ChipError) in
            try chip.power(on: state == .on)
        }
        let lost = result.matricesLost > 0 ? ", \(result.matricesLost) matrices lost" : ""
        try target.show(
            json: Codec.json(result), ["the chip is \(result.on ? "on" : "off")\(lost)"])
    }
}
