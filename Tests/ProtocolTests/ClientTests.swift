import ChipClient
import Foundation
import Protocol
import Synchronization
import Testing

@Suite("Client: exactly once against a daemon that misbehaves", .serialized)
struct ClientTests {
    static func options() -> ChipOptions {
        var options = ChipOptions()
        options.warnAfter = .milliseconds(30)
        options.failAfter = .seconds(5)
        return options
    }

    static func calibrated(_ request: IncomingRequest, to value: Double = 1) -> WireReply {
        var reply = WireReply.answering(request.request)
        reply.effect = .full
        reply.backend = .emulator
        reply.calibrate.adcFullScaleUa = value
        return reply
    }

    static func answer(
        _ request: IncomingRequest, _ state: WireQueryResult.State, reply: WireReply? = nil
    ) -> FakeDaemon.Action {
        var answer = WireReply.answering(request.request)
        answer.query.state = state
        if let reply { answer.query.reply = reply }
        return .reply(answer, [])
    }

    @Test func aLostReplyIsAskedFor() throws {
        let stored = Mutex<WireReply?>(nil)
        let daemon = try FakeDaemon { _, request in
            if case .query = request.command {
                // On a busy machine the question may overtake the command.
                let reply = stored.withLock { $0 }
                return Self.answer(request, reply == nil ? .running : .done, reply: reply)
            }
            stored.withLock { $0 = Self.calibrated(request, to: 4) }
            return .drop
        }
        defer { daemon.stop() }
        let chip = try ChipConnection(endpoint: daemon.endpoint, options: Self.options())
        let result = try chip.calibrate(1, adcFullScaleMicroamperes: 4)
        #expect(result.adcFullScaleUa == 4)
        #expect(daemon.seen("calibrate").count == 1)
        #expect(daemon.seen("query").first?.channel == .control)
        #expect(daemon.seen("query").first?.request.query.sequence == 1)
    }

    @Test func aLostRequestIsSentAgainByteForByte() throws {
        let times = Mutex(0)
        let daemon = try FakeDaemon { _, request in
            if case .query = request.command { return Self.answer(request, .neverSeen) }
            let first = times.withLock { times in
                times += 1
                return times == 1
            }
            return first ? .drop : .reply(Self.calibrated(request), [])
        }
        defer { daemon.stop() }
        let chip = try ChipConnection(endpoint: daemon.endpoint, options: Self.options())
        _ = try chip.calibrate(1, adcFullScaleMicroamperes: 4)
        let sent = daemon.seen("calibrate")
        #expect(sent.count == 2)
        #expect(sent[0].bytes == sent[1].bytes)
    }

    @Test func numbersGoUpAndAreAcknowledged() throws {
        let daemon = try FakeDaemon { _, request in .reply(Self.calibrated(request), []) }
        defer { daemon.stop() }
        let chip = try ChipConnection(endpoint: daemon.endpoint, options: Self.options())
        for _ in 0 ..< 3 { _ = try chip.calibrate(1, adcFullScaleMicroamperes: 4) }
        #expect(daemon.seen.map(\.request.sequence) == [1, 2, 3])
        #expect(daemon.seen.map(\.request.acknowledged) == [0, 1, 2])
        #expect(daemon.seen.allSatisfy { $0.request.chip == 7 && $0.request.session.count == 16 })
    }

    @Test func aRefusalWithoutEffectLeavesItsNumberFree() throws {
        let daemon = try FakeDaemon { _, request in
            guard request.request.calibrate.matrix == 1 else {
                return .reply(Self.calibrated(request), [])
            }
            return .reply(
                .answering(request.request, error: .field("matrix is 1; there is none")), [])
        }
        defer { daemon.stop() }
        let chip = try ChipConnection(endpoint: daemon.endpoint, options: Self.options())
        let error = #expect(throws: ChipError.self) {
            try chip.calibrate(1, adcFullScaleMicroamperes: 4)
        }
        #expect(error?.reason == .field)
        #expect(error?.description == "calibrate: matrix is 1; there is none")
        _ = try chip.calibrate(2, adcFullScaleMicroamperes: 4)
        #expect(daemon.seen.map(\.request.sequence) == [1, 1])
    }

    @Test func aBusyDaemonIsAskedAgainLater() throws {
        let times = Mutex(0)
        let daemon = try FakeDaemon { _, request in
            let time = times.withLock { times in
                times += 1
                return times
            }
            guard time <= 3 else { return .reply(Self.calibrated(request), []) }
            return .reply(
                .answering(
                    request.request,
                    error: .make(
                        .unavailable, .queueFull, retry: .afterBackoff, "the queue is full")), [])
        }
        defer { daemon.stop() }
        let chip = try ChipConnection(endpoint: daemon.endpoint, options: Self.options())
        _ = try chip.calibrate(1, adcFullScaleMicroamperes: 4)
        #expect(daemon.seen("calibrate").map(\.request.sequence) == [1, 1, 1, 1])
    }

    @Test func aGapIsReportedAndTheNextNumberIsTheExpectedOne() throws {
        let daemon = try FakeDaemon { _, request in
            guard request.request.sequence != 5 else {
                return .reply(Self.calibrated(request), [])
            }
            var error = WireError.make(
                .conflict, .sequenceGap, retry: .afterFix, "sequence is 1; expected is 5")
            error.expectedSequence = 5
            return .reply(.answering(request.request, error: error), [])
        }
        defer { daemon.stop() }
        let chip = try ChipConnection(endpoint: daemon.endpoint, options: Self.options())
        let error = #expect(throws: ChipError.self) {
            try chip.calibrate(1, adcFullScaleMicroamperes: 4)
        }
        #expect(error?.reason == .sequenceGap)
        _ = try chip.calibrate(1, adcFullScaleMicroamperes: 4)
    }

    @Test func silenceEndsWithASentence() throws {
        let daemon = try FakeDaemon { _, _ in .drop }
        defer { daemon.stop() }
        var options = Self.options()
        options.failAfter = .milliseconds(200)
        let warnings = Mutex<[String]>([])
        let keep: @Sendable (String) -> Void = { text in warnings.withLock { $0.append(text) } }
        options.warn = keep
        let chip = try ChipConnection(endpoint: daemon.endpoint, options: options)
        let error = #expect(throws: ChipError.self) {
            try chip.calibrate(1, adcFullScaleMicroamperes: 4)
        }
        #expect(error?.description == "no daemon answered at \(daemon.endpoint) within 0.2 s")
        #expect(warnings.withLock { $0.count } == 1)
    }

    @Test func nobodyAtTheEndpoint() throws {
        var options = Self.options()
        // Told at once: the test would hang otherwise.
        options.failAfter = .seconds(86_400)
        let absent = "ipc:///tmp/nvt-nobody"
        var error = #expect(throws: ChipError.self) {
            try ChipConnection(endpoint: absent, options: options)
        }
        #expect(
            error?.description == "no daemon serves \(absent): there is no socket at that path")
        #expect(error?.exitStatus == .unavailable)
        options.waitsForDaemon = true
        options.failAfter = .milliseconds(100)
        error = #expect(throws: ChipError.self) {
            try ChipConnection(endpoint: absent, options: options)
        }
        #expect(error?.description == "no daemon answered at \(absent) within 0.1 s")
        #expect(throws: ChipError.self) { try ChipConnection(endpoint: "ipc://@x") }
    }

    /// A socket that is left behind refuses.
    @Test func aDaemonThatEndsIsNotWaitedFor() throws {
        let daemon = try FakeDaemon { _, _ in .drop }
        var options = Self.options()
        options.warnAfter = .seconds(86_400)
        options.failAfter = .seconds(86_400)
        let chip = try ChipConnection(endpoint: daemon.endpoint, options: options)
        daemon.stop()
        let error = #expect(throws: ChipError.self) {
            try chip.calibrate(1, adcFullScaleMicroamperes: 4)
        }
        guard case .noDaemon = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    /// Replies come in reverse order, eight at a time, each with its own numbers.
    @Test func productsAreMatchedByRequestNotByOrder() throws {
        let daemon = try FakeDaemon { _, request in
            var reply = WireReply.answering(request.request)
            reply.multiply.lsb = 1
            reply.tensors = [.describe(.f32, shape: [1, 1], unit: .product)]
            let input = request.tensors[0].bytes[0]
            return .hold(until: 8, reply, [Frame(elements: [Float(input) * 10])])
        }
        defer { daemon.stop() }
        let chip = try ChipConnection(endpoint: daemon.endpoint, options: Self.options())
        let batches = (0 ..< 16 as Range<UInt8>).map { TensorValues.u8([$0]) }
        let outcomes = try chip.multiplyAll(matrix: 1, width: 1, batches: batches)
        #expect(outcomes.map { $0.products[0] } == (0 ..< 16).map { Float($0) * 10 })
        #expect(daemon.seen("multiply").allSatisfy { $0.request.sequence == 0 })
    }

    /// A matrix of 6 × 4 weights, two cells each, under a limit of 16 cells: bands
    /// of two rows, put together again in order.
    @Test func aLargeProgramIsSplitByRegion() throws {
        var limits = Limits.message
        limits.cellsPerChange = 16
        let daemon = try FakeDaemon(limits: limits) { _, request in
            var reply = WireReply.answering(request.request)
            switch request.command {
            case .status:
                var matrix = WireMatrixState()
                matrix.matrix = 3
                matrix.rows = 6
                matrix.columns = 4
                matrix.slices = 1
                matrix.mapping = .differential
                reply.status.matrices = [matrix]
                return .reply(reply, [])
            case .program(let program):
                let codes = request.tensors[0].elements(of: Int8.self) ?? []
                reply.effect = .full
                reply.program.cells = UInt64(codes.count * 2)
                reply.tensors = [
                    .describe(
                        .f32, shape: [Int(program.region.rows), Int(program.region.columns)],
                        unit: .weight)
                ]
                return .reply(reply, [Frame(elements: codes.map(Float.init))])
            default:
                return .drop
            }
        }
        defer { daemon.stop() }
        let chip = try ChipConnection(endpoint: daemon.endpoint, options: Self.options())
        var options = ProgramOptions()
        options.readBack = true
        let codes = (0 ..< 24).map { Int8($0) }
        let outcome = try chip.program(matrix: 3, codes: .i8(codes), options: options)
        #expect(outcome.commands == 3)
        #expect(outcome.result.cells == 48)
        #expect(outcome.readBack == codes.map(Float.init))
        #expect(daemon.seen("program").map(\.request.program.region.row) == [0, 2, 4])
        #expect(daemon.seen("program").map(\.request.sequence) == [1, 2, 3])
    }

    @Test func theLeaseIsRenewedInTheBackground() throws {
        let renewals = DispatchSemaphore(value: 0)
        let daemon = try FakeDaemon { _, request in
            var reply = WireReply.answering(request.request)
            var grant = WireLeaseGrant()
            grant.chip = 7
            grant.epoch = 12
            grant.termMs = 60
            reply.lease.grants = [grant]
            switch request.command {
            case .calibrate: return .reply(Self.calibrated(request), [])
            case .leaseRenew: renewals.signal()
            default: break
            }
            return .reply(reply, [])
        }
        defer { daemon.stop() }
        let chip = try ChipConnection(endpoint: daemon.endpoint, options: Self.options())
        try chip.acquireLease(termMilliseconds: 60)
        for _ in 0 ..< 3 { #expect(renewals.wait(timeout: .now() + 5) == .success) }
        _ = try chip.calibrate(1, adcFullScaleMicroamperes: 4)
        try chip.releaseLease()
        #expect(daemon.seen("lease.renew").allSatisfy { $0.request.epoch == 12 })
        #expect(daemon.seen("calibrate").first?.request.epoch == 12)
        #expect(daemon.seen("lease.release").first?.request.epoch == 12)
    }

    /// Grants leases, epoch 10 + serial, and refuses to renew chip 2's.
    private static func leases(
        _ request: IncomingRequest, renewed: DispatchSemaphore
    ) -> FakeDaemon.Action {
        let chip = request.request.chip
        guard case .leaseRenew = request.command else {
            var reply = WireReply.answering(request.request)
            let asked = request.request.leaseAcquire.chips
            reply.lease.grants = (asked.isEmpty ? [chip] : asked).map { serial in
                .with {
                    $0.chip = serial
                    $0.epoch = UInt64(10 + serial)
                    $0.termMs = 60
                }
            }
            return .reply(reply, [])
        }
        guard chip == 1 else {
            return .reply(
                .answering(
                    request.request,
                    error: .make(
                        .leaseLost, .leaseOfAnother, retry: .never,
                        "another host has chip \(chip)")), [])
        }
        renewed.signal()
        return .reply(.answering(request.request), [])
    }

    /// A session file also holds the epoch of a lease of chip 2 that lapsed: it is nobody's to
    /// renew while chip 1 is at work.
    @Test func onlyTheGrantedChipsAreRenewed() throws {
        let directory = try TestDirectory.make()
        defer { TestDirectory.remove(directory) }
        let renewed = DispatchSemaphore(value: 0)
        let daemon = try FakeDaemon(chips: [1, 2]) { _, request in
            Self.leases(request, renewed: renewed)
        }
        defer { daemon.stop() }
        var options = Self.options()
        options.sessionFile = "\(directory)/session"
        options.chip = 2
        try ChipConnection(endpoint: daemon.endpoint, options: options).acquireLease(
            termMilliseconds: 60, renews: false)
        options.chip = 1
        let chip = try ChipConnection(endpoint: daemon.endpoint, options: options)
        try chip.acquireLease(termMilliseconds: 60)
        for _ in 0 ..< 3 { #expect(renewed.wait(timeout: .now() + 5) == .success) }
        #expect(chip.leaseLost == nil)
        #expect(daemon.seen("lease.renew").allSatisfy { $0.request.chip == 1 })
    }

    /// Of two leases taken together one is lost: the other is renewed as before.
    @Test func aLostLeaseDoesNotTakeAnotherAlong() throws {
        let renewed = DispatchSemaphore(value: 0)
        let daemon = try FakeDaemon(chips: [1, 2]) { _, request in
            Self.leases(request, renewed: renewed)
        }
        defer { daemon.stop() }
        var options = Self.options()
        options.chip = 1
        let chip = try ChipConnection(endpoint: daemon.endpoint, options: options)
        try chip.acquireLease(chips: [1, 2], termMilliseconds: 60)
        for _ in 0 ..< 5 { #expect(renewed.wait(timeout: .now() + 5) == .success) }
        #expect(chip.leaseLost == nil)
        #expect(chip.epoch == 11)
        #expect(daemon.seen("lease.renew").contains { $0.request.chip == 2 })
    }

    /// The daemon is silent for two calls: what the first sent stays open until it is known.
    @Test func anOpenCommandStaysOpenUntilItIsSettled() throws {
        let stored = Mutex<WireReply?>(nil)
        let hears = Mutex(false)
        let daemon = try FakeDaemon { _, request in
            if stored.withLock({ $0 == nil }) {
                stored.withLock { $0 = Self.calibrated(request, to: 4) }
            }
            guard hears.withLock({ $0 }) else { return .drop }
            if case .query = request.command {
                return Self.answer(request, .done, reply: stored.withLock { $0 })
            }
            return .reply(Self.calibrated(request), [])
        }
        defer { daemon.stop() }
        var options = Self.options()
        options.failAfter = .milliseconds(150)
        let chip = try ChipConnection(endpoint: daemon.endpoint, options: options)
        for matrix in 1 ... 2 as ClosedRange<UInt32> {
            #expect(throws: ChipError.self) {
                try chip.calibrate(matrix, adcFullScaleMicroamperes: 4)
            }
        }
        hears.withLock { $0 = true }
        _ = try chip.calibrate(3, adcFullScaleMicroamperes: 4)
        let numbers = Dictionary(
            grouping: daemon.seen("calibrate").map(\.request), by: \.calibrate.matrix
        ).mapValues { Set($0.map(\.sequence)) }
        #expect(numbers == [1: [1], 3: [2]])
    }

    @Test func aCommandWhoseAnswerIsForgottenWasCarriedOut() throws {
        let hears = Mutex(false)
        let daemon = try FakeDaemon { _, request in
            guard hears.withLock({ $0 }) else { return .drop }
            if case .query = request.command { return Self.answer(request, .doneForgotten) }
            return .reply(Self.calibrated(request), [])
        }
        defer { daemon.stop() }
        var options = Self.options()
        options.failAfter = .milliseconds(150)
        let chip = try ChipConnection(endpoint: daemon.endpoint, options: options)
        #expect(throws: ChipError.self) { try chip.calibrate(1, adcFullScaleMicroamperes: 4) }
        hears.withLock { $0 = true }
        guard case .forgotten(sequence: 1) = try chip.resume() else {
            Issue.record("it was carried out")
            return
        }
        guard case .nothing = try chip.resume() else {
            Issue.record("nothing is left")
            return
        }
        _ = try chip.calibrate(1, adcFullScaleMicroamperes: 4)
        #expect(daemon.seen("calibrate").last?.request.sequence == 2)
    }

    /// A host is killed after sending: the next one asks, and sends the same bytes.
    @Test func aSessionFileCarriesACommandOverARestart() throws {
        let directory = try TestDirectory.make()
        defer { TestDirectory.remove(directory) }
        let isBack = Mutex(false)
        let daemon = try FakeDaemon { _, request in
            switch request.command {
            case .query:
                return isBack.withLock { $0 } ? Self.answer(request, .neverSeen) : .drop
            case .status:
                var reply = WireReply.answering(request.request)
                reply.status = WireStatusResult()
                return .reply(reply, [])
            default:
                break
            }
            return isBack.withLock { $0 } ? .reply(Self.calibrated(request), []) : .drop
        }
        defer { daemon.stop() }
        var options = Self.options()
        options.failAfter = .milliseconds(150)
        options.sessionFile = "\(directory)/session"
        do {
            let chip = try ChipConnection(endpoint: daemon.endpoint, options: options)
            #expect(throws: ChipError.self) { try chip.calibrate(1, adcFullScaleMicroamperes: 4) }
            let second = #expect(throws: ChipError.self) {
                try ChipConnection(endpoint: daemon.endpoint, options: options)
            }
            #expect(second?.description.contains("in use by another process") == true)
        }
        isBack.withLock { $0 = true }
        options.failAfter = .seconds(5)
        let chip = try ChipConnection(endpoint: daemon.endpoint, options: options)
        guard case .answered(let answer) = try chip.resume() else {
            Issue.record("the command was under way")
            return
        }
        #expect(answer.reply.sequence == 1)
        _ = try chip.calibrate(2, adcFullScaleMicroamperes: 4)
        let sent = daemon.seen("calibrate")
        let last = try #require(sent.last)
        try #require(sent.count >= 3)
        let again = sent[sent.count - 2]
        #expect(Set(sent.map(\.request.session)).count == 1)
        #expect(again.request.sequence == 1)
        #expect(
            Codec.digest(again.request, tensors: [])
                == Codec.digest(sent[0].request, tensors: []))
        #expect(last.request.sequence == 2)
    }

    @Test func aDamagedSessionFileIsRefused() throws {
        let directory = try TestDirectory.make()
        defer { TestDirectory.remove(directory) }
        let daemon = try FakeDaemon { _, _ in .drop }
        defer { daemon.stop() }
        var options = Self.options()
        let path = "\(directory)/session"
        options.sessionFile = path
        _ = try ChipConnection(endpoint: daemon.endpoint, options: options).session
        var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        bytes[20] ^= 1
        try bytes.write(to: URL(fileURLWithPath: path))
        let error = #expect(throws: ChipError.self) {
            try ChipConnection(endpoint: daemon.endpoint, options: options)
        }
        #expect(error?.description.contains("damaged") == true)
    }

    @Test func gapsInEventsAreCounted() {
        var gaps = GapDetector()
        #expect(gaps.take(5) == (0, false))
        #expect(gaps.take(6) == (0, false))
        #expect(gaps.take(9) == (2, false))
        #expect(gaps.take(2) == (1, true))
    }

    /// Answers to eight products in reverse order, each ten times its input.
    private static func tenfold(_ request: IncomingRequest) -> FakeDaemon.Action {
        guard case .multiply = request.command else { return .reply(calibrated(request), []) }
        var reply = WireReply.answering(request.request)
        reply.multiply.lsb = 1
        reply.tensors = [.describe(.f32, shape: [1, 1], unit: .product)]
        let input = request.tensors[0].bytes[0]
        return .hold(until: 8, reply, [Frame(elements: [Float(input) * 10])])
    }

    private static func products(
        _ chip: ChipConnection, count: Int, take: (Int, MultiplyOutcome) throws -> Void
    ) throws {
        try chip.multiply(matrix: 1, count: count) {
            ProductInputs(type: .u8, shape: [1, 1], frame: Frame([UInt8($0)]))
        } products: {
            try take($0, $1)
        }
    }

    /// The closure takes an hour for each product, by a clock that it moves itself: that is no
    /// silence of the daemon, whose answers have long come.
    @Test func theHostsOwnTimeIsNotTheDaemonsSilence() throws {
        let daemon = try FakeDaemon { _, request in Self.tenfold(request) }
        defer { daemon.stop() }
        let passed = Mutex(Duration.zero)
        let warnings = Mutex(0)
        var options = Self.options()
        options.warnAfter = .seconds(60)
        options.failAfter = .seconds(120)
        let clock: @Sendable () -> ContinuousClock.Instant = { .now + passed.withLock { $0 } }
        let warn: @Sendable (String) -> Void = { _ in warnings.withLock { $0 += 1 } }
        options.clock = clock
        options.warn = warn
        let chip = try ChipConnection(endpoint: daemon.endpoint, options: options)
        var taken: [Int: Float] = [:]
        try Self.products(chip, count: 24) { number, outcome in
            passed.withLock { $0 += .seconds(3600) }
            taken[number] = outcome.products[0]
        }
        #expect(taken.count == 24)
        #expect(taken.allSatisfy { $1 == Float($0) * 10 })
        #expect(warnings.withLock { $0 } == 0)
        #expect(daemon.seen("query").isEmpty)
        #expect(daemon.seen("multiply").count == 24)
    }

    /// Seven answers are under way when the closure throws: they are dropped, the next calls get
    /// their own.
    @Test func aClosureThatThrowsLeavesAConnectionThatWorks() throws {
        struct Stopped: Error {}
        let daemon = try FakeDaemon { _, request in Self.tenfold(request) }
        defer { daemon.stop() }
        let chip = try ChipConnection(endpoint: daemon.endpoint, options: Self.options())
        #expect(throws: Stopped.self) {
            try Self.products(chip, count: 16) { _, _ in throw Stopped() }
        }
        #expect(try chip.calibrate(1, adcFullScaleMicroamperes: 1).adcFullScaleUa == 1)
        var taken: [Int: Float] = [:]
        try Self.products(chip, count: 8) { taken[$0] = $1.products[0] }
        #expect(taken == Dictionary(uniqueKeysWithValues: (0 ..< 8).map { ($0, Float($0) * 10) }))
    }
}
