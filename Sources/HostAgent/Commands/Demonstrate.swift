import ArgumentParser
import Foundation
import HostKit

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
    @Option(help: "The chips' spec.")
    var spec = "firmware-specs/chips/rram-2b.yaml"
    @Option(help: "The chip daemon (default: beside this program).")
    var chipd: String?
    @Option(help: "The page to write.")
    var report = "demo-report.html"
    @Option(help: "A checkpoint of lenet-8x8 (default: train one).")
    var checkpoint: String?
    @Option(help: "The layer to adapt (default: the first).")
    var layer: String?

    func run() throws {
        try common.start()
        let beside = Bundle.main.executableURL?.deletingLastPathComponent()
            .appendingPathComponent("chipd").path
        var settings = Demo.Settings(daemon: chipd ?? beside ?? "chipd", spec: spec)
        settings.endpoint = endpoint
        settings.checkpoint = checkpoint
        settings.layer = layer
        settings.seed = common.seed
        if let chip { settings.serials = [chip] }
        let (result, measurements) = try Demo(settings) { step in
            FileHandle.standardError.write(Data("… \(step)\n".utf8))
        }.run()
        try DemoReport(result, measurements).write(to: report)
        try Output.print(DemoOutput(result: result, report: report), json: common.json)
    }
}

private struct DemoOutput: Encodable, CustomStringConvertible {
    let result: DemoResult
    let report: String

    var description: String { "\(result.text)\nreport: \(report)" }
}
