internal import ArgumentParser
internal import Program
internal import Protocol

/// The operator's tool: looks at a chip, and does by hand what a host does.
@main
struct ChipCtl: RootCommand {
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
}
