import ChipCore
import Testing

@Suite("Lease: one session may change the chip")
struct LeaseTests {
    private let first = TestBench.session(1)
    private let second = TestBench.session(2)

    @Test func epochsGrowAtEachGrantAndSurviveARestart() throws {
        let bench = try TestBench(TestSpec.chip(TestSpec.technology()))
        var epochs: [UInt64] = []
        for session in [first, second, first] {
            let grant = try bench.chip.acquireLease(
                session: session, termMilliseconds: 1000, now: bench.now)
            epochs.append(grant.epoch)
            _ = try bench.chip.releaseLease(session: session, epoch: grant.epoch, now: bench.now)
            try bench.restart()
        }
        #expect(epochs == [1, 2, 3])
    }

    @Test func othersWaitForTheTermAndTheHolderKeepsItsEpoch() throws {
        let bench = try TestBench(TestSpec.chip(TestSpec.technology()))
        let grant = try bench.chip.acquireLease(
            session: first, termMilliseconds: 1000, now: bench.now)
        bench.now.bootMicroseconds += 400_000
        let fault = #expect(throws: ChipFault.self) {
            try bench.chip.acquireLease(session: second, termMilliseconds: 1000, now: bench.now)
        }
        #expect(fault?.code == .leaseHeld)
        #expect(fault?.leaseRemainingMilliseconds == 600)
        let again = try bench.chip.acquireLease(
            session: first, termMilliseconds: 1000, now: bench.now)
        #expect(again.epoch == grant.epoch)
        bench.now.bootMicroseconds += 1_000_001
        let taken = try bench.chip.acquireLease(
            session: second, termMilliseconds: 1000, now: bench.now)
        #expect(taken.epoch == grant.epoch + 1)
    }

    @Test func aRestartGivesTheHolderAFullTerm() throws {
        let bench = try TestBench(TestSpec.chip(TestSpec.technology()))
        _ = try bench.chip.acquireLease(session: first, termMilliseconds: 1000, now: bench.now)
        bench.now.bootMicroseconds += 5_000_000
        try bench.restart()
        bench.now.bootMicroseconds += 999_000
        let fault = #expect(throws: ChipFault.self) {
            try bench.chip.acquireLease(session: second, termMilliseconds: 1000, now: bench.now)
        }
        #expect(fault?.code == .leaseHeld)
    }

    @Test func oldEpochsAndExpiredLeasesAreFencedOff() throws {
        let bench = try TestBench(TestSpec.chip(TestSpec.technology()))
        let none = #expect(throws: ChipFault.self) { try bench.change(.power(on: true)) }
        #expect(none?.reason == .noLease)
        try bench.takeLease()
        try bench.change(.power(on: true))
        bench.now.bootMicroseconds += 61_000_000
        let expired = #expect(throws: ChipFault.self) { try bench.change(.power(on: true)) }
        #expect(expired?.code == .leaseLost)
        _ = try bench.chip.acquireLease(session: second, termMilliseconds: 1000, now: bench.now)
        let fenced = #expect(throws: ChipFault.self) { try bench.change(.power(on: true)) }
        #expect(fenced?.reason == .leaseOfAnother)
        #expect(bench.chip.health(now: bench.now).commands == 1)
    }

    @Test func renewAndReleaseMayBeRepeated() throws {
        let bench = try TestBench(TestSpec.chip(TestSpec.technology()))
        let epoch = try bench.chip.acquireLease(
            session: first, termMilliseconds: 1000, now: bench.now
        ).epoch
        for _ in 0 ..< 2 {
            let grant = try bench.chip.renewLease(
                session: first, epoch: epoch, termMilliseconds: 2000, now: bench.now)
            #expect(grant == LeaseGrant(epoch: epoch, termMilliseconds: 2000))
        }
        for _ in 0 ..< 2 {
            let grant = try bench.chip.releaseLease(
                session: first, epoch: epoch, now: bench.now)
            #expect(grant.termMilliseconds == 0)
        }
        #expect(throws: ChipFault.self) {
            try bench.chip.renewLease(
                session: first, epoch: epoch, termMilliseconds: 2000, now: bench.now)
        }
    }

    @Test func theOperatorEndsAnyLease() throws {
        let bench = try TestBench(TestSpec.chip(TestSpec.technology()))
        _ = try bench.chip.acquireLease(session: first, termMilliseconds: 60_000, now: bench.now)
        _ = try bench.chip.breakLease(now: bench.now)
        #expect(
            try bench.chip.acquireLease(session: second, termMilliseconds: 10, now: bench.now)
                .epoch == 2)
    }
}
