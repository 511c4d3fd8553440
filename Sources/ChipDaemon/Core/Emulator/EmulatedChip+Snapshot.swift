import Physics

extension EmulatedChip {
    /// Stores the chip as it is under a name.
    func save(_ name: String, _ now: HostInstant) throws(ChipFault) -> SimulationReply {
        let time = desk.withLock { $0.clock.now(now) }
        let clock = desk.withLock { $0.clock.record }
        return try worker.withLock { (worker) throws(ChipFault) in
            var counters = worker.state.counters
            counters.sampleEventReserved = worker.sampleEventNext
            let snapshot = Snapshot(
                clock: clock, counters: counters, tiles: worker.state.tiles.compactMap { $0 },
                matrices: Array(worker.state.matrices.values),
                faults: Array(worker.state.faults.values))
            try Self.storage { () throws(StoreFault) in
                try store.save(snapshot, named: name)
            }
            return SimulationReply(
                result: .saved(stateDigest: StateDigest.of(worker.state)), chipTime: time)
        }
    }

    /// Makes the chip what it, or another, was when it was saved. Its sessions are forgotten and
    /// its lease ends: what a host knew of the chip is no longer so. The epoch goes on; the record
    /// of revealed truths stays.
    ///
    /// A clone has the cells of the chip that was saved, but draws of its own.
    func restore(_ name: String, from source: UInt32, _ now: HostInstant) throws(ChipFault)
        -> SimulationReply
    {
        let found = try Self.storage { () throws(StoreFault) in
            try store.snapshot(named: name, ofChip: source)
        }
        guard var snapshot = found else {
            throw ChipFault(
                .notFound, .field, .afterFix,
                "name is \"\(name)\"; chip \(source) has no such "
                    + "snapshot")
        }
        try Self.check(StoredRules.findings(snapshot, spec), "the snapshot")
        return try worker.withLock { (worker) throws(ChipFault) in
            if source != serial {
                snapshot.counters.becomeClone(of: source, keeping: worker)
            }
            if worker.state.counters.isTruthRevealed { snapshot.counters.isTruthRevealed = true }
            let firstSampleEvent = snapshot.counters.sampleEventReserved
            snapshot.counters.sampleEventReserved += Self.sampleEventsReserved
            let state = ChipState(snapshot: snapshot, tiles: spec.tiles)
            let clock = ChipClock(resuming: snapshot.clock, at: now)
            try journal.withLock { (_) throws(ChipFault) in
                let lease = desk.withLock { $0.lease }.restarted()
                var changes = StoreChanges()
                changes.replacesAll = true
                changes.clock = clock.record
                changes.counters = state.counters
                changes.lease = lease.record
                changes.tiles = snapshot.tiles
                changes.matrices = snapshot.matrices
                changes.faults = snapshot.faults
                try commit(changes)
                desk.withLock { desk in
                    desk.clock = clock
                    desk.lease = lease
                    desk.sessions = SessionTable(
                        sessionsMax: limits.sessions, unacknowledgedMax: limits.unacknowledged)
                    desk.published = state
                }
            }
            worker = Worker(
                spec: spec, serial: serial, state: state, sampleEventNext: firstSampleEvent)
            return SimulationReply(
                result: .restored(
                    stateDigest: StateDigest.of(state),
                    epoch: desk.withLock { $0.lease.epoch }),
                chipTime: clock.record.latest)
        }
    }
}

extension CounterRecord {
    /// The cells of another chip, and draws that this one has not had yet.
    fileprivate mutating func becomeClone(of source: UInt32, keeping worker: Worker) {
        fabricatedAs = fabricationSerial(own: source)
        changeEventNext = max(changeEventNext, worker.state.counters.changeEventNext)
        sampleEventReserved = max(sampleEventReserved, worker.sampleEventNext)
    }
}
