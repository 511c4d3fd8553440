import ArgumentParser
import Glibc

/// The chip daemon: serves emulated compute-in-memory chips, and looks at their state.
@main
struct Chipd: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "chipd",
        abstract: "Serves emulated compute-in-memory chips over ZeroMQ.",
        discussion: "Exit statuses are those of firmware-specs/exit-status.md.",
        version: programVersion,
        subcommands: [Serve.self, Check.self, Show.self])

    static func main() async {
        // Before any file or socket is made: a state belongs to its owner alone.
        umask(0o077)
        // A closed stderr must not end a daemon that has chips to store.
        signal(SIGPIPE, SIG_IGN)
        await main(nil)
    }
}
