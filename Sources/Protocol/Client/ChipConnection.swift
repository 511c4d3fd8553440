public import Protocol

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// A host's connection to one chip: every command of the wire as a blocking,
/// typed call.
///
/// It keeps the client's half of the exactly-once rules (wire.md, §6) by itself:
/// session, sequence numbers, acknowledgement, retry with back-off, `query` after
/// a lost reply and the same bytes again, renewal of the lease in the background.
///
/// Owned by one thread, which makes it, calls it and lets it go.
///
/// Invariants:
/// 1. At most one sequenced command is under way; its number is `sequenceLast + 1`.
/// 2. A number is used up when its command had an effect or its outcome is
///    stored; a refusal with effect none leaves it free.
/// 3. What is sent again under the same number is byte for byte what was sent
///    before, but for the fields that the digest leaves out.
public final class ChipConnection {
    public let endpoint: Endpoint
    public let options: ChipOptions
    /// What the daemon said of itself.
    public let identity: WireHelloResult
    /// Where its three sockets are.
    public let endpoints: WireEndpoints
    /// Serial of the chip that calls go to; 0 when the daemon serves several and
    /// none was chosen: then only `identity` is of use.
    public let chip: UInt32
    /// The 16 bytes of this host's session.
    public let session: [UInt8]
    /// Who answered last: the emulator or a bridge to hardware.
    public internal(set) var backend = WireBackend.unspecified

    let context: ZMQContext
    let commands: Channel
    let control: Channel
    var requestIDLast: UInt64 = 0
    var sequenceLast: UInt64 = 0
    var epochs: [UInt32: UInt64] = [:]
    var matrixStates: [UInt32: WireMatrixState] = [:]
    var keeper: LeaseKeeper?
    let sessionFile: SessionFile?
    /// The command that a session file held, before its outcome is known.
    private var unresolved: Outgoing?
    /// Whether `sequenceLast` was compared with what the daemon remembers.
    var isResumed: Bool

    public convenience init(
        endpoint: String, options: ChipOptions = ChipOptions()
    ) throws(ChipError) {
        let parsed: Endpoint
        do throws(EndpointError) {
            parsed = try Endpoint(parsing: endpoint)
        } catch {
            throw .endpoint(error.description)
        }
        try self.init(endpoint: parsed, options: options)
    }

    /// Connects, and waits for the daemon's `hello`.
    public init(endpoint: Endpoint, options: ChipOptions = ChipOptions()) throws(ChipError) {
        self.endpoint = endpoint
        self.options = options
        do throws(ZMQError) { context = try ZMQContext() } catch { throw .transport(error) }
        commands = try Channel(endpoint.description, in: context)

        let greeting = try Self.greet(commands, options: options)
        identity = greeting
        endpoints = Self.companions(of: endpoint, said: greeting.endpoints)
        control = try Channel(options.control ?? endpoints.control, in: context)
        chip = try Self.choose(options.chip, among: greeting.chips, at: endpoint)

        if let path = options.sessionFile {
            let file = try SessionFile(path)
            let state = file.chips[chip] ?? SessionFile.Chip()
            session = file.session
            sequenceLast = state.sequenceLast
            for (serial, chip) in file.chips where chip.epoch > 0 { epochs[serial] = chip.epoch }
            sessionFile = file
            unresolved = try state.pending.isEmpty ? nil : Outgoing(stored: state.pending, in: path)
            isResumed = false
        } else {
            session = SessionFile.random()
            sessionFile = nil
            isResumed = true
        }
    }

    deinit { keeper?.stop() }

    private static func greet(
        _ channel: Channel, options: ChipOptions
    ) throws(ChipError) -> WireHelloResult {
        var hello = WireHello()
        hello.protocolMin = wireVersion
        hello.protocolMax = wireVersion
        hello.client = String(options.client.prefix(Limits.nameBytes))
        var request = WireRequest()
        request.protocol = wireVersion
        request.requestID = 1
        request.hello = hello
        var exchange = Exchange(channel: channel, options: options)
        exchange.watch?.hurry()
        let answer = try exchange.run([Outgoing(request, tensors: [])], inFlight: 1)[0]
        guard case .hello(let result) = answer.reply.result else {
            throw .badReply(command: "hello", sentence: "it carries another result")
        }
        return result
    }

    /// A wildcard address is where the daemon binds, not where a host connects.
    private static func companions(of endpoint: Endpoint, said: WireEndpoints) -> WireEndpoints {
        var endpoints = WireEndpoints()
        endpoints.command = endpoint.description
        func usable(_ text: String) -> Bool {
            guard let parsed = try? Endpoint(parsing: text) else { return false }
            let isWildcard = text.contains("*") || text.contains("0.0.0.0")
            return !isWildcard && parsed.isTCP == endpoint.isTCP
        }
        func companion(_ which: Endpoint.Companion, _ said: String) -> String {
            usable(said) ? said : ((try? endpoint.companion(which))?.description ?? said)
        }
        endpoints.control = companion(.control, said.control)
        endpoints.events = companion(.events, said.events)
        return endpoints
    }

    private static func choose(
        _ wanted: UInt32, among chips: [UInt32], at endpoint: Endpoint
    ) throws(ChipError) -> UInt32 {
        let list = chips.map(String.init).joined(separator: ", ")
        if wanted != 0 {
            guard chips.contains(wanted) else {
                throw .notServed("the daemon at \(endpoint) serves no chip \(wanted), only \(list)")
            }
            return wanted
        }
        guard let only = chips.first else {
            throw .notServed("the daemon at \(endpoint) serves no chip")
        }
        guard chips.count == 1 else {
            throw .argument("the daemon at \(endpoint) serves the chips \(list): choose one")
        }
        return only
    }

    // MARK: Requests

    func nextRequestID() -> UInt64 {
        requestIDLast += 1
        return requestIDLast
    }

    /// A request with the fields that all have.
    func request(_ command: WireRequest.OneOf_Command) -> WireRequest {
        var request = WireRequest()
        request.protocol = wireVersion
        request.chip = chip
        request.session = Data(session)
        request.requestID = nextRequestID()
        request.command = command
        return request
    }

    func exchange(on channel: Channel) -> Exchange {
        Exchange(channel: channel, options: options)
    }

    /// Sends a command that is answered at once, and waits.
    func ask(
        _ command: WireRequest.OneOf_Command, epoch: UInt64 = 0, retries: Bool = true
    ) throws(ChipError) -> Answer {
        var request = request(command)
        request.epoch = epoch
        var exchange = exchange(on: control)
        exchange.retriesRefusals = retries
        return note(try exchange.run([Outgoing(request, tensors: [])], inFlight: 1)[0])
    }

    /// A command with its tensors and their frames.
    struct Work {
        let command: WireRequest.OneOf_Command
        var tensors: [WireTensor] = []
        var frames: [Frame] = []
    }

    /// Sends commands that occupy the chip but change nothing, several in flight,
    /// and waits for all. Answers come back in the order of the requests.
    func perform(_ works: [Work]) throws(ChipError) -> [Answer] {
        var exchange = exchange(on: commands)
        exchange.prober = prober
        let answers = try exchange.run(works.map(outgoing), inFlight: inFlight)
        if let last = answers.last { _ = note(last) }
        return answers
    }

    /// The same for commands that are made as they are sent and whose answers are
    /// used as they come, by number.
    func perform(
        _ count: Int, make: (Int) throws -> Work, answered: (Int, Answer) throws -> Void
    ) throws {
        var exchange = exchange(on: commands)
        exchange.prober = prober
        try exchange.stream(count, inFlight: inFlight) {
            outgoing(try make($0))
        } answered: {
            try answered($0, note($1))
        }
    }

    private func outgoing(_ work: Work) -> Outgoing {
        var request = request(work.command)
        request.deadlineMs = options.deadlineMilliseconds
        request.tensors = work.tensors
        return Outgoing(request, tensors: work.frames)
    }

    var inFlight: Int {
        let published = Int(identity.limits.inFlightPerSession)
        return max(1, published > 0 ? min(options.inFlight, published) : options.inFlight)
    }

    /// Sends a command that changes the chip, under the next number.
    func change(
        _ command: WireRequest.OneOf_Command, tensors: [WireTensor] = [], frames: [Frame] = []
    ) throws(ChipError) -> Answer {
        try resume()
        var request = request(command)
        request.sequence = sequenceLast + 1
        request.epoch = keeper?.epoch(of: chip) ?? epochs[chip] ?? 0
        request.acknowledged = sequenceLast
        request.deadlineMs = options.deadlineMilliseconds
        request.tensors = tensors
        return try carryOut(Outgoing(request, tensors: frames))
    }

    /// Sends a sequenced command, keeps the numbers, and hides nothing of the
    /// outcome.
    func carryOut(_ outgoing: Outgoing) throws(ChipError) -> Answer {
        let sequence = outgoing.request.sequence
        try sessionFile?.update(chip) { $0.pending = outgoing.frames.map(\.bytes) }
        var exchange = exchange(on: commands)
        exchange.prober = prober
        do throws(ChipError) {
            let answer = try exchange.run([outgoing], inFlight: 1)[0]
            try settle(sequence)
            return note(answer)
        } catch {
            guard case .refused(let refusal) = error else {
                // The outcome is open. The next call starts by asking for it.
                unresolved = outgoing
                throw error
            }
            switch refusal.reason {
            case .sequenceGap where refusal.error.expectedSequence > 0:
                // The daemon remembers another past than this host. The caller
                // learns it; the next command takes the number that is expected.
                try settle(refusal.error.expectedSequence - 1)
            case .sequenceReused:
                isResumed = false
                unresolved = nil
                try sessionFile?.update(chip) { $0.pending = [] }
            case .replyForgotten:
                try settle(sequence)
            default:
                let used = refusal.effect != .none || refusal.reply.replayed
                try settle(used ? sequence : sequenceLast)
            }
            throw error
        }
    }

    private func settle(_ sequence: UInt64) throws(ChipError) {
        sequenceLast = sequence
        unresolved = nil
        try sessionFile?.update(chip) {
            $0.sequenceLast = sequence
            $0.pending = []
        }
    }

    func note(_ answer: Answer) -> Answer {
        backend = answer.reply.backend
        return answer
    }

    // MARK: After a lost reply or a restart

    /// What became of a command whose answer this host had not seen.
    public enum Resumption: Sendable {
        /// There was no such command.
        case nothing
        case answered(Answer)
        /// It was carried out, but the daemon no longer keeps what it came to.
        case forgotten(sequence: UInt64)
    }

    /// Finds out what a command came to that was left over in the session file, or
    /// whose call failed without an answer; one that the daemon never saw is sent
    /// again. Every changing call does this first by itself. When it throws, the
    /// command stays open: the next call asks again.
    @discardableResult
    public func resume() throws(ChipError) -> Resumption {
        if let outgoing = unresolved {
            let sequence = outgoing.request.sequence
            let result = try question(sequence)
            isResumed = true
            switch result.state {
            case .done:
                try settle(sequence)
                return .answered(result.answer)
            case .doneForgotten:
                try settle(max(sequence, result.sequenceLast))
                return .forgotten(sequence: sequence)
            case .neverSeen, .running, .unspecified, .UNRECOGNIZED:
                return .answered(try carryOut(outgoing.repeated(nextRequestID())))
            }
        }
        if !isResumed {
            let remembered = try status().sequenceLast
            isResumed = true
            if remembered > sequenceLast { try settle(remembered) }
        }
        return .nothing
    }

    private func question(
        _ sequence: UInt64
    ) throws(ChipError) -> (state: WireQueryResult.State, sequenceLast: UInt64, answer: Answer) {
        var query = WireQuery()
        query.sequence = sequence
        let answer = try ask(.query(query))
        guard case .query(let result) = answer.reply.result else {
            throw .badReply(command: "query", sentence: "it carries another result")
        }
        return (
            result.state, result.sequenceLast,
            Answer(reply: result.reply, tensors: answer.tensors)
        )
    }

    /// Asks on the control socket what became of a request that was not answered
    /// in time.
    private var prober: Exchange.Prober {
        { [self] outgoing throws(ChipError) in
            var probe = exchange(on: control)
            probe.warn = nil
            probe.failAfter = options.warnAfter
            let isSequenced = outgoing.request.sequence > 0
            let command: WireRequest.OneOf_Command
            if isSequenced {
                var query = WireQuery()
                query.sequence = outgoing.request.sequence
                command = .query(query)
            } else {
                command = .status(WireStatusQuery())
            }
            let answer: Answer
            do throws(ChipError) {
                answer = try probe.run([Outgoing(request(command), tensors: [])], inFlight: 1)[0]
            } catch {
                if case .noAnswer = error { return .silent }
                if case .refused = error { return .running }
                throw error
            }
            guard isSequenced else { return .running }
            guard case .query(let result) = answer.reply.result else {
                throw .badReply(command: "query", sentence: "it carries another result")
            }
            switch result.state {
            case .done: return .done(Answer(reply: result.reply, tensors: answer.tensors))
            case .neverSeen: return .neverSeen
            case .doneForgotten: return .forgotten
            case .running, .unspecified, .UNRECOGNIZED: return .running
            }
        }
    }
}
