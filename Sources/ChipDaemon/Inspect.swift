import ArgumentParser
import ChipServer
import Program
import Protocol

struct Check: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Verify a state directory without changing it, also beside a running daemon.",
        version: programVersion)

    @Argument(help: "The state directory.")
    var dir: String

    @Option(help: "Only this chip.")
    var serial: UInt32?

    func run() async throws {
        try await ExitStatus.ending {
            let state = try StateInspection(path: dir, serial: serial)
            var isSound = true
            for serial in state.serials {
                let findings = state.check(serial: serial)
                try Terminal.print(
                    ["chip \(serial): \(findings.isEmpty ? "sound" : "damaged")"]
                        + findings.map { "  \($0)" })
                isSound = isSound && findings.isEmpty
            }
            if state.serials.isEmpty { try Terminal.print(["no chip was used yet"]) }
            if !isSound { throw ExitCode(ExitStatus.data.rawValue) }
        }
    }
}

struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what the stored chips are, without changing them.",
        version: programVersion)

    @Argument(help: "The state directory.")
    var dir: String

    @Option(help: "Only this chip.")
    var serial: UInt32?

    @Flag(help: "Print JSON: a list of chips.")
    var json = false

    func run() async throws {
        try await ExitStatus.ending {
            let state = try StateInspection(path: dir, serial: serial)
            var chips: [ChipSummary] = []
            var failures: [StateError] = []
            for serial in state.serials {
                do throws(StateError) {
                    chips.append(try state.show(serial: serial))
                } catch {
                    failures.append(error)
                }
            }
            if json {
                try Terminal.print([ChipSummary.json(chips)])
            } else if state.serials.isEmpty {
                try Terminal.print(["no chip was used yet"])
            } else {
                try Terminal.print([chips.map(\.table).joined(separator: "\n\n")])
            }
            if let first = failures.first { throw first }
        }
    }
}
