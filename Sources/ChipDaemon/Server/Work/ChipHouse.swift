internal import ChipCore
internal import Foundation
internal import Logging

/// The chips that a daemon serves: opened at first use, each with its queue.
///
/// Invariants:
/// 1. At most one thread works on a chip (opens it, carries out a command, closes it) at a time:
///    the one that set `isWorking`.
/// 2. Jobs of a chip start in the order in which they came, whoever sent them.
/// 3. At most `openMax` chips are open. The one closed for another has no job, no worker and no
///    desk call, and was used least recently.
/// 4. Every job and every desk call that was accepted is answered once, also when the daemon
///    stops.
package final class ChipHouse: Sendable {
    /// An open chip, and what puts it away.
    struct OpenChip: Sendable {
        var backend: any ChipBackend
        var close: @Sendable () -> Void
    }

    typealias Opener = @Sendable (UInt32) throws(ChipFault) -> OpenChip
    typealias DeskCall = @Sendable (Result<any ChipBackend, ChipFault>) -> Void

    fileprivate struct Slot {
        var chip: OpenChip?
        var jobs: ArraySlice<ChipJob> = []
        var running: ChipJob?
        var isWorking = false
        /// Desk calls that wait for the chip to be opened.
        var callers: [DeskCall] = []
        /// Desk calls inside the chip now.
        var deskUsers = 0
        var lastUse: UInt64 = 0
        var isTimeUnsaved = false

        var isIdle: Bool { !isWorking && jobs.isEmpty && deskUsers == 0 && callers.isEmpty }
    }

    fileprivate struct State {
        var slots: [UInt32: Slot]
        var open = 0
        var uses: UInt64 = 0
        var isStopping = false
    }

    /// Serials served, ascending.
    let serials: [UInt32]
    private let openMax: Int
    private let pool: WorkerPool
    private let clock: HostClock
    private let opener: Opener
    private let logger: Logger
    private let state: Monitor<State>

    /// Chips open at once: each holds a file and up to its whole state in memory.
    package static let openMaxDefault = 64

    init(
        serials: [UInt32], openMax: Int = ChipHouse.openMaxDefault, pool: WorkerPool,
        clock: HostClock, logger: Logger, opener: @escaping Opener
    ) {
        precondition(!serials.isEmpty)
        self.serials = serials.sorted()
        self.openMax = openMax
        self.pool = pool
        self.clock = clock
        self.logger = logger
        self.opener = opener
        state = Monitor(
            State(slots: Dictionary(uniqueKeysWithValues: serials.map { ($0, Slot()) })))
    }

    // MARK: Asking

    /// Puts a job at the end of the chip's queue.
    func enqueue(_ job: ChipJob, serial: UInt32) {
        let isTaken = state.withLock { state in
            guard !state.isStopping else { return false }
            state.use(serial)
            state.change(serial) { $0.jobs.append(job) }
            start(serial, &state)
            return true
        }
        if !isTaken { job.run(.failure(Self.stopping), job.cancelFlag) }
    }

    /// A desk call: made at once on this thread where the chip is open, else by the worker that
    /// opens it, before any job.
    func desk(_ serial: UInt32, _ call: @escaping DeskCall) {
        enum Way {
            case now(any ChipBackend)
            case later
            case never
        }
        let way: Way = state.withLock { state in
            guard !state.isStopping else { return .never }
            state.use(serial)
            return state.change(serial) { slot in
                guard let chip = slot.chip else {
                    slot.callers.append(call)
                    return .later
                }
                slot.deskUsers += 1
                return .now(chip.backend)
            }
        }
        switch way {
        case .now(let backend):
            call(.success(backend))
            leaveDesk(serial, isTimeSaved: false)
        case .later: state.withLock { start(serial, &$0) }
        case .never: call(.failure(Self.stopping))
        }
    }

    /// Asks a waiting or running changing command to end. False: there is none such.
    func cancel(_ serial: UInt32, session: SessionID, sequence: UInt64) -> Bool {
        state.withLock { state in
            guard let slot = state.slots[serial] else { return false }
            let found = ([slot.running].compactMap { $0 } + slot.jobs)
                .first { $0.matches(session, sequence) }
            found?.cancelFlag.raise()
            return found != nil
        }
    }

    /// Whether a changing command waits in the queue or runs.
    func isPending(_ serial: UInt32, session: SessionID, sequence: UInt64) -> Bool {
        state.withLock { state in
            guard let slot = state.slots[serial] else { return false }
            return slot.running?.matches(session, sequence) ?? false
                || slot.jobs.contains { $0.matches(session, sequence) }
        }
    }

    /// Has the time of every chip stored that was used since the last call.
    func rememberTimes() {
        let used = state.withLock { state -> [(UInt32, any ChipBackend)] in
            guard !state.isStopping else { return [] }
            return state.slots.keys.compactMap { serial in
                state.change(serial) { slot in
                    guard slot.isTimeUnsaved, let chip = slot.chip else { return nil }
                    slot.isTimeUnsaved = false
                    slot.deskUsers += 1
                    return (serial, chip.backend)
                }
            }
        }
        for (serial, backend) in used {
            pool.submit {
                let isStored = self.rememberTime(backend)
                self.leaveDesk(serial, isTimeSaved: isStored)
            }
        }
    }

    /// Parts of a command, on as many threads as are free.
    func split(_ count: Int, _ body: @Sendable (Int) -> Void) { pool.split(count, body) }

    // MARK: Stopping

    /// Answers what waits, lets what runs end (after `graceSeconds` it is cancelled), stores the
    /// time of every chip and closes it.
    func stop(graceSeconds: Double) {
        let (jobs, callers) = state.update { state -> ([ChipJob], [DeskCall]) in
            state.isStopping = true
            var jobs: [ChipJob] = []
            var callers: [DeskCall] = []
            for serial in state.slots.keys {
                state.slots[serial]?.jobs.forEach { jobs.append($0) }
                state.slots[serial]?.jobs = []
                callers += state.slots[serial]?.callers ?? []
                state.slots[serial]?.callers = []
            }
            return (jobs, callers)
        }
        for job in jobs { job.run(.failure(Self.stopping), job.cancelFlag) }
        for call in callers { call(.failure(Self.stopping)) }

        let isQuiet = { (state: inout State) -> Void? in
            state.slots.values.allSatisfy { !$0.isWorking && $0.deskUsers == 0 } ? () : nil
        }
        if state.wait(seconds: graceSeconds, for: isQuiet) == nil {
            logger.notice("cancelling the commands that still run")
            state.withLock { $0.slots.values.forEach { $0.running?.cancelFlag.raise() } }
            state.wait(for: isQuiet)
        }
        let chips = state.withLock { state in
            state.slots.keys.compactMap { state.slots[$0]?.chip }
        }
        for chip in chips {
            putAway(chip)
        }
        state.withLock { state in
            for serial in state.slots.keys { state.slots[serial]?.chip = nil }
            state.open = 0
        }
    }

    static let stopping = ChipFault(
        .unavailable, .shuttingDown, .sameRequest, "the daemon is stopping")

    // MARK: Working

    /// Sends a worker to the chip, unless one is there.
    private func start(_ serial: UInt32, _ state: inout State) {
        state.change(serial) { slot in
            guard !slot.isWorking, !slot.jobs.isEmpty || !slot.callers.isEmpty else { return }
            slot.isWorking = true
            pool.submit { self.work(serial) }
        }
    }

    /// One turn at a chip: open it if needed, then one job; then the worker goes to the end of
    /// the pool's line, so that a busy chip does not keep the others waiting.
    private func work(_ serial: UInt32) {
        let isNeeded = state.update { state in
            state.change(serial) { slot in
                slot.isWorking = !slot.jobs.isEmpty || !slot.callers.isEmpty
                return slot.isWorking
            }
        }
        guard isNeeded else { return }
        let chip = Result { () throws(ChipFault) in try openChip(serial) }
        let (callers, job) = state.withLock { state in
            state.change(serial) { slot in
                defer { slot.callers = [] }
                slot.running = slot.jobs.popFirst()
                return (slot.callers, slot.running)
            }
        }
        for call in callers { call(chip.map(\.backend)) }
        job?.run(chip.map(\.backend), job?.cancelFlag ?? CancelFlag())
        state.update { state in
            state.change(serial) { slot in
                slot.running = nil
                slot.isWorking = false
                slot.isTimeUnsaved = slot.chip != nil
            }
            start(serial, &state)
        }
    }

    private func openChip(_ serial: UInt32) throws(ChipFault) -> OpenChip {
        enum Step {
            case ready(OpenChip)
            case open(evicting: (serial: UInt32, chip: OpenChip)?)
            case full
        }
        let step: Step = state.withLock { state in
            if let chip = state.slots[serial]?.chip { return .ready(chip) }
            guard state.open >= openMax else {
                state.open += 1
                return .open(evicting: nil)
            }
            let victim = state.slots.filter { $0.value.chip != nil && $0.value.isIdle }
                .min { $0.value.lastUse < $1.value.lastUse }
            guard let victim, let chip = victim.value.chip else { return .full }
            state.change(victim.key) {
                $0.chip = nil
                $0.isWorking = true
            }
            return .open(evicting: (victim.key, chip))
        }
        switch step {
        case .ready(let chip): return chip
        case .full:
            throw ChipFault(
                .resourceExhausted, .limit, .afterBackoff,
                "\(openMax) chips are open and in use, which is the limit; try again when one "
                    + "is idle")
        case .open(let evicted):
            if let evicted { evict(evicted.serial, evicted.chip) }
            return try openNow(serial)
        }
    }

    /// Invariant 3 counts the chip already.
    private func openNow(_ serial: UInt32) throws(ChipFault) -> OpenChip {
        do {
            let chip = try opener(serial)
            state.withLock { $0.change(serial) { $0.chip = chip } }
            logger.info("opened chip \(serial)")
            return chip
        } catch {
            state.withLock { $0.open -= 1 }
            logger.error("chip \(serial) cannot be opened: \(error.message)")
            throw error
        }
    }

    private func evict(_ serial: UInt32, _ chip: OpenChip) {
        putAway(chip)
        logger.info("closed chip \(serial), which was idle")
        state.update { state in
            state.change(serial) { $0.isWorking = false }
            start(serial, &state)
        }
    }

    private func putAway(_ chip: OpenChip) {
        do {
            try chip.backend.prepareToClose(now: clock.now)
        } catch {
            logTimeLost(chip.backend, error)
        }
        chip.close()
    }

    /// Whether it was stored.
    private func rememberTime(_ backend: any ChipBackend) -> Bool {
        do {
            for warning in try backend.rememberTime(now: clock.now) {
                logger.warning("chip \(backend.serial): \(warning)")
            }
            return true
        } catch {
            logTimeLost(backend, error)
            return false
        }
    }

    private func logTimeLost(_ backend: any ChipBackend, _ fault: ChipFault) {
        logger.warning("the time of chip \(backend.serial) was not stored: \(fault.message)")
    }

    private func leaveDesk(_ serial: UInt32, isTimeSaved: Bool) {
        state.update { state in
            state.change(serial) { slot in
                slot.deskUsers -= 1
                if !isTimeSaved { slot.isTimeUnsaved = slot.chip != nil }
            }
        }
    }
}

extension ChipHouse.State {
    mutating func use(_ serial: UInt32) {
        uses += 1
        let now = uses
        change(serial) { $0.lastUse = now }
    }

    mutating func change<Result>(
        _ serial: UInt32, _ body: (inout ChipHouse.Slot) -> Result
    ) -> Result {
        guard var slot = slots.removeValue(forKey: serial) else {
            preconditionFailure("chip \(serial) is not served")
        }
        defer { slots[serial] = slot }
        return body(&slot)
    }
}
