public import ArgumentParser
public import ChipServer
import Foundation
import Protocol

struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serve the chips of a state directory until SIGTERM or SIGINT.",
        version: programVersion)

    @Option(help: ArgumentHelp("Where the chips are kept; made where missing.", valueName: "dir"))
    var state: String

    @Option(help: ArgumentHelp("What the chips are made of.", valueName: "spec.yaml"))
    var chip: String

    @Option(help: ArgumentHelp("The command socket: ipc://PATH.", valueName: "endpoint"))
    var listen: String

    @Option(help: ArgumentHelp("The control socket; default: beside it.", valueName: "endpoint"))
    var control: String?

    @Option(help: ArgumentHelp("The events socket; default: beside it.", valueName: "endpoint"))
    var events: String?

    @Option(help: "The serials served, as in 1-200,305.")
    var serials = "1"

    @Flag(
        help: """
            Let hosts move the chip's clock, see its true conductances, break it, save and
            restore it.
            """)
    var simulationControls = false

    @Flag(help: "Allow plain tcp on 127.0.0.1 and [::1].")
    var insecureLoopback = false

    @Flag(
        help: """
            Serve no longer than standard input is open: for a program that starts a daemon of
            its own.
            """)
    var untilInputEnds = false

    @Option(help: "Worker threads; default: one for each processor.")
    var threads: Int?

    @Option(help: "The least that is logged: debug, info, notice, warning, error.")
    var logLevel: Daemon.LogLevel = .info

    func run() async throws {
        try await ExitStatus.ending {
            let configuration = try ServerConfiguration(
                listen: listen, control: control, events: events, serials: serials,
                isSimulationOn: simulationControls, allowsPlainLoopback: insecureLoopback,
                threads: threads ?? ProcessInfo.processInfo.activeProcessorCount)
            if untilInputEnds { InputEnd.terminates() }
            try await Daemon.run(
                configuration, chipFile: chip, statePath: state, logLevel: logLevel)
        }
    }
}

extension Daemon.LogLevel: ExpressibleByArgument {}
