internal import ChipCore
internal import Protocol
internal import Synchronization

/// A request whose turn at its chip has come: the last checks, the work, the answer.
struct QueuedRequest: Sendable {
    let request: IncomingRequest
    let serial: UInt32
    let received: HostInstant
    let answer: Answer
    let dispatcher: Dispatcher

    func run(on chip: Result<any ChipBackend, ChipFault>, _ cancelFlag: CancelFlag) {
        do throws(ChipFault) {
            let chip = try chip.get()
            try carryOut(on: chip, cancelFlag)
        } catch {
            answer.refuse(error)
        }
    }

    private func carryOut(on chip: any ChipBackend, _ cancelFlag: CancelFlag) throws(ChipFault) {
        let now = dispatcher.clock.now
        let traits = request.command.traits
        if traits.isSequenced { return try change(chip, now, cancelFlag) }
        guard !isPastDeadline(now) else {
            return answer.refuse(.deadlinePassed(request.request.deadlineMs))
        }
        do throws(WireError) {
            if traits.isSimulation {
                try simulate(chip, now)
            } else if traits.isControl {
                try dispatcher.atDesk(request, serial: serial, answer: answer)
            } else {
                try sample(chip, now)
            }
        } catch {
            answer.refuse(error)
        }
    }

    // MARK: The three kinds of work

    private func change(_ chip: any ChipBackend, _ now: HostInstant, _ cancelFlag: CancelFlag)
        throws(ChipFault)
    {
        let ids = request.request
        guard let session = SessionID([UInt8](ids.session)) else {
            preconditionFailure("the decoder lets no sequenced command pass without its session")
        }
        let stamp = CommandStamp(
            session: session, sequence: ids.sequence,
            digest: Codec.digest(ids, tensors: request.tensors), epoch: ids.epoch,
            acknowledged: ids.acknowledged)
        var made: (change: ChangeReply, stored: StoredReply)?
        let done = try chip.change(
            try ChangeCommand(checking: request), stamp: stamp,
            work: context(now, isCancelled: { cancelFlag.isRaised })
        ) { change in
            let (reply, tensors) = WireReply.storable(change, to: ids)
            let stored = StoredReply(reply, tensors: tensors)
            made = (change, stored)
            return stored.encoded
        }
        switch done {
        case .done:
            guard let made else { preconditionFailure("a change is encoded before it is done") }
            publish(made.change)
            answer.send(made.stored, isReplayed: false)
        case .replayed(let frames):
            guard let stored = StoredReply(frames) else {
                throw ChipFault(
                    .dataLoss, .store, .never,
                    "the stored reply of sequence \(ids.sequence) cannot be read")
            }
            answer.send(stored, isReplayed: true)
        }
    }

    private func sample(_ chip: any ChipBackend, _ now: HostInstant) throws(WireError) {
        let command = try SampleCommand(request, spec: chip.dataSheet.spec)
        let work = context(now)
        answer.sendTensors { reply throws(WireError) in
            do throws(ChipFault) {
                return reply.fill(try chip.sample(command, work: work))
            } catch {
                throw WireError(error)
            }
        }
    }

    private func simulate(_ chip: any ChipBackend, _ now: HostInstant) throws(WireError) {
        let command = try SimulationCommand(request)
        if case .truth = command {
            dispatcher.logger.notice("chip \(serial): the true conductances were asked for")
        }
        let work = context(now)
        answer.sendTensors { reply throws(WireError) in
            do throws(ChipFault) {
                let done = try chip.simulate(command, work: work)
                publish(command, done)
                return reply.fill(done)
            } catch {
                throw WireError(error)
            }
        }
    }

    // MARK: Time

    private func isPastDeadline(_ now: HostInstant) -> Bool {
        let deadline = Int64(request.request.deadlineMs) * 1_000
        return deadline > 0 && now.bootMicroseconds - received.bootMicroseconds >= deadline
    }

    private func context(
        _ now: HostInstant, isCancelled: @escaping @Sendable () -> Bool = { false }
    ) -> WorkContext {
        WorkContext(
            now: now,
            isPastDeadline: { self.isPastDeadline(self.dispatcher.clock.now) },
            isCancelled: isCancelled,
            split: { count, body in self.dispatcher.house.split(count, body) })
    }

    // MARK: Events

    private func publishFaults(_ done: SimulationReply) {
        guard case .faults(let added, let total) = done.result, added > 0 else { return }
        var event = WireEvent()
        event.kind = .fault
        event.chip = serial
        event.chipTimeS = done.chipTime.seconds
        event.text = "\(added) added, \(total) in all"
        dispatcher.events?.publish(event)
    }

    private func publishWear(_ change: ChangeReply) {
        let (newlyStuck, windowClosed) =
            switch change.result {
            case .programmed(let report): (report.newlyStuck, report.windowClosed)
            case .referenceProgrammed(let report): (report.newlyStuck, 0)
            default: (0, 0)
            }
        guard newlyStuck > 0 || windowClosed > 0 else { return }
        var event = WireEvent()
        event.kind = .wear
        event.chip = serial
        event.chipTimeS = change.chipTime.seconds
        event.text =
            "\(newlyStuck) cells newly stuck, \(windowClosed) without a window for "
            + "their target"
        dispatcher.events?.publish(event)
    }

    private func publish(_ change: ChangeReply) {
        publishWear(change)
        var event = WireEvent()
        event.chip = serial
        event.chipTimeS = change.chipTime.seconds
        event.pulses = change.cost.pulses
        switch change.result {
        case .programmed(let report):
            event.kind = .programmed
            event.text =
                "\(report.written) written, \(report.verified) verified, "
                + "\(report.unverified) unverified of \(report.cells) cells"
        case .pulsed(let cells):
            event.kind = .programmed
            event.text = "\(change.cost.pulses) pulses on \(cells) cells"
        case .referenceProgrammed(let report):
            event.kind = .programmed
            event.text =
                "\(report.cells) reference cells at \(report.microsiemens) µS"
                + (report.notAttempted > 0 ? ", \(report.notAttempted) not attempted" : "")
        case .power(let on, let matricesLost):
            event.kind = .power
            event.text = on ? "on" : "off, \(matricesLost) matrices lost"
        case .mapped, .unmapped, .calibrated: return
        }
        dispatcher.events?.publish(event)
    }

    private func publish(_ command: SimulationCommand, _ done: SimulationReply) {
        switch command {
        case .clockGet, .truth, .save, .mend: return
        case .fault: return publishFaults(done)
        case .restore, .clockRate, .clockManual, .clockAdvance: break
        }
        var event = WireEvent()
        event.chip = serial
        event.chipTimeS = done.chipTime.seconds
        switch done.result {
        case .clock(let mode):
            event.kind = .clock
            event.text = mode == .manual ? "manual" : "rate \(mode.wireRate)"
        case .restored(_, let epoch):
            event.kind = .lease
            event.epoch = epoch
            event.text = "ended by a restore"
        case .saved, .truth, .faults: return
        }
        dispatcher.events?.publish(event)
    }
}
