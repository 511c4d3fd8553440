import ChipClient
import Foundation
import Protocol
import Testing

@Suite("Client: references and LTM sums", .serialized)
struct TuningClientTests {
    private func connect(_ daemon: FakeDaemon) throws -> ChipConnection {
        try ChipConnection(endpoint: daemon.endpoint, options: ClientTests.options())
    }

    private func isBadReply(_ error: ChipError?, to command: String) -> Bool {
        if case .badReply(command, _)? = error { true } else { false }
    }

    // MARK: References

    @Test func aProgramNamesItsTargetAndHasANumber() throws {
        let daemon = try FakeDaemon { _, request in
            var reply = WireReply.answering(request.request)
            reply.effect = .full
            reply.referenceProgram.cells = 40
            reply.referenceProgram.conductanceUs = 20
            return .reply(reply, [])
        }
        defer { daemon.stop() }
        let chip = try connect(daemon)
        #expect(try chip.programReference().result.conductanceUs == 20)
        #expect(try chip.programReference(ltmOf: 3, microsiemens: 12.5).result.cells == 40)
        #expect(throws: ChipError.self) { try chip.programReference(ltmOf: 0) }
        let seen = daemon.seen("reference.program").map(\.request)
        #expect(seen.map(\.sequence) == [1, 2])
        #expect(seen.map(\.referenceProgram.matrix) == [0, 3])
        #expect(seen.map(\.referenceProgram.conductanceUs) == [0, 12.5])
    }

    @Test func aReadGivesTheRatioOfItsSums() throws {
        let daemon = try FakeDaemon { _, request in
            var reply = WireReply.answering(request.request)
            reply.referenceRead.sumUa = 120
            reply.referenceRead.nominalUa = 160
            reply.chipTimeS = 5
            reply.cost.energyPj = 7
            return .reply(reply, [])
        }
        defer { daemon.stop() }
        let chip = try connect(daemon)
        let outcome = try chip.readReference(repeats: 9)
        #expect(outcome.ratio == 0.75)
        #expect((outcome.chipTimeSeconds, outcome.cost.energyPj) == (5, 7))
        #expect(throws: ChipError.self) { try chip.readReference(repeats: -1) }
        let seen = daemon.seen("reference.read")
        #expect(seen.map(\.request.referenceRead.repeats) == [9])
        #expect(seen.map(\.request.sequence) == [0])
    }

    @Test func anotherResultIsNoAnswer() throws {
        let daemon = try FakeDaemon { _, request in
            .reply(ClientTests.calibrated(request), [])
        }
        defer { daemon.stop() }
        let chip = try connect(daemon)
        let program = #expect(throws: ChipError.self) { try chip.programReference() }
        #expect(isBadReply(program, to: "reference.program"))
        let read = #expect(throws: ChipError.self) { try chip.readReference() }
        #expect(isBadReply(read, to: "reference.read"))
    }

    // MARK: Sums of LTM columns

    /// What a daemon answers a product with: the shape of its sums for a batch; `nil`: none.
    private typealias Shape = @Sendable (_ batch: Int, _ first: UInt8) -> [Int]?

    /// A matrix of 2 × 5 weights in tiles of four columns and two LTM columns: two column blocks,
    /// two polarities, 8 sums a vector. Output j of a vector that begins with x is 10·x + j, sum k
    /// 100·x + k.
    private func daemon(
        limits: WireLimits = Limits.message,
        _ shape: @escaping Shape = { batch, _ in [batch, 2, 2, 2] }
    ) throws -> FakeDaemon {
        try FakeDaemon(limits: limits) { _, request in
            var reply = WireReply.answering(request.request)
            switch request.command {
            case .status:
                reply.status.matrices = [
                    .with {
                        $0.matrix = 3
                        ($0.rows, $0.columns) = (2, 5)
                        $0.bank = "nvm"
                        $0.mapping = .differential
                    }
                ]
                return .reply(reply, [])
            case .describe:
                reply.describe.banks = [
                    .with {
                        $0.name = "nvm"
                        ($0.columns, $0.ltmColumns) = (4, 2)
                    }
                ]
                return .reply(reply, [])
            case .multiply:
                let inputs = request.tensors[0].bytes
                let firsts = stride(from: 0, to: inputs.count, by: 2).map { inputs[$0] }
                reply.multiply.conversions = 6
                reply.multiply.ltmClipped = UInt64(firsts.count)
                reply.tensors = [.describe(.f32, shape: [firsts.count, 5], unit: .product)]
                var frames = [
                    Frame(
                        elements: firsts.flatMap { x in (0 ..< 5).map { Float(x) * 10 + Float($0) }
                        })
                ]
                if let shape = shape(firsts.count, firsts[0]) {
                    reply.tensors.append(.describe(.f32, shape: shape, unit: .product))
                    let sums = firsts.flatMap { x in (0 ..< 8).map { Float(x) * 100 + Float($0) } }
                    let count = shape.reduce(1, *)
                    frames.append(
                        Frame(elements: (0 ..< count).map { sums[$0 % sums.count] }))
                }
                return .reply(reply, frames)
            default:
                return .drop
            }
        }
    }

    private func multiply(_ daemon: FakeDaemon, ltm: Bool = true) throws -> MultiplyOutcome {
        var options = MultiplyOptions()
        options.ltm = ltm
        let inputs: [UInt8] = (1 ... 7).flatMap { [UInt8($0), 0] }
        return try connect(daemon).multiply(
            matrix: 3, inputs: .u8(inputs), batch: 7, options: options)
    }

    private func check(_ outcome: MultiplyOutcome) throws {
        let ltm = try #require(outcome.ltm)
        let vectors = 1 ... 7
        #expect((outcome.batch, outcome.outputs) == (7, 5))
        #expect(outcome.products == vectors.flatMap { x in (0 ..< 5).map { Float(10 * x + $0) } })
        #expect(ltm.shape == [7, 2, 2, 2])
        #expect(ltm.products == vectors.flatMap { x in (0 ..< 8).map { Float(100 * x + $0) } })
        #expect(ltm.clipped == 7)
    }

    @Test func aBatchBeyondTheLimitIsSplitAndJoined() throws {
        var limits = Limits.message
        limits.batch = 3
        let daemon = try daemon(limits: limits)
        defer { daemon.stop() }
        try check(multiply(daemon))
        let seen = daemon.seen("multiply").map(\.request)
        #expect(seen.map { $0.tensors[0].shape } == [[3, 2], [3, 2], [1, 2]])
        #expect(seen.allSatisfy { $0.multiply.ltm && $0.sequence == 0 })
    }

    /// A quarter of 416 bytes holds two vectors of 5 products and 8 sums, or five of 5 products.
    @Test(arguments: [(true, [2, 2, 2, 1]), (false, [5, 2])])
    func theSumsCountInTheSizeOfAReply(ltm: Bool, batches: [UInt32]) throws {
        var limits = Limits.message
        limits.frameBytes = 416
        let daemon = try daemon(limits: limits) { batch, _ in ltm ? [batch, 2, 2, 2] : nil }
        defer { daemon.stop() }
        let outcome = try multiply(daemon, ltm: ltm)
        if ltm { try check(outcome) } else { #expect(outcome.ltm == nil) }
        #expect(daemon.seen("multiply").map { $0.request.tensors[0].shape[0] } == batches)
    }

    /// None; a dimension less; of another batch; of another width from the second request on.
    @Test(arguments: 0 ..< 4)
    func otherSumsAreNoAnswer(_ number: Int) throws {
        var limits = Limits.message
        limits.batch = 3
        let daemon = try daemon(limits: limits) { batch, first in
            switch number {
            case 0: nil
            case 1: [batch, 2, 4]
            case 2: [batch + 1, 2, 2, 2]
            default: first == 1 ? [batch, 2, 2, 2] : [batch, 2, 2, 3]
            }
        }
        defer { daemon.stop() }
        let error = #expect(throws: ChipError.self) { try multiply(daemon) }
        #expect(isBadReply(error, to: "multiply"))
    }

    @Test func sumsThatNobodyAskedForAreNoAnswer() throws {
        let daemon = try daemon()
        defer { daemon.stop() }
        let error = #expect(throws: ChipError.self) { try multiply(daemon, ltm: false) }
        #expect(isBadReply(error, to: "multiply"))
    }
}
