/// What may be asked of a chip at any time, without waiting for its queue: time, lease, sessions,
/// the command that runs, and the latest stored state. Guarded by one lock, held for moments.
package struct Desk: Sendable {
    package struct Running: Sendable {
        package var session: SessionID
        package var sequence: UInt64
    }

    package var clock: ChipClock
    package var lease: LeaseTable
    /// The lease that is being journalled.
    package var leaseNext: LeaseTable?
    package var sessions: SessionTable
    package var running: Running?
    package var published: ChipState

    /// Lets a command start under its stamp. While a lease is being journalled it must be allowed
    /// by both: by the old one, which counts if the journal fails, and by the new one, which may
    /// be on the disk already.
    mutating func start(_ stamp: CommandStamp, now: HostInstant) throws(ChipFault) {
        try lease.check(stamp, now: now)
        try leaseNext?.check(stamp, now: now)
        precondition(running == nil)
        running = Running(session: stamp.session, sequence: stamp.sequence)
    }
}

extension EmulatedChip {
    public func status(session: SessionID, now: HostInstant) -> ChipStatus {
        let (state, time, clock, lease, last) = desk.withLock { desk in
            (
                desk.published, desk.clock.now(now), desk.clock,
                desk.lease.view(for: session, now: now), desk.sessions.last(session)
            )
        }
        let used = state.matrices.values.reduce(0) { $0 + $1.description.tiles.count }
        return ChipStatus(
            stateDigest: StateDigest.of(state), isPowered: state.counters.isPowered,
            chipTime: time, clock: clock.record.mode, lease: lease,
            matrices: state.matrices.values.map(\.description).sorted { $0.id < $1.id },
            tilesFree: spec.matrixTiles - used, tiles: spec.matrixTiles,
            isTruthRevealed: state.counters.isTruthRevealed, sequenceLast: last,
            gtmMicrosiemens: state.counters.gtmMicrosiemens,
            warnings: clock.warnings)
    }

    public func health(now: HostInstant) -> ChipHealth {
        let (state, time) = desk.withLock { ($0.published, $0.clock.now(now)) }
        let wear = wearCache.withLock {
            $0.wear(
                state, spec, fabricatedAs: state.counters.fabricationSerial(own: serial))
        }
        return ChipHealth(
            pulses: state.counters.pulses, cycles: ChipHealth.cycles(wear),
            cells: spec.banks.reduce(0) { $0 + UInt64($1.tiles * $1.cellsPerTile) },
            unverified: state.matrices.values.reduce(0) {
                $0 + UInt64($1.description.weightsUnverified)
            },
            energyPicojoules: state.counters.energyPicojoules,
            latencyNanoseconds: state.counters.latencyNanoseconds, chipTime: time,
            commands: state.counters.commands, banks: ChipHealth.banks(wear, state, spec),
            faults: FaultSentences.of(state, spec))
    }

    public func query(session: SessionID, sequence: UInt64) throws(ChipFault) -> OutcomeState {
        let (known, last, isRunning) = desk.withLock { desk in
            (
                desk.sessions.known(session, sequence), desk.sessions.last(session),
                desk.running.map { $0.session == session && $0.sequence == sequence } ?? false
            )
        }
        switch known {
        case .neverSeen: return isRunning ? .running(last: last) : .neverSeen(last: last)
        case .forgotten: return .forgotten(last: last)
        case .kept:
            let frames = try Self.storage { () throws(StoreFault) in
                try store.reply(session: session, sequence: sequence)
            }
            // Acknowledged between the look-up and the read.
            guard let frames else { return .forgotten(last: last) }
            return .done(frames: frames, last: last)
        }
    }

    // MARK: Lease

    public func acquireLease(session: SessionID, termMilliseconds: UInt64, now: HostInstant)
        throws(ChipFault) -> LeaseGrant
    {
        try changeLease(term: termMilliseconds) { (desk: Desk) throws(ChipFault) in
            try desk.lease.acquired(
                by: session, termMilliseconds: termMilliseconds, isChanging: desk.running != nil,
                now: now)
        }
    }

    public func renewLease(
        session: SessionID, epoch: UInt64, termMilliseconds: UInt64, now: HostInstant
    ) throws(ChipFault) -> LeaseGrant {
        try changeLease(term: termMilliseconds) { (desk: Desk) throws(ChipFault) in
            try desk.lease.renewed(
                by: session, epoch: epoch, termMilliseconds: termMilliseconds, now: now)
        }
    }

    public func releaseLease(session: SessionID, epoch: UInt64, now: HostInstant)
        throws(ChipFault) -> LeaseGrant
    {
        try changeLease(term: 0) { (desk: Desk) throws(ChipFault) in
            try desk.lease.released(by: session, epoch: epoch)
        }
    }

    public func breakLease(now: HostInstant) throws(ChipFault) -> LeaseGrant {
        try changeLease(term: 0) { (desk: Desk) throws(ChipFault) in desk.lease.broken() }
    }

    /// Journals grants, releases and new terms before they are answered; a renewal of the same
    /// term needs no journal, since a restart gives the holder a full term again.
    private func changeLease(
        term: UInt64, _ next: (Desk) throws(ChipFault) -> LeaseTable
    ) throws(ChipFault) -> LeaseGrant {
        guard term <= limits.leaseTermMilliseconds else {
            throw .field("term_ms", "\(term)", allowed: "1 … \(limits.leaseTermMilliseconds)")
        }
        return try journal.withLock { (_) throws(ChipFault) in
            let (before, lease) = try desk.withLock { (desk) throws(ChipFault) in
                let lease = try next(desk)
                desk.leaseNext = lease
                return (desk.lease.record, lease)
            }
            defer { desk.withLock { $0.leaseNext = nil } }
            if lease.record != before {
                var changes = StoreChanges()
                changes.lease = lease.record
                try commit(changes)
            }
            desk.withLock { $0.lease = lease }
            return LeaseGrant(
                epoch: lease.epoch,
                termMilliseconds: lease.holder == nil ? 0 : lease.record.termMilliseconds)
        }
    }

    // MARK: Time

    public func rememberTime(now: HostInstant) throws(ChipFault) -> [String] {
        try journal.withLock { (_) throws(ChipFault) in
            let (clock, counters) = desk.withLock { desk in
                _ = desk.clock.now(now)
                return (desk.clock, desk.published.counters)
            }
            var changes = StoreChanges()
            changes.clock = clock.record
            changes.counters = counters
            try commit(changes)
            return clock.warnings
        }
    }

    public func prepareToClose(now: HostInstant) throws(ChipFault) {
        try journal.withLock { (_) throws(ChipFault) in
            var changes = StoreChanges()
            desk.withLock { desk in
                _ = desk.clock.now(now)
                changes.clock = desk.clock.record
                changes.counters = desk.published.counters
                if desk.lease.holder != nil, !desk.lease.isHeld(now) {
                    changes.lease = desk.lease.broken().record
                }
            }
            try commit(changes)
        }
    }

    /// Chip time, and what is to be said of it.
    package func time(_ now: HostInstant) -> (instant: ChipInstant, warnings: [String]) {
        desk.withLock { desk in (desk.clock.now(now), desk.clock.warnings) }
    }
}
