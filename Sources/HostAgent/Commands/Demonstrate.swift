import ArgumentParser
import HostKit
import Program
import Protocol

/// The demonstration: everything once, on chips of its own.
struct Demonstrate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract:
            "Puts a network on five simulated chips, ages them, kills the daemon, adapts: one table, one page."
    )

    @OptionGroup var common: CommonOptions

    @Option(help: "Where the demonstration's own daemon listens (default: in a temporary folder).")
    var endpoint: String?
    @Option(help: "One chip with this serial instead of five.")
    var chip: UInt32?
    @Option(
        help: ArgumentHelp(
            "The chips' spec (default: firmware-specs/chips/rram-2b.yaml of the working folder, else "
                + "of the installation).", valueName: "file"))
    var spec: String?
    @Option(help: "The chip daemon (default: beside this program).")
    var chipd: String?
    @Option(help: "The page to write.")
    var report = "demo-report.html"
    @Option(help: "A checkpoint of lenet-8x8 (default: train one).")
    var checkpoint: String?
    @Option(help: "The layer to adapt (default: the first).")
    var layer: String?

    func run() throws {
        try common.start(onOneThread: true)
        try DataFile.checkWritable(report)
        var settings = Demo.Settings(
            daemon: try Installation.daemon(chipd),
            spec: try spec ?? Installation.spec("chips/rram-2b.yaml"))
        settings.endpoint = try endpoint.map(Self.ipc)
        settings.command = CommandLine.arguments.joined(separator: " ")
        settings.checkpoint = checkpoint
        settings.layer = layer
        settings.seed = common.seed
        if let chip { settings.serials = [chip] }
        let (result, measurements) = try Demo(settings) { step in
            Terminal.error("… \(step)")
        }.run()
        try DemoReport(result, measurements).write(to: report)
        try Output.print(DemoOutput(result: result, report: report), json: common.json)
    }
}

extension Demonstrate {
    private static func ipc(_ text: String) throws -> Endpoint {
        let endpoint: Endpoint
        do {
            endpoint = try Endpoint(parsing: text)
        } catch {
            throw ValidationError("\(error)")
        }
        guard endpoint.path != nil else {
            throw ValidationError(
                "--endpoint must be ipc://PATH for the demonstration, not \(text).")
        }
        return endpoint
    }
}

private struct DemoOutput: Encodable, CustomStringConvertible {
    let result: DemoResult
    let report: String

    var description: String { "\(result.text)\nreport: \(report)" }
}
