/// A reading of the host's clocks, taken by the platform corner of the daemon and handed in:
/// nothing in this module reads a clock.
///
/// | field | meaning                                                      | unit |
/// |-------|--------------------------------------------------------------|------|
/// | wall  | since 1970-01-01 UTC; may be set back by a person            | µs   |
/// | boot  | since the machine started, also while it sleeps; never back  | µs   |
///
/// Chip time follows `wall` (it also runs while the daemon is down); terms and deadlines follow
/// `boot`, so that no simulated clock touches them.
public struct HostInstant: Sendable, Hashable {
    public var wallMicroseconds: Int64
    public var bootMicroseconds: Int64

    public init(wallMicroseconds: Int64, bootMicroseconds: Int64) {
        self.wallMicroseconds = wallMicroseconds
        self.bootMicroseconds = bootMicroseconds
    }
}

/// An instant of the chip's own clock: microseconds since its birth. Integers, because an age is
/// a small difference of large instants; 10^10 s, the longest span of the studies, is 10^16 µs.
public struct ChipInstant: Sendable, Hashable, Comparable {
    public var microseconds: Int64

    public init(microseconds: Int64) {
        precondition(microseconds >= 0)
        self.microseconds = microseconds
    }

    public static let birth = ChipInstant(microseconds: 0)
    public var seconds: Double { Double(microseconds) * 1e-6 }

    /// Age in seconds of something that happened at `past`.
    public func seconds(since past: ChipInstant) -> Double {
        precondition(past <= self)
        return Double(microseconds - past.microseconds) * 1e-6
    }

    public static func < (lhs: ChipInstant, rhs: ChipInstant) -> Bool {
        lhs.microseconds < rhs.microseconds
    }
}
