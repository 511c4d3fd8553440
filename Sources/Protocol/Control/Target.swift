internal import ArgumentParser
internal import ChipClient
internal import Glibc
internal import Protocol

/// How a command ended, as the shell sees it (firmware-specs/exit-status.md).
enum Failure {
    static let refused = ExitCode(1)
    static let usage = ExitCode(64)
    static let data = ExitCode(65)
    static let unavailable = ExitCode(69)

    /// One sentence on the standard error, and the status to end with.
    static func end(_ status: ExitCode, _ sentence: String) -> ExitCode {
        Terminal.error("chipctl: \(sentence)")
        return status
    }

    static func end(_ error: ChipError) -> ExitCode {
        switch error {
        case .noAnswer, .lostReply, .transport: end(unavailable, error.description)
        case .endpoint, .argument: end(usage, error.description)
        case .sessionFile: end(data, error.description)
        case .refused, .badReply: end(refused, error.description)
        }
    }
}

enum Terminal {
    static func error(_ line: String) { put(line + "\n", on: STDERR_FILENO) }

    static func print(_ lines: [String]) {
        put(lines.joined(separator: "\n") + "\n", on: STDOUT_FILENO)
    }

    /// Stops quietly when nobody reads: the reader of a pipe may have left.
    private static func put(_ text: String, on descriptor: Int32) {
        var rest = [UInt8](text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }
}

/// Which chip, and how to speak about it.
struct Target: ParsableArguments {
    @Option(help: "The daemon's command endpoint (else NVCIM_ENDPOINT).")
    var endpoint: String?

    @Option(help: "Serial of the chip (else the only one).")
    var chip: UInt32?

    @Flag(help: "Print JSON instead of tables.")
    var json = false

    @Option(help: ArgumentHelp("Seconds without a sign of life until giving up.", valueName: "s"))
    var timeout: Double = 10

    @Option(
        help: ArgumentHelp(
            "File that keeps session, lease and unanswered command between calls.",
            valueName: "file"))
    var session: String?

    func validate() throws {
        guard timeout > 0, timeout <= 86_400 else {
            throw ValidationError("--timeout is \(timeout); it is from above 0 to 86400 seconds")
        }
        if chip == 0 { throw ValidationError("--chip is 0; serials begin at 1") }
    }

    var address: String {
        get throws {
            if let endpoint { return endpoint }
            if let text = getenv("NVCIM_ENDPOINT"), text.pointee != 0 {
                return String(cString: text)
            }
            throw Failure.end(
                Failure.usage, "no endpoint: give --endpoint or set NVCIM_ENDPOINT")
        }
    }

    /// Connects, runs `body`, and turns what goes wrong into a sentence and an
    /// exit status.
    func run(_ body: (ChipConnection) throws -> Void) throws {
        let address = try address
        var options = ChipOptions()
        options.chip = chip ?? 0
        options.failAfter = .seconds(timeout)
        options.warnAfter = .seconds(min(2, timeout / 2))
        options.warn = { Terminal.error("chipctl: \($0)") }
        options.sessionFile = session
        options.client = "chipctl \(nvcimVersion)"
        do {
            try body(try ChipConnection(endpoint: address, options: options))
        } catch let error as ChipError {
            throw Failure.end(error)
        } catch let error as NPYError {
            throw Failure.end(Failure.data, error.description)
        }
    }
}
