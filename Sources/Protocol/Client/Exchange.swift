internal import Protocol

/// A request ready to be sent, and sent again.
struct Outgoing {
    let request: WireRequest
    let frames: [Frame]

    init(_ request: WireRequest, tensors: [Frame]) {
        self.request = request
        frames = Codec.encode(request, tensors: tensors)
    }

    /// A command as a session file kept it.
    init(stored: [[UInt8]], in path: String) throws(ChipError) {
        do throws(RequestFault) {
            let frames = stored.map(Frame.init)
            request = try Codec.decodeRequest([.empty] + frames).request
            self.frames = frames
        } catch {
            throw .sessionFile("\(path) holds a command that cannot be read: \(error)", .data)
        }
    }

    /// The same command under another request id.
    func repeated(_ id: UInt64) -> Outgoing {
        var request = request
        request.requestID = id
        return Outgoing(request, tensors: [Frame](frames.dropFirst()))
    }

    var name: String { request.command?.traits.name ?? "an empty request" }

    /// Whether sending it twice is harmless. Numbered commands are carried out
    /// once however often they come; moving the clock is neither.
    var isRepeatable: Bool {
        if case .simulatedClock(let clock) = request.command { return clock.action != .advance }
        return true
    }
}

/// Sends requests over one channel, several in flight, and collects the answers
/// by request id, in whatever order they come.
///
/// Invariants:
/// 1. At most `inFlight` requests are unanswered at any time.
/// 2. A request is sent again only if the daemon asked for it, was found not to
///    know it, or repeating it is harmless.
/// 3. Every wait ends: an answer, a daemon found gone, or `failAfter` without a
///    sign of life.
/// 4. Only time in which this host listened counts as silence: not what the caller's
///    closures take, nor what the process was stopped for. What has come by then is
///    read before anything is asked after.
struct Exchange {
    /// What the daemon says of a request that was not answered in time.
    enum Finding {
        case silent
        case running
        case neverSeen
        case done(Answer)
        case forgotten
    }

    typealias Prober = (Outgoing) throws(ChipError) -> Finding

    let channel: Channel
    var warnAfter: Duration
    var failAfter: Duration
    var warn: (@Sendable (String) -> Void)?
    let clock: @Sendable () -> ContinuousClock.Instant
    /// Nil on the control channel: there is nobody else to ask.
    var prober: Prober?
    /// Whether refusals that ask for it are tried again.
    var retriesRefusals = true
    /// Nil where a daemon that is gone is waited for.
    var watch: DaemonWatch?

    init(channel: Channel, options: ChipOptions) {
        self.channel = channel
        warnAfter = options.warnAfter
        failAfter = options.failAfter
        warn = options.warn
        clock = options.clock
        watch = options.waitsForDaemon ? nil : DaemonWatch(endpoint: channel.endpoint)
    }

    private struct Pending {
        let index: Int
        let outgoing: Outgoing
        var since: ContinuousClock.Instant
        /// When the daemon last showed that it lives.
        var alive: ContinuousClock.Instant
        var sent: ContinuousClock.Instant
        /// When to ask or to send again.
        var due: ContinuousClock.Instant
        var pause: Duration
        /// Not with the daemon: waits for its back-off to end.
        var isWaiting = false
        var repeats = 0
        var warned = false
        /// The daemon was heard, though not about this request.
        var heard = false

        /// Nobody listened for so long.
        mutating func discount(_ time: Duration) {
            since += time
            alive += time
            sent += time
            due += time
        }
    }

    /// Of a wait that ends on time: poll rounds up to a millisecond, and the processor
    /// may be busy. One that ends later than so was stopped meanwhile (chosen).
    private static let lateness = Duration.milliseconds(100)

    private static let backoffFirst = Duration.milliseconds(10)
    private static let backoffLongest = Duration.seconds(1)
    /// Resending of requests without a number to a daemon that lives but is silent.
    private static let repeatsMax = 3

    /// - Returns: the answers in the order of the requests.
    /// - Throws: the first refusal or failure; answers to the others are dropped
    ///   when they come.
    func run(_ requests: [Outgoing], inFlight: Int) throws(ChipError) -> [Answer] {
        var answers = [Answer?](repeating: nil, count: requests.count)
        do {
            try stream(requests.count, inFlight: inFlight) {
                requests[$0]
            } answered: {
                answers[$0] = $1
            }
        } catch let error as ChipError {
            throw error
        } catch {
            preconditionFailure("the closures throw nothing: \(error)")
        }
        return answers.compactMap { $0 }
    }

    /// Makes each request when it is about to be sent, and hands out each answer
    /// when it comes: what the closures do overlaps the daemon's work.
    ///
    /// - Throws: the first refusal or failure, or what a closure throws.
    func stream(
        _ count: Int, inFlight: Int, make: (Int) throws -> Outgoing,
        answered: (Int, Answer) throws -> Void
    ) throws {
        precondition(inFlight > 0)
        var watch = watch
        var waiting: [UInt64: Pending] = [:]
        var started = 0
        var finished = 0
        var listenedUntil = clock()
        func discountDeafness() {
            let now = clock()
            for id in waiting.keys { waiting[id]?.discount(now - listenedUntil) }
            listenedUntil = now
        }
        while finished < count {
            try watch?.look()
            while waiting.count < inFlight, started < count {
                let outgoing = try make(started)
                discountDeafness()
                var pending = Pending(
                    index: started, outgoing: outgoing, since: listenedUntil,
                    alive: listenedUntil, sent: listenedUntil, due: listenedUntil,
                    pause: Self.backoffFirst)
                try send(&pending)
                waiting[outgoing.request.requestID] = pending
                started += 1
            }
            discountDeafness()
            let due = waiting.values.map(\.due).min() ?? listenedUntil
            let pause = max(.zero, min(due, watch?.next ?? due) - listenedUntil)
            let received = try channel.receive(within: pause)
            listenedUntil = min(clock(), listenedUntil + pause + Self.lateness)
            if let received {
                guard let (id, answer) = try accept(received, waiting: waiting),
                    var pending = waiting[id]
                else { continue }
                if let answer = try judge(answer, &pending) {
                    waiting[id] = nil
                    finished += 1
                    try answered(pending.index, answer)
                } else {
                    waiting[id] = pending
                }
                // Others may have come too: nothing is due before they are read.
                continue
            }
            discountDeafness()
            var settled: [(index: Int, answer: Answer)] = []
            for (id, var pending) in waiting where pending.due <= clock() {
                if let answer = try follow(&pending) {
                    waiting[id] = nil
                    settled.append((pending.index, answer))
                } else {
                    waiting[id] = pending
                }
            }
            listenedUntil = clock()
            finished += settled.count
            for (index, answer) in settled { try answered(index, answer) }
        }
    }

    private func send(_ pending: inout Pending) throws(ChipError) {
        let now = clock()
        if try channel.send(pending.outgoing.frames) {
            pending.isWaiting = false
            pending.sent = now
            pending.pause = warnAfter
            pending.due = now + min(warnAfter, failAfter)
        } else {
            // libzmq's queue is full: the daemon does not read.
            pending.isWaiting = true
            pending.pause = min(pending.pause * 2, Self.backoffLongest)
            pending.due = now + pending.pause
        }
    }

    /// The answer if it belongs to a request of ours; others, late ones, are
    /// dropped.
    private func accept(
        _ received: Channel.Received, waiting: [UInt64: Pending]
    ) throws(ChipError) -> (UInt64, Answer)? {
        switch received {
        case .answer(let answer):
            let id = answer.reply.requestID
            guard let pending = waiting[id] else { return nil }
            let request = pending.outgoing.request
            guard answer.reply.session == request.session || answer.reply.hasError else {
                throw .badReply(
                    command: pending.outgoing.name, sentence: "it belongs to another session")
            }
            return (id, answer)
        case .unusable(let fault):
            guard let pending = waiting[fault.requestID] else { return nil }
            throw .badReply(command: pending.outgoing.name, sentence: fault.description)
        }
    }

    /// The answer, nil when the request is to be sent again, or the refusal.
    private func judge(
        _ answer: Answer, _ pending: inout Pending
    ) throws(ChipError) -> Answer? {
        guard answer.reply.hasError else { return answer }
        let error = answer.reply.error
        let now = clock()
        pending.alive = now
        let mayRetry =
            retriesRefusals && answer.reply.effect == .none && !answer.reply.replayed
            && now - pending.since < failAfter
        guard mayRetry else { throw refusal(answer.reply, pending.outgoing) }
        switch error.retry {
        case .sameRequest, .afterBackoff:
            let first = pending.isWaiting || pending.repeats == 0
            pending.repeats += 1
            pending.isWaiting = true
            let base = first ? Self.backoffFirst : min(pending.pause * 2, Self.backoffLongest)
            pending.pause = base
            // Spread, so that hosts refused together do not come back together.
            pending.due = now + base * Double.random(in: 0.5 ... 1)
            return nil
        case .never, .afterFix, .unspecified, .UNRECOGNIZED:
            throw refusal(answer.reply, pending.outgoing)
        }
    }

    /// What is due for a request without an answer: send it after its back-off,
    /// or find out what became of it.
    private func follow(_ pending: inout Pending) throws(ChipError) -> Answer? {
        let now = clock()
        if pending.isWaiting {
            if now - pending.alive >= failAfter { throw silence() }
            try sendAgain(&pending)
            return nil
        }
        if now - pending.alive >= failAfter {
            throw pending.heard ? lost(pending) : silence()
        }
        if !pending.warned, now - pending.sent >= warnAfter {
            pending.warned = true
            warn?(
                "no answer to \(pending.outgoing.name) from \(channel.endpoint) for "
                    + "\(warnAfter.seconds) s, still waiting")
        }
        if let prober {
            switch try prober(pending.outgoing) {
            case .silent: break
            case .running:
                pending.alive = clock()
                try repeatUnnumbered(&pending)
            case .neverSeen:
                // Not a sign that this request gets on: the wait stays bounded.
                pending.heard = true
                _ = try channel.send(pending.outgoing.frames)
            case .done(let answer):
                return try settled(answer, pending.outgoing)
            case .forgotten:
                throw refusal(forgotten(pending.outgoing.request), pending.outgoing)
            }
        } else if pending.outgoing.isRepeatable, pending.repeats < Self.repeatsMax {
            pending.repeats += 1
            _ = try channel.send(pending.outgoing.frames)
        }
        pending.pause = min(pending.pause * 2, failAfter)
        let end = pending.alive + failAfter
        pending.due = min(clock() + pending.pause, max(end, clock()))
        return nil
    }

    /// A back-off ended: the pause so far is kept, so that the next one is longer.
    private func sendAgain(_ pending: inout Pending) throws(ChipError) {
        let pause = pending.pause
        try send(&pending)
        if !pending.isWaiting { pending.pause = pause }
    }

    /// A request without a number whose daemon lives: its reply may have been
    /// dropped, so it is asked again now and then.
    private func repeatUnnumbered(_ pending: inout Pending) throws(ChipError) {
        let now = clock()
        guard pending.outgoing.request.sequence == 0, now - pending.sent >= failAfter else {
            return
        }
        guard pending.repeats < Self.repeatsMax else {
            throw lost(pending)
        }
        pending.repeats += 1
        pending.sent = now
        _ = try channel.send(pending.outgoing.frames)
    }

    /// The stored outcome of a numbered command.
    private func settled(_ answer: Answer, _ outgoing: Outgoing) throws(ChipError) -> Answer {
        guard answer.reply.hasError else { return answer }
        var reply = answer.reply
        reply.replayed = true
        throw refusal(reply, outgoing)
    }

    private func forgotten(_ request: WireRequest) -> WireReply {
        WireReply.answering(
            request,
            error: .make(
                .conflict, .replyForgotten, retry: .never,
                "the command was carried out, but its reply is no longer kept"))
    }

    private func refusal(_ reply: WireReply, _ outgoing: Outgoing) -> ChipError {
        .refused(
            Refusal(
                command: outgoing.name, error: reply.error, effect: reply.effect, reply: reply))
    }

    private func lost(_ pending: Pending) -> ChipError {
        .lostReply(
            command: pending.outgoing.name, endpoint: channel.endpoint,
            seconds: (clock() - pending.since).seconds)
    }

    private func silence() -> ChipError {
        .noAnswer(endpoint: channel.endpoint, seconds: failAfter.seconds)
    }
}
