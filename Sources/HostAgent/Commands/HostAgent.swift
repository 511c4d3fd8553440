import ArgumentParser
import HostKit

/// The edge host: trains a network, puts it on a chip, watches it age, adapts it.
@main
struct HostAgent: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hostagent",
        abstract: "Trains a network, puts it on a compute-in-memory chip, evaluates and adapts it.",
        version: HostKit.version,
        subcommands: [Demonstrate.self, Train.self, Deploy.self, Evaluate.self, Adapt.self])
}
