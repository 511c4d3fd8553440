extension EmulatedChip {
    /// Checks in the order of the protocol: stored outcome, sequence, epoch, arguments; then the
    /// work on a copy, one transaction, and only then the answer.
    public func change(
        _ command: ChangeCommand, stamp: CommandStamp, work: WorkContext,
        encode: (ChangeReply) -> [[UInt8]]
    ) throws(ChipFault) -> ChangeAnswer {
        let admission = try desk.withLock { (desk) throws(ChipFault) in
            let admission = try desk.sessions.admit(stamp)
            if case .proceed = admission {
                try desk.lease.check(stamp, now: work.now)
                precondition(desk.running == nil)
                desk.running = Desk.Running(session: stamp.session, sequence: stamp.sequence)
            }
            return admission
        }
        if case .replay = admission { return .replayed(try storedReply(stamp)) }
        defer { desk.withLock { $0.running = nil } }

        let time = desk.withLock { $0.clock.now(work.now) }
        return try worker.withLock { (worker) throws(ChipFault) in
            var next = worker.state
            var changes = StoreChanges()
            let progress = Progress(chip: self, work: work)
            let done = try worker.carryOut(
                command, on: &next, recording: &changes, at: time, limits: limits,
                progress: progress)
            next.counters.commands += 1
            next.counters.spend(done.cost)
            let reply = ChangeReply(
                result: done.result, effect: done.fault == nil ? .full : .partial,
                fault: done.fault, chipTime: time, cost: done.cost, warnings: done.warnings)
            let frames = encode(reply)
            try enter(stamp, frames: frames, state: next, changes: changes)
            worker.adopt(next, changed: changes)
            return .done(frames)
        }
    }

    /// The transaction of a changing command, and what the desk shows from then on.
    private func enter(
        _ stamp: CommandStamp, frames: [[UInt8]], state: ChipState, changes: StoreChanges
    ) throws(ChipFault) {
        try journal.withLock { (_) throws(ChipFault) in
            var changes = changes
            var (sessions, holder, clock) = desk.withLock {
                ($0.sessions, $0.lease.holder, $0.clock.record)
            }
            let (record, forgotten) = sessions.finish(stamp, keeping: holder)
            changes.clock = clock
            changes.counters = state.counters
            changes.session = record
            changes.sessionsForgotten = forgotten
            changes.acknowledged = stamp.acknowledged
            changes.outcome = OutcomeRecord(
                session: stamp.session, sequence: stamp.sequence, digest: stamp.digest,
                frames: frames)
            try commit(changes)
            desk.withLock { desk in
                desk.sessions = sessions
                desk.published = state
            }
        }
    }

    private func storedReply(_ stamp: CommandStamp) throws(ChipFault) -> [[UInt8]] {
        let frames: [[UInt8]]?
        do {
            frames = try store.reply(session: stamp.session, sequence: stamp.sequence)
        } catch {
            throw ChipFault(
                error.isDataLoss ? .dataLoss : .unavailable, .store,
                error.isDataLoss ? .never : .sameRequest, error.message)
        }
        guard let frames else {
            throw ChipFault(
                .dataLoss, .store, .never,
                "the reply of sequence \(stamp.sequence) is missing from the store")
        }
        return frames
    }
}

/// What a running command asks between pulses.
package struct Progress: Sendable {
    private let isCancelled: @Sendable () -> Bool
    package let work: WorkContext

    init(chip: EmulatedChip, work: WorkContext) {
        self.work = work
        isCancelled = { chip.desk.withLock { $0.running?.isCancelled ?? false } }
    }

    /// Why the command has to end now, or `nil`.
    package var stop: ChipFault? {
        if isCancelled() {
            return ChipFault(.cancelled, .cancelledByRequest, .never, "cancelled by its session")
        }
        if work.isPastDeadline() {
            return ChipFault(
                .deadlineExceeded, .deadline, .afterFix, "the deadline passed during the work")
        }
        return nil
    }
}
