/// The exclusive right to change one chip. A pure state machine on the boot clock.
///
/// Invariants:
/// 1. The epoch only grows, and grows at each grant to another session or after a release.
/// 2. At most one session holds the lease.
/// 3. A grant is journalled before it is answered: the caller commits `record` first.
///
/// - Source: protocol "Time and leases".
package struct LeaseTable: Sendable {
    package private(set) var record: LeaseRecord
    private var expiresBootMicroseconds: Int64

    /// After a restart the holder has a full term again.
    package init(record: LeaseRecord, now: HostInstant) {
        self.record = record
        expiresBootMicroseconds = now.bootMicroseconds + Int64(record.termMilliseconds) * 1000
    }

    package var epoch: UInt64 { record.epoch }
    package var holder: SessionID? { record.holder }

    package func remainingMilliseconds(_ now: HostInstant) -> UInt64 {
        guard record.holder != nil else { return 0 }
        return UInt64(max(0, expiresBootMicroseconds - now.bootMicroseconds) / 1000)
    }

    package func isHeld(_ now: HostInstant) -> Bool {
        record.holder != nil && expiresBootMicroseconds > now.bootMicroseconds
    }

    package func view(for session: SessionID, now: HostInstant) -> LeaseView {
        let held = isHeld(now)
        return LeaseView(
            isHeld: held, epoch: record.epoch, remainingMilliseconds: remainingMilliseconds(now),
            isYours: held && record.holder == session)
    }

    /// The table after `session` was given the lease, or why it is not.
    ///
    /// - Parameter isChanging: a changing command runs now; a new epoch waits for its end.
    package func acquired(
        by session: SessionID, termMilliseconds: UInt64, isChanging: Bool, now: HostInstant
    ) throws(ChipFault) -> LeaseTable {
        if record.holder == session { return renewed(termMilliseconds, now: now) }
        if isHeld(now) { throw heldFault(now, "another session holds the lease") }
        if isChanging {
            throw heldFault(now, "a command under the lease before this one is still running")
        }
        var next = self
        next.record.epoch += 1
        next.record.holder = session
        return next.renewed(termMilliseconds, now: now)
    }

    package func renewed(
        by session: SessionID, epoch: UInt64, termMilliseconds: UInt64, now: HostInstant
    ) throws(ChipFault) -> LeaseTable {
        try checkHolder(session, epoch: epoch)
        return renewed(termMilliseconds, now: now)
    }

    /// Releasing what is not held is no error: a repeat of a release finds it gone.
    package func released(by session: SessionID, epoch: UInt64) throws(ChipFault) -> LeaseTable {
        guard record.holder != nil else { return self }
        try checkHolder(session, epoch: epoch)
        return broken()
    }

    package func broken() -> LeaseTable {
        var next = self
        next.record.holder = nil
        next.record.termMilliseconds = 0
        return next
    }

    /// Nobody's, under an epoch that no host was given.
    package func restarted() -> LeaseTable {
        var next = broken()
        next.record.epoch += 1
        return next
    }

    /// Whether a changing command may start.
    package func check(_ stamp: CommandStamp, now: HostInstant) throws(ChipFault) {
        guard stamp.epoch != 0 else {
            throw ChipFault(
                .failedPrecondition, .noLease, .afterFix,
                "epoch is 0; a changing command needs the lease: acquire it and send its epoch")
        }
        try checkHolder(stamp.session, epoch: stamp.epoch)
        guard isHeld(now) else {
            throw ChipFault(
                .leaseLost, .noLease, .afterFix,
                "the lease of epoch \(stamp.epoch) has run out; acquire it again")
        }
    }

    private func checkHolder(_ session: SessionID, epoch: UInt64) throws(ChipFault) {
        guard record.holder != nil else {
            throw ChipFault(
                .leaseLost, .noLease, .afterFix,
                "nobody holds the lease (latest epoch \(record.epoch)); acquire it")
        }
        guard record.holder == session else {
            throw ChipFault(
                .leaseLost, .leaseOfAnother, .never,
                "epoch is \(epoch), but another session holds the lease with epoch "
                    + "\(record.epoch)")
        }
        guard epoch == record.epoch else {
            throw ChipFault(
                .leaseLost, .epochOld, .afterFix,
                "epoch is \(epoch); the lease is held with epoch \(record.epoch)")
        }
    }

    private func renewed(_ termMilliseconds: UInt64, now: HostInstant) -> LeaseTable {
        var next = self
        next.record.termMilliseconds = termMilliseconds
        next.expiresBootMicroseconds = now.bootMicroseconds + Int64(termMilliseconds) * 1000
        return next
    }

    private func heldFault(_ now: HostInstant, _ why: String) -> ChipFault {
        let remaining = remainingMilliseconds(now)
        var fault = ChipFault(
            .leaseHeld, .leaseOfAnother, .afterBackoff,
            "\(why) (epoch \(record.epoch), \(remaining) ms left)")
        fault.leaseRemainingMilliseconds = remaining
        return fault
    }
}
