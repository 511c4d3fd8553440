package import ChipCore
internal import Glibc

/// The machine's clocks: the only place of the daemon that reads them.
public struct HostClock: Sendable {
    private let read: @Sendable () -> HostInstant

    /// `CLOCK_BOOTTIME` for terms and deadlines, because the monotonic clock of Linux stands
    /// still while the machine sleeps, and the others' clocks do not.
    public static let system = HostClock {
        HostInstant(
            wallMicroseconds: microseconds(CLOCK_REALTIME),
            bootMicroseconds: microseconds(CLOCK_BOOTTIME))
    }

    package init(_ read: @escaping @Sendable () -> HostInstant) { self.read = read }

    package var now: HostInstant { read() }

    private static func microseconds(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        let result = clock_gettime(clock, &time)
        precondition(result == 0, "the system has no clock \(clock)")
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000
    }
}
