import ArgumentParser
import HostKit
import Program

/// The edge host: trains a network, puts it on a chip, watches it age, adapts it.
@main
struct HostAgent: RootCommand {
    static let configuration = CommandConfiguration(
        commandName: "hostagent",
        abstract: "Trains a network, puts it on a compute-in-memory chip, evaluates and adapts it.",
        discussion: "Exit statuses are those of firmware-specs/exit-status.md.",
        version: HostKit.version,
        subcommands: [
            Demonstrate.self, Train.self, Deploy.self, Evaluate.self, Adapt.self, Cost.self,
            DataCommands.self,
            Experiments.self,
        ])
}
