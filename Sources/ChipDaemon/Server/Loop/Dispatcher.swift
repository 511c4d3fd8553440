internal import ChipCore
internal import Logging
internal import Protocol

/// What every request is asked first: is it whole, may it come in by this door, for which chip,
/// and is there room. Then it is answered at once or put into its chip's queue.
///
/// Invariants:
/// 1. Every request that has a way back is answered once, whatever it contains.
/// 2. `receive` runs on a socket's thread and never waits for a chip's queue.
/// 3. On the command socket all requests of a chip keep their order, `hello` excepted; nothing
///    on the control socket waits behind them, simulation controls excepted.
final class Dispatcher: Sendable {
    enum Door: Sendable {
        case command
        case control
    }

    let house: ChipHouse
    let clock: HostClock
    let events: EventPublisher?
    let hello: WireHelloResult
    private let admission: Admission
    private let isSimulationOn: Bool
    let logger: Logger

    init(
        house: ChipHouse, clock: HostClock, events: EventPublisher?, hello: WireHelloResult,
        isSimulationOn: Bool, logger: Logger, admission: Admission = Admission()
    ) {
        self.house = house
        self.clock = clock
        self.events = events
        self.hello = hello
        self.isSimulationOn = isSimulationOn
        self.logger = logger
        self.admission = admission
    }

    func receive(_ message: [Frame], at door: Door, outbox: Outbox) {
        let received = clock.now
        let request: IncomingRequest
        do throws(RequestFault) {
            request = try Codec.decodeRequest(message)
        } catch {
            guard !error.routing.isEmpty else { return }
            logger.debug("refused: \(error)")
            outbox.push(Codec.encode(error.reply, tensors: [], routing: error.routing))
            return
        }
        let answer = Answer(request: request, outbox: outbox)
        do throws(WireError) {
            try admit(request, at: door, received: received, answer: answer)
        } catch {
            answer.refuse(error)
        }
    }

    private func admit(
        _ request: IncomingRequest, at door: Door, received: HostInstant, answer: Answer
    ) throws(WireError) {
        let traits = request.command.traits
        if case .hello(let hello) = request.command {
            return answer.send { (reply) throws(WireError) in reply.hello = try self.answer(hello) }
        }
        if traits.isSimulation {
            guard isSimulationOn else { throw .simulationOff }
            guard door == .control else { throw .wrongSocket(traits.name, wanted: "control") }
        }
        if door == .control, !traits.isControl {
            throw .wrongSocket(traits.name, wanted: "command")
        }
        let serial = try serial(of: request)
        if door == .control, !traits.isSimulation {
            try atDesk(request, serial: serial, answer: answer)
        } else {
            try enqueue(request, serial: serial, received: received, answer: answer)
        }
    }

    /// 0 means the only chip that there is.
    private func serial(of request: IncomingRequest) throws(WireError) -> UInt32 {
        let chip = request.request.chip
        if chip == 0 {
            guard house.serials.count == 1, let only = house.serials.first else {
                throw .field(
                    "chip is 0, which means the only one; this daemon serves "
                        + "\(house.serials.count) chips: name one")
            }
            return only
        }
        try check(chip)
        return chip
    }

    func check(_ chip: UInt32) throws(WireError) {
        guard house.serials.contains(chip) else {
            throw .make(
                .notFound, .noSuchChip, retry: .afterFix,
                "chip is \(chip), which this daemon does not serve")
        }
    }

    private func enqueue(
        _ request: IncomingRequest, serial: UInt32, received: HostInstant, answer: Answer
    ) throws(WireError) {
        // Without a session the peer's routing id stands for it.
        let session = [UInt8](request.request.session)
        let key = session.isEmpty ? request.routing.first?.bytes ?? [] : session
        try admission.admit(key, bytes: request.byteCount)
        let answer = answer.releasing { [admission] in
            admission.release(key, bytes: request.byteCount)
        }
        let work = QueuedRequest(
            request: request, serial: serial, received: received, answer: answer,
            dispatcher: self)
        let job = ChipJob(
            session: SessionID(session), sequence: request.request.sequence,
            run: { chip, cancelFlag in work.run(on: chip, cancelFlag) })
        house.enqueue(job, serial: serial)
    }

    private func answer(_ hello: WireHello) throws(WireError) -> WireHelloResult {
        guard hello.protocolMin <= wireVersion, wireVersion <= hello.protocolMax else {
            throw .make(
                .unimplemented, .protocolVersion, retry: .never,
                "protocol_min … protocol_max is \(hello.protocolMin) … \(hello.protocolMax); this "
                    + "daemon speaks \(wireVersion)")
        }
        _ = try FieldBounds.name("client", hello.client)
        return self.hello
    }
}

/// The way back to the one who asked.
struct Answer: Sendable {
    let request: IncomingRequest
    let outbox: Outbox
    private var release: (@Sendable () -> Void)?

    init(request: IncomingRequest, outbox: Outbox) {
        self.request = request
        self.outbox = outbox
    }

    /// The same, giving back the room in the queue before the answer leaves.
    func releasing(_ release: @escaping @Sendable () -> Void) -> Answer {
        var answer = self
        answer.release = release
        return answer
    }

    func refuse(_ error: WireError) {
        push(WireReply.answering(request.request, error: error), [])
    }

    func refuse(_ fault: ChipFault) { refuse(WireError(fault)) }

    /// Sends what `fill` makes of an empty reply, or its refusal.
    func send(_ fill: (inout WireReply) throws(WireError) -> Void) {
        sendTensors { reply throws(WireError) in
            try fill(&reply)
            return []
        }
    }

    func sendTensors(_ fill: (inout WireReply) throws(WireError) -> [Frame]) {
        var reply = WireReply.answering(request.request)
        do throws(WireError) {
            let tensors = try fill(&reply)
            push(reply, tensors)
        } catch {
            refuse(error)
        }
    }

    /// A reply made elsewhere; the request id is put in here.
    func send(_ stored: StoredReply, isReplayed: Bool) {
        var reply = stored.reply
        reply.requestID = request.request.requestID
        reply.replayed = isReplayed
        push(reply, stored.tensors)
    }

    private func push(_ reply: WireReply, _ tensors: [Frame]) {
        release?()
        var reply = reply
        reply.backend = .emulator
        outbox.push(Codec.encode(reply, tensors: tensors, routing: request.routing))
    }
}
