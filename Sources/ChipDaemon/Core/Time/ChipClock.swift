/// Chip time as a function of the host's wall clock.
///
///     t = anchor + rate · (wall − anchorWall)      mode rate
///     t = anchor                                   mode manual
///
/// Invariants:
/// 1. `now` never returns less than it returned before, also after a restart: it is clamped to
///    `latest`, which is persisted. Only a restored snapshot takes time back.
/// 2. A change of mode or rate moves the anchor to the present: time does not jump.
///
/// - Units: microseconds.
/// - Source: firmware-specs/device.md "Drift"; firmware-specs/wire.md.
package struct ChipClock: Sendable {
    package private(set) var record: ClockRecord
    /// How far the wall clock stands behind the latest instant seen, µs; 0 in the normal case.
    private var setBackMicroseconds: Int64 = 0
    private var isHeld = false
    /// Less is what a clock that is being disciplined moves by (chosen).
    private static let setBackToldMicroseconds: Int64 = 1_000_000

    /// 8·10^18 µs: 250,000 years, beyond which chip time stands still (chosen; Int64 holds 9.2·10^18).
    package static let farthestMicroseconds: Int64 = 8_000_000_000_000_000_000
    private static let farthest = Double(farthestMicroseconds)

    package init(mode: ClockMode, bornAt now: HostInstant) {
        record = ClockRecord(
            mode: mode, anchor: .birth, anchorWallMicroseconds: now.wallMicroseconds,
            latest: .birth)
    }

    package init(record: ClockRecord) {
        self.record = record
    }

    /// Goes on from the latest instant of a record, as if no time had passed since.
    package init(resuming record: ClockRecord, at host: HostInstant) {
        self.record = record
        self.record.anchor = record.latest
        self.record.anchorWallMicroseconds = host.wallMicroseconds
    }

    package mutating func now(_ host: HostInstant) -> ChipInstant {
        guard !isHeld else { return record.latest }
        let unclamped = unclampedMicroseconds(host)
        setBackMicroseconds = max(0, record.latest.microseconds - unclamped)
        if unclamped > record.latest.microseconds {
            record.latest = ChipInstant(microseconds: unclamped)
        }
        return record.latest
    }

    /// Time stands still from now until `run`.
    package mutating func hold(at host: HostInstant) {
        _ = now(host)
        isHeld = true
    }

    package mutating func run() { isHeld = false }

    /// What a host should know of the time.
    package var warnings: [String] {
        guard setBackMicroseconds >= Self.setBackToldMicroseconds else { return [] }
        return [
            "the wall clock was set back: chip time stands still until it has made up for "
                + "\(Double(setBackMicroseconds) / 1e6) s"
        ]
    }

    package mutating func set(_ mode: ClockMode, at host: HostInstant) {
        record.anchor = now(host)
        record.anchorWallMicroseconds = host.wallMicroseconds
        record.mode = mode
    }

    /// - Precondition: the clock is manual, and the result stays below the farthest instant.
    package mutating func advance(seconds: Double) {
        precondition(record.mode == .manual)
        precondition(canAdvance(seconds: seconds))
        let target = record.latest.microseconds + Int64((seconds * 1e6).rounded())
        record.anchor = ChipInstant(microseconds: target)
        record.latest = record.anchor
    }

    package func canAdvance(seconds: Double) -> Bool {
        seconds >= 0 && Double(record.latest.microseconds) + seconds * 1e6 < Self.farthest
    }

    private func unclampedMicroseconds(_ host: HostInstant) -> Int64 {
        guard case .rate(let rate) = record.mode else { return record.anchor.microseconds }
        let passed = max(0, host.wallMicroseconds - record.anchorWallMicroseconds)
        if rate == 1 { return record.anchor.microseconds + passed }
        let instant = Double(record.anchor.microseconds) + rate * Double(passed)
        return Int64(min(instant, Self.farthest))
    }
}
