internal import ChipCore
internal import Protocol

/// Requests that are answered without waiting for a chip's work.
extension Dispatcher {
    func atDesk(_ request: IncomingRequest, serial: UInt32, answer: Answer) throws(WireError) {
        try TensorArguments(request).finish()
        if case .leaseAcquire(let acquire) = request.command {
            return try acquireLeases(acquire, serial: serial, answer: answer)
        }
        house.desk(serial) { chip in
            do throws(ChipFault) {
                self.answerDesk(try chip.get(), answer)
            } catch {
                answer.refuse(error)
            }
        }
    }

    private func answerDesk(_ chip: any ChipBackend, _ answer: Answer) {
        let request = answer.request
        let session = SessionID([UInt8](request.request.session))
        answer.sendTensors { reply throws(WireError) in
            switch request.command {
            case .describe:
                reply.describe = WireDescribeResult(
                    chip.dataSheet, chip: chip.serial, endpoints: self.hello.endpoints)
            case .status:
                let status = chip.status(session: session ?? .nobody, now: self.clock.now)
                reply.status = WireStatusResult(status)
                reply.chipTimeS = status.chipTime.seconds
                reply.warnings = status.warnings
            case .health:
                let health = chip.health(now: self.clock.now)
                reply.health = WireHealthResult(health)
                reply.chipTimeS = health.chipTime.seconds
            case .leaseRenew, .leaseRelease, .leaseBreak:
                let grant = try self.changeLease(of: chip, request, session ?? .nobody)
                reply.lease.grants = [WireLeaseGrant(grant, chip: chip.serial)]
            case .query(let query):
                return try self.answer(query, chip, session ?? .nobody, into: &reply)
            case .cancel(let cancel):
                reply.cancel.requested = self.house.cancel(
                    chip.serial, session: session ?? .nobody, sequence: cancel.sequence)
            default:
                preconditionFailure("\(request.command.traits.name) is no desk call")
            }
            return []
        }
    }

    // MARK: Exactly once

    private func answer(
        _ query: WireQuery, _ chip: any ChipBackend, _ session: SessionID,
        into reply: inout WireReply
    ) throws(WireError) -> [Frame] {
        var state: OutcomeState
        do throws(ChipFault) {
            state = try chip.query(session: session, sequence: query.sequence)
        } catch {
            throw WireError(error)
        }
        // To the host a command in the queue is as good as running: it will get its answer.
        if case .neverSeen(let last) = state,
            house.isPending(chip.serial, session: session, sequence: query.sequence)
        {
            state = .running(last: last)
        }
        guard let (result, tensors) = WireQueryResult.make(state) else {
            throw .make(
                .dataLoss, .store, retry: .never,
                "the stored reply of sequence \(query.sequence) cannot be read")
        }
        reply.query = result
        return tensors
    }

    // MARK: Lease

    private func changeLease(
        of chip: any ChipBackend, _ request: IncomingRequest, _ session: SessionID
    ) throws(WireError) -> LeaseGrant {
        let now = clock.now
        let epoch = request.request.epoch
        do throws(ChipFault) {
            switch request.command {
            case .leaseRenew(let renew):
                return try chip.renewLease(
                    session: session, epoch: epoch, termMilliseconds: try Self.term(renew.termMs),
                    now: now)
            case .leaseRelease:
                let grant = try chip.releaseLease(session: session, epoch: epoch, now: now)
                publishLease(chip.serial, grant, "released")
                return grant
            default:
                let grant = try chip.breakLease(now: now)
                logger.notice("the lease of chip \(chip.serial) was broken by an operator")
                publishLease(chip.serial, grant, "broken")
                return grant
            }
        } catch {
            throw WireError(error)
        }
    }

    private static func term(_ milliseconds: UInt32) throws(ChipFault) -> UInt64 {
        guard (1 ... Limits.leaseTermMilliseconds).contains(Int(milliseconds)) else {
            throw .field(
                "term_ms", "\(milliseconds)", allowed: "1 … \(Limits.leaseTermMilliseconds)")
        }
        return UInt64(milliseconds)
    }

    private func acquireLeases(
        _ acquire: WireLeaseAcquire, serial: UInt32, answer: Answer
    ) throws(WireError) {
        let term: UInt64
        do throws(ChipFault) {
            term = try Self.term(acquire.termMs)
        } catch {
            throw WireError(error)
        }
        guard acquire.chips.count <= house.serials.count else {
            throw .field(
                "chips has \(acquire.chips.count) entries; this daemon serves "
                    + "\(house.serials.count) chips")
        }
        for chip in acquire.chips { try check(chip) }
        guard let session = SessionID([UInt8](answer.request.request.session)) else {
            throw .field("session is missing")
        }
        // Ascending and each once: two hosts that want the same chips cannot each get half.
        let chips = acquire.chips.isEmpty ? [serial] : Set(acquire.chips).sorted()
        LeaseRound(dispatcher: self, session: session, term: term, answer: answer)
            .next(chips[...], got: [])
    }

    fileprivate func publishLease(_ serial: UInt32, _ grant: LeaseGrant, _ text: String) {
        var event = WireEvent()
        event.kind = .lease
        event.chip = serial
        event.epoch = grant.epoch
        event.text = text
        events?.publish(event)
    }
}

extension SessionID {
    /// Stands for a request without a session: no chip ever granted it anything.
    fileprivate static let nobody: SessionID = {
        guard let session = SessionID([UInt8](repeating: 0, count: 16)) else {
            preconditionFailure("sixteen bytes make a session")
        }
        return session
    }()
}

/// One `lease.acquire` over several chips, in the order of their serials: all or none.
///
/// Each chip is asked when it is open; none is waited for.
private struct LeaseRound: Sendable {
    struct Got: Sendable {
        var serial: UInt32
        var grant: LeaseGrant
        /// The session held it before: it is not given back when a later one fails.
        var wasHeld: Bool
    }

    let dispatcher: Dispatcher
    let session: SessionID
    let term: UInt64
    let answer: Answer

    func next(_ chips: ArraySlice<UInt32>, got: [Got]) {
        guard let serial = chips.first else { return finish(got) }
        dispatcher.house.desk(serial) { chip in
            let outcome = Result { () throws(ChipFault) in
                let chip = try chip.get()
                let now = dispatcher.clock.now
                let before = chip.status(session: session, now: now).lease
                let grant = try chip.acquireLease(
                    session: session, termMilliseconds: term, now: now)
                return Got(serial: serial, grant: grant, wasHeld: before.isYours)
            }
            switch outcome {
            case .success(let step): next(chips.dropFirst(), got: got + [step])
            case .failure(let fault): giveBack(got[...], because: fault)
            }
        }
    }

    private func finish(_ got: [Got]) {
        for step in got where !step.wasHeld {
            dispatcher.publishLease(step.serial, step.grant, "granted")
        }
        answer.send { reply in
            reply.lease.grants = got.map { WireLeaseGrant($0.grant, chip: $0.serial) }
        }
    }

    private func giveBack(_ got: ArraySlice<Got>, because fault: ChipFault) {
        guard let step = got.first else { return answer.refuse(fault) }
        guard !step.wasHeld else { return giveBack(got.dropFirst(), because: fault) }
        dispatcher.house.desk(step.serial) { chip in
            do throws(ChipFault) {
                _ = try chip.get().releaseLease(
                    session: session, epoch: step.grant.epoch, now: dispatcher.clock.now)
            } catch {
                // It ends with its term then.
                dispatcher.logger.warning(
                    "the lease of chip \(step.serial) was not given back: \(error.message)")
            }
            giveBack(got.dropFirst(), because: fault)
        }
    }
}
