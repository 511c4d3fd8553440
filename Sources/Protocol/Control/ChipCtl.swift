internal import ArgumentParser
internal import Protocol

/// The operator's tool: looks at a chip, and does by hand what a host does.
@main
struct ChipCtl: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "chipctl",
        abstract: "Looks at a compute-in-memory chip and operates it by hand.",
        discussion: """
            The daemon is named by --endpoint or by the variable NVCIM_ENDPOINT, as \
            ipc://PATH or tcp://HOST:PORT. \
            Exit statuses are those of firmware-specs/exit-status.md.
            """,
        version: "chipctl \(nvcimVersion)",
        subcommands: [
            Describe.self, Status.self, Health.self, Read.self, Multiply.self, Program.self,
            Pulse.self, Reference.self, Map.self, Unmap.self, Calibrate.self, Lease.self,
            Power.self, Clock.self,
            Fault.self, Snapshot.self, Restore.self, Events.self, Resume.self,
        ])

    /// Runs the command; a failure becomes one sentence and its exit status.
    static func main() {
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch {
            guard let status = ExitStatus(error) else { exit(withError: error) }
            Terminal.error("chipctl: \(error)")
            exit(withError: ExitCode(status.rawValue))
        }
    }
}
