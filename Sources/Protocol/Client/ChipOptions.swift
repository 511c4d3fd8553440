internal import Protocol

/// How a connection behaves. There are two timers and no others: after the first
/// the caller is warned and the daemon is asked what became of the command,
/// after the second the call fails.
public struct ChipOptions: Sendable {
    /// Serial of the chip; 0: the only one that the daemon serves.
    public var chip: UInt32 = 0
    /// The control endpoint; nil: as the daemon says in its `hello`.
    public var control: String?
    /// Without any answer for so long, `warn` is called.
    public var warnAfter: Duration = .seconds(5)
    /// Without any sign of life for so long, the call throws.
    public var failAfter: Duration = .seconds(60)
    /// Whether to wait, until the fail-after time, for a daemon whose ipc socket is
    /// absent or refuses: it may be starting again.
    public var waitsForDaemon = false
    /// A sentence for a person; called on the connection's thread.
    public var warn: (@Sendable (String) -> Void)?
    /// Where session, epoch and unanswered command are kept, so that a host that
    /// was killed learns what became of its last command. Nil: a new session.
    public var sessionFile: String?
    /// The term of leases; renewed in the background at a third of it.
    public var leaseTermMilliseconds: UInt32 = 30_000
    /// Deadline of commands that occupy the chip, in milliseconds; 0: none.
    public var deadlineMilliseconds: UInt32 = 0
    /// Requests in flight, at most what the daemon publishes.
    public var inFlight = 8
    /// Name and version of the program, for the daemon's log.
    public var client = "nvcim \(nvcimVersion)"
    /// The clock that answers are waited for by; a test moves it.
    package var clock: @Sendable () -> ContinuousClock.Instant = { .now }

    public init() {}
}
