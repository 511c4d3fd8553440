public import Protocol

extension ChipConnection {
    /// Takes the right to change the chip, and keeps it by renewals in the
    /// background until `releaseLease()`, the next call of this function or the end
    /// of the connection. Leases of other chips that a session file holds run out by
    /// themselves: whoever took them decides.
    ///
    /// - Parameters:
    ///   - chips: the chips to take together; empty: the connection's.
    ///   - waits: whether to try again, until the fail-after time, while another
    ///     host holds it.
    ///   - renews: false where the host wants the term to run out.
    @discardableResult
    public func acquireLease(
        chips: [UInt32] = [], termMilliseconds: UInt32? = nil, waits: Bool = false,
        renews: Bool = true
    ) throws(ChipError) -> [WireLeaseGrant] {
        var acquire = WireLeaseAcquire()
        acquire.chips = chips
        acquire.termMs = termMilliseconds ?? options.leaseTermMilliseconds
        let grants = try lease(.leaseAcquire(acquire), retries: waits)
        for grant in grants { try keep(grant.epoch, of: grant.chip) }
        keeper?.stop()
        keeper = nil
        if renews {
            keeper = try LeaseKeeper(
                LeaseKeeper.Terms(
                    endpoint: control.endpoint, session: session,
                    termMilliseconds: acquire.termMs,
                    epochs: Dictionary(
                        grants.map { ($0.chip, $0.epoch) }, uniquingKeysWith: max)))
        }
        return grants
    }

    @discardableResult
    public func renewLease(
        termMilliseconds: UInt32? = nil
    ) throws(ChipError) -> [WireLeaseGrant] {
        var renew = WireLeaseRenew()
        renew.termMs = termMilliseconds ?? options.leaseTermMilliseconds
        return try lease(.leaseRenew(renew))
    }

    /// Gives the right back. Harmless when it is not held.
    public func releaseLease() throws(ChipError) {
        keeper?.stop()
        keeper = nil
        _ = try lease(.leaseRelease(WireLeaseRelease()))
        try keep(0, of: chip)
    }

    private func endLease(keeps: Bool) throws(ChipError) {
        guard keeps else { return try releaseLease() }
        keeper?.stop()
        keeper = nil
    }

    /// Ends any host's lease: the operator's way out.
    @discardableResult
    public func breakLease() throws(ChipError) -> [WireLeaseGrant] {
        try lease(.leaseBreak(WireLeaseBreak()))
    }

    /// Takes the lease, runs `body`, gives it back whatever happened. A lease that
    /// the session held before is kept for the rest of its term.
    public func withLease<R>(
        termMilliseconds: UInt32? = nil, waits: Bool = false,
        _ body: () throws(ChipError) -> R
    ) throws(ChipError) -> R {
        var term = termMilliseconds ?? options.leaseTermMilliseconds
        var wasHeld = false
        if epoch > 0 {
            let lease = try status().lease
            wasHeld = lease.yours
            if wasHeld { term = max(term, UInt32(clamping: lease.remainingMs)) }
        }
        try acquireLease(termMilliseconds: term, waits: waits)
        let result: R
        do throws(ChipError) {
            result = try body()
        } catch {
            // The first error is the one to tell.
            try? endLease(keeps: wasHeld)
            throw error
        }
        try endLease(keeps: wasHeld)
        return result
    }

    /// The epoch under which changing commands are sent; 0: no lease was taken.
    public var epoch: UInt64 { epochs[chip] ?? 0 }

    /// Why renewal of this chip's lease in the background ended; nil while all is
    /// well.
    public var leaseLost: String? { keeper?.lost(chip) }

    private func keep(_ epoch: UInt64, of serial: UInt32) throws(ChipError) {
        epochs[serial] = epoch > 0 ? epoch : nil
        try sessionFile?.update(serial) { $0.epoch = epoch }
    }

    private func lease(
        _ command: WireRequest.OneOf_Command, retries: Bool = true
    ) throws(ChipError) -> [WireLeaseGrant] {
        let answer = try ask(command, epoch: epoch, retries: retries)
        guard case .lease(let result) = answer.reply.result else {
            throw .badReply(command: command.traits.name, sentence: "it carries another result")
        }
        return result.grants
    }
}
