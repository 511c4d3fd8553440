public import ArgumentParser
internal import Protocol

/// A program: one command, or the root of several.
public protocol RootCommand: ParsableCommand {}

extension RootCommand {
    /// Runs the command that the arguments name; a failure becomes one sentence, which
    /// begins with the program's name, and its exit status. What the options alone tell to
    /// be wrong gets a line of usage too.
    public static func main() {
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
            Terminal.error("\(configuration.commandName ?? ""): \(error)")
            exit(withError: ExitCode(status.rawValue))
        }
    }
}
