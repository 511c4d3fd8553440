import ChipCore
import Synchronization
import Testing

/// Stored outcome, sequence, epoch, deadline, arguments, work (W-30).
@Suite("A changing command is checked in the order of the protocol")
struct OrderOfChecksTests {
    private static let wrong = ChipFault(.outOfRange, .field, .afterFix, "rows is 0")

    private func bench() throws -> TestBench {
        let bench = try TestBench(TestSpec.chip(TestSpec.technology()))
        try bench.takeLease()
        try bench.change(.power(on: true))
        return bench
    }

    /// Sends a command whose arguments are wrong.
    private func send(
        _ bench: TestBench, sequence: UInt64, digest: UInt8 = 0, isLate: Bool = false,
        isCancelled: Bool = false
    ) throws -> ChangeAnswer {
        let work = WorkContext(
            now: bench.now, isPastDeadline: { isLate }, isCancelled: { isCancelled })
        func command() throws(ChipFault) -> ChangeCommand { throw Self.wrong }
        return try bench.chip.change(
            try command(), stamp: bench.stamp(sequence, digest: digest), work: work
        ) { _ in [] }
    }

    @Test func aRepetitionIsAnsweredWhateverElseIsWrong() throws {
        let bench = try bench()
        bench.acknowledged = 0
        bench.now.bootMicroseconds += 61_000_000
        bench.epoch = 0
        guard
            case .replayed = try send(bench, sequence: 1, isLate: true, isCancelled: true)
        else {
            Issue.record("not replayed")
            return
        }
    }

    @Test func theSequenceComesBeforeTheEpoch() throws {
        let bench = try bench()
        bench.epoch = 0
        let fault = #expect(throws: ChipFault.self) { try send(bench, sequence: 7) }
        #expect(fault?.reason == .sequenceGap)
    }

    @Test func theEpochComesBeforeTheDeadline() throws {
        let bench = try bench()
        bench.epoch = 0
        let fault = #expect(throws: ChipFault.self) {
            try send(bench, sequence: 2, isLate: true)
        }
        #expect(fault?.reason == .noLease)
    }

    @Test func theDeadlineAndTheCancellationComeBeforeTheArguments() throws {
        let bench = try bench()
        let late = #expect(throws: ChipFault.self) { try send(bench, sequence: 2, isLate: true) }
        #expect(late?.reason == .deadline)
        let cancelled = #expect(throws: ChipFault.self) {
            try send(bench, sequence: 2, isCancelled: true)
        }
        #expect(cancelled?.reason == .cancelledByRequest)
    }

    @Test func aRefusedArgumentUsesUpNothing() throws {
        let bench = try bench()
        let fault = #expect(throws: ChipFault.self) { try send(bench, sequence: 2) }
        #expect(fault == Self.wrong)
        try bench.change(.power(on: true))
        #expect(bench.chip.health(now: bench.now).commands == 2)
    }
}
