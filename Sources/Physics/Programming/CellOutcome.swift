/// What became of a cell that a command named.
public enum CellOutcome: UInt8, Sendable, Hashable, CaseIterable {
    case skipped = 0
    /// Written open loop.
    case written
    /// A noisy read was in band: the true error may exceed the tolerance.
    case verified
    /// The pulse limit was reached: the same command may succeed another time.
    case unverified
    /// The command ended before the cell was done.
    case notAttempted
    /// Its life is over; it holds G_on.
    case stuckOn
    /// Its life is over; it holds the fresh G_off.
    case stuckOff
    /// The target lies below G_off(N) by more than the tolerance, or no window is left.
    case windowClosed
    /// A broken line: it will never be reached.
    case permanentFailure

    /// Write-verify did not get there.
    public var isFailure: Bool {
        switch self {
        case .skipped, .written, .verified, .notAttempted: false
        case .unverified, .stuckOn, .stuckOff, .windowClosed, .permanentFailure: true
        }
    }
}
