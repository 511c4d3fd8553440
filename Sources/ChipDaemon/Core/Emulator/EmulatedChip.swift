import Physics
package import Synchronization

/// The emulator: one chip as a deterministic state machine over its stored state.
///
/// Commands and time come in as arguments; draws are functions of (serial, event, cell); nothing
/// here reads a clock, a file or a socket.
///
/// Invariants:
/// 1. A changing command works on a copy of the state, which replaces the state only after the
///    store has committed it: a crash leaves the state before or after, never between.
/// 2. No event number is used twice: change events advance in the command's transaction, sample
///    events are reserved ahead of use. A restored snapshot of its own is the exception: it is to
///    repeat itself.
/// 3. `journal` orders all commits; it is taken before `desk`, never while holding it.
/// 4. `worker` is used by the one thread that carries out this chip's queue.
///
/// - Source: protocol "Exactly once", architecture "Targets and folders".
public final class EmulatedChip: ChipBackend {
    public let serial: UInt32
    public let isEmulator = true
    public let dataSheet: DataSheet
    package let spec: ChipSpec
    package let limits: ChipLimits
    package let store: any ChipStore
    package let desk: Mutex<Desk>
    package let journal = Mutex<Void>(())
    package let worker: Mutex<Worker>
    let wearCache = Mutex(WearCache())

    /// Events reserved for reads and products at each start: at a million products a second they
    /// last twelve days (chosen), so that no product ever waits for the disk.
    static let sampleEventsReserved: UInt64 = 1 << 40

    /// Opens the stored chip, or makes a new one.
    public init(
        serial: UInt32, spec: ChipSpec, store: any ChipStore, limits: ChipLimits, now: HostInstant
    ) throws(ChipFault) {
        self.serial = serial
        self.spec = spec
        self.limits = limits
        self.store = store
        dataSheet = DataSheet(emulating: spec, limits: limits)

        let stored = try Self.storage { () throws(StoreFault) in try store.load() }
        var state: ChipState
        var clock: ChipClock
        let lease: LeaseTable
        let sessions: SessionTable
        if let stored {
            try Self.check(StoredRules.findings(stored, spec), "the stored chip")
            state = ChipState(stored: stored, tiles: spec.tiles)
            clock = ChipClock(record: stored.clock)
            lease = LeaseTable(record: stored.lease, now: now)
            sessions = SessionTable(
                stored: stored, sessionsMax: limits.sessions,
                unacknowledgedMax: limits.unacknowledged)
        } else {
            state = ChipState(tiles: spec.tiles)
            clock = ChipClock(mode: spec.clock, bornAt: now)
            lease = LeaseTable(
                record: LeaseRecord(epoch: 0, holder: nil, termMilliseconds: 0), now: now)
            sessions = SessionTable(
                sessionsMax: limits.sessions, unacknowledgedMax: limits.unacknowledged)
        }
        let firstSampleEvent = state.counters.sampleEventReserved
        state.counters.sampleEventReserved += Self.sampleEventsReserved
        _ = clock.now(now)
        var changes = StoreChanges()
        changes.clock = clock.record
        changes.counters = state.counters
        if stored == nil { changes.lease = lease.record }
        try Self.storage { () throws(StoreFault) in try store.commit(changes) }

        worker = Mutex(
            Worker(spec: spec, serial: serial, state: state, sampleEventNext: firstSampleEvent))
        desk = Mutex(
            Desk(clock: clock, lease: lease, sessions: sessions, running: nil, published: state))
    }

    static func check(_ findings: [String], _ what: String) throws(ChipFault) {
        guard let first = findings.first else { return }
        throw ChipFault(
            .dataLoss, .store, .never, "\(what) is damaged: \(first); see chipd check")
    }

    /// Holds `journal`.
    package func commit(_ changes: StoreChanges) throws(ChipFault) {
        try Self.storage { () throws(StoreFault) in try store.commit(changes) }
    }

    package static func storage<Value>(_ body: () throws(StoreFault) -> Value) throws(ChipFault)
        -> Value
    {
        do {
            return try body()
        } catch {
            throw ChipFault(error)
        }
    }
}
