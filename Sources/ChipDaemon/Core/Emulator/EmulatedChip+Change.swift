extension EmulatedChip {
    /// Checks in the order of the protocol: stored outcome, sequence, epoch, deadline, arguments;
    /// then the work on a copy, one transaction, and only then the answer.
    public func change(
        _ command: @autoclosure () throws(ChipFault) -> ChangeCommand, stamp: CommandStamp,
        work: WorkContext,
        encode: (ChangeReply) -> [[UInt8]]
    ) throws(ChipFault) -> ChangeAnswer {
        let admission = try desk.withLock { (desk) throws(ChipFault) in
            let admission = try desk.sessions.admit(stamp)
            if case .proceed = admission {
                try desk.start(stamp, now: work.now)
            }
            return admission
        }
        if case .replay = admission { return .replayed(try storedReply(stamp)) }
        defer { desk.withLock { $0.running = nil } }

        if let stop = work.stop { throw stop }
        let command = try command()
        let (time, warnings) = time(work.now)
        return try worker.withLock { (worker) throws(ChipFault) in
            var next = worker.state
            var changes = StoreChanges()
            let done = try worker.carryOut(
                command, on: &next, recording: &changes, at: time, limits: limits, work: work)
            next.counters.commands += 1
            next.counters.spend(done.cost)
            let reply = ChangeReply(
                result: done.result, effect: done.fault == nil ? .full : .partial,
                fault: done.fault, chipTime: time, cost: done.cost,
                warnings: warnings + done.warnings)
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
        let frames = try Self.storage { () throws(StoreFault) in
            try store.reply(session: stamp.session, sequence: stamp.sequence)
        }
        guard let frames else {
            throw ChipFault(
                .dataLoss, .store, .never,
                "the reply of sequence \(stamp.sequence) is missing from the store")
        }
        return frames
    }
}

extension WorkContext {
    /// Why the command has to end now, or `nil`; asked before it starts and between pulses.
    package var stop: ChipFault? {
        if isCancelled() {
            return ChipFault(.cancelled, .cancelledByRequest, .never, "cancelled by its session")
        }
        if isPastDeadline() {
            return ChipFault(
                .deadlineExceeded, .deadline, .afterFix,
                "the deadline passed before the command was done")
        }
        return nil
    }
}
