import ChipCore
import Physics
import Testing

@Suite("Changing commands are carried out exactly once")
struct ExactlyOnceTests {
    private func bench() throws -> TestBench {
        let bench = try TestBench(TestSpec.chip(TestSpec.technology(programming: 0.1)))
        try bench.takeLease()
        return bench
    }

    private func change(_ bench: TestBench, sequence: UInt64, digest: UInt8 = 0) throws
        -> ChangeAnswer
    {
        try bench.chip.change(
            .power(on: true), stamp: bench.stamp(sequence, digest: digest), work: bench.work
        ) { _ in [[UInt8(truncatingIfNeeded: sequence)]] }
    }

    @Test func aRepeatIsReplayedAlsoAfterARestart() throws {
        let bench = try bench()
        guard case .done(let first) = try change(bench, sequence: 1) else {
            Issue.record("not carried out")
            return
        }
        for _ in 0 ..< 2 {
            guard case .replayed(let frames) = try change(bench, sequence: 1) else {
                Issue.record("carried out twice")
                return
            }
            #expect(frames == first)
            try bench.restart()
        }
        let health = bench.chip.health(now: bench.now)
        #expect(health.commands == 1)
    }

    @Test func anotherCommandUnderTheSameNumberIsAConflict() throws {
        let bench = try bench()
        _ = try change(bench, sequence: 1)
        let fault = #expect(throws: ChipFault.self) {
            try change(bench, sequence: 1, digest: 9)
        }
        #expect(fault?.reason == .sequenceReused)
    }

    @Test func gapsNameTheNumberExpected() throws {
        let bench = try bench()
        let fault = #expect(throws: ChipFault.self) { try change(bench, sequence: 3) }
        #expect(fault?.reason == .sequenceGap)
        #expect(fault?.expectedSequence == 1)
        #expect(bench.chip.health(now: bench.now).commands == 0)
    }

    @Test func acknowledgedRepliesAreForgottenAndNotRepeated() throws {
        let bench = try bench()
        _ = try change(bench, sequence: 1)
        bench.acknowledged = 1
        _ = try change(bench, sequence: 2)
        let fault = #expect(throws: ChipFault.self) { try change(bench, sequence: 1) }
        #expect(fault?.reason == .replyForgotten)
        guard case .forgotten = try bench.chip.query(session: bench.session, sequence: 1) else {
            Issue.record("still kept")
            return
        }
        guard case .done = try bench.chip.query(session: bench.session, sequence: 2) else {
            Issue.record("not kept")
            return
        }
        guard case .neverSeen(let last) = try bench.chip.query(session: bench.session, sequence: 3)
        else {
            Issue.record("seen")
            return
        }
        #expect(last == 2)
    }

    @Test func unacknowledgedRepliesAreLimited() throws {
        let bench = try bench()
        for sequence in 1 ... 8 { _ = try change(bench, sequence: UInt64(sequence)) }
        let fault = #expect(throws: ChipFault.self) { try change(bench, sequence: 9) }
        #expect(fault?.reason == .tooManyOutcomes)
    }

    @Test func refusalsUseUpNoNumber() throws {
        let bench = try bench()
        #expect(throws: ChipFault.self) {
            try bench.chip.change(
                .unmap(matrix: 5), stamp: bench.stamp(1), work: bench.work
            ) { _ in [] }
        }
        guard case .done = try change(bench, sequence: 1, digest: 4) else {
            Issue.record("the number was used up")
            return
        }
    }

    /// The least recent session is forgotten; the lease holder's is not.
    @Test func sessionsAreLimited() throws {
        let bench = try bench()
        _ = try change(bench, sequence: 1)
        let holder = bench.session
        for number in UInt8(2) ... 6 {
            bench.session = holder
            _ = try bench.chip.releaseLease(
                session: holder, epoch: bench.epoch, now: bench.now)
            bench.session = TestBench.session(number)
            try bench.takeLease()
            _ = try change(bench, sequence: 1)
            _ = try bench.chip.releaseLease(
                session: bench.session, epoch: bench.epoch, now: bench.now)
            bench.session = holder
            try bench.takeLease()
        }
        // Four sessions are kept: the latest four, of which the first is not one.
        guard case .neverSeen = try bench.chip.query(session: holder, sequence: 1) else {
            Issue.record("the least recent session is still known")
            return
        }
        guard case .done = try bench.chip.query(session: TestBench.session(6), sequence: 1) else {
            Issue.record("the latest session is forgotten")
            return
        }
    }

    /// A commit that fails leaves the chip as it was, and its number free.
    @Test func aFullDiskLosesNothing() throws {
        let bench = try bench()
        let matrix = try bench.map(rows: 16, columns: 8)
        try bench.program(matrix.id, Array(repeating: 50, count: 128))
        let digest = bench.chip.status(session: bench.session, now: bench.now).stateDigest
        let weights = try bench.chip.sampleWeights(matrix.id, bench)
        bench.store.fail(from: 0)
        let fault = #expect(throws: ChipFault.self) {
            try bench.program(matrix.id, Array(repeating: -50, count: 128))
        }
        #expect(fault?.reason == .store)
        #expect(bench.chip.status(session: bench.session, now: bench.now).stateDigest == digest)
        #expect(try bench.chip.sampleWeights(matrix.id, bench) == weights)
        bench.store.fail(from: nil)
        try bench.program(matrix.id, Array(repeating: -50, count: 128))
        #expect(bench.chip.status(session: bench.session, now: bench.now).stateDigest != digest)
    }

    /// Power is cut after every commit of a run in turn: each time the chip is in the state that
    /// the answered commands produced.
    @Test func everyCrashLeavesAnAnsweredState() throws {
        let bench = try bench()
        let matrix = try bench.map(rows: 16, columns: 8)
        for step in 1 ... 10 {
            try bench.program(
                matrix.id, (0 ..< 128).map { Int16(($0 * step) % 200) - 100 },
                method: step % 2 == 0 ? .openLoop : .writeVerify(.init(tolerance: 0, pulsesMax: 20))
            )
            let before = bench.chip.status(session: bench.session, now: bench.now)
            let weights = try bench.chip.sampleWeights(matrix.id, bench)
            try bench.restart()
            let after = bench.chip.status(session: bench.session, now: bench.now)
            #expect(after.stateDigest == before.stateDigest)
            #expect(after.matrices == before.matrices)
            #expect(try bench.chip.sampleWeights(matrix.id, bench) == weights)
        }
    }
}

extension EmulatedChip {
    func sampleWeights(_ matrix: UInt32, _ bench: TestBench) throws -> [Float] {
        let reply = try sample(
            .read(ReadCommand(source: .weights(matrix: matrix), region: .all, repeats: 1)),
            work: bench.work)
        guard case .read(let values, _, _, _) = reply.result else { preconditionFailure() }
        return values
    }
}
