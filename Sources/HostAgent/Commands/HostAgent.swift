import ArgumentParser
import HostKit
import Protocol

/// The edge host: trains a network, puts it on a chip, watches it age, adapts it.
@main
struct HostAgent: ParsableCommand {
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

    /// Runs the command; a failure becomes one sentence and its exit status. What the
    /// options alone tell to be wrong gets a line of usage too.
    static func main() {
        var command: any ParsableCommand
        do {
            command = try parseAsRoot()
        } catch {
            exit(withError: error)
        }
        do {
            try command.run()
        } catch {
            let isUsage = error is ValidationError
            guard let status = isUsage ? .usage : ExitStatus(error) else { exit(withError: error) }
            Output.error("hostagent: \(error)")
            exit(withError: ExitCode(status.rawValue))
        }
    }
}
