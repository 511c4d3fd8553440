internal import ArgumentParser
internal import ChipClient
internal import Glibc
internal import Program
internal import Protocol

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

    @Flag(help: "Wait, until the timeout, for a daemon that is not there.")
    var wait = false

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

    private var address: String {
        get throws {
            if let endpoint { return endpoint }
            if let text = getenv("NVCIM_ENDPOINT"), text.pointee != 0 {
                return String(cString: text)
            }
            throw ChipError.endpoint("no endpoint: give --endpoint or set NVCIM_ENDPOINT")
        }
    }

    func connect() throws -> ChipConnection {
        var options = ChipOptions()
        options.chip = chip ?? 0
        options.failAfter = .seconds(timeout)
        options.warnAfter = .seconds(min(2, timeout / 2))
        options.waitsForDaemon = wait
        options.warn = { Terminal.error("chipctl: \($0)") }
        options.sessionFile = session
        options.client = "chipctl \(nvcimVersion)"
        return try ChipConnection(endpoint: try address, options: options)
    }

    /// For commands that make no sense without a session of their own.
    func requireSession() throws {
        guard session != nil else {
            throw ValidationError("give --session FILE: a lease belongs to a session")
        }
    }

    /// Prints the result for a program, or for a person.
    func show(
        json object: @autoclosure () -> String, _ lines: @autoclosure () -> [String]
    ) throws {
        try Terminal.print(json ? [object()] : lines())
    }
}
