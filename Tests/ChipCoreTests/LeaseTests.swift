import ChipCore
import Synchronization
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

    /// What a host read before its lease ran out does not start behind the next one's grant, also
    /// while that grant is on its way to the disk.
    @Test func nothingStartsUnderAnOldLeaseWhileANewOneIsStored() throws {
        let bench = try TestBench(TestSpec.chip(TestSpec.technology()))
        try bench.takeLease()
        let (chip, stamp, early) = (bench.chip, bench.stamp(1), bench.work)
        bench.now.bootMicroseconds += 60_000_001
        let told = Mutex<ChipFault?>(nil)
        bench.store.during(nextCommit: {
            do throws(ChipFault) {
                _ = try chip.change(.power(on: true), stamp: stamp, work: early) { _ in [] }
            } catch {
                told.withLock { $0 = error }
            }
        })
        let grant = try chip.acquireLease(session: second, termMilliseconds: 10, now: bench.now)
        #expect(grant.epoch == bench.epoch + 1)
        #expect(told.withLock { $0 }?.reason == .leaseOfAnother)
    }

    /// A grant that was not stored was not made: the holder goes on.
    @Test func aGrantThatFailsChangesNothing() throws {
        let bench = try TestBench(TestSpec.chip(TestSpec.technology()))
        try bench.takeLease()
        bench.store.fail(from: 0)
        #expect(throws: ChipFault.self) { try bench.chip.breakLease(now: bench.now) }
        bench.store.fail(from: nil)
        try bench.change(.power(on: true))
    }

    @Test func aLeaseThatRanOutIsNotHeldByTheOneWhoOpensTheChipAgain() throws {
        let bench = try TestBench(TestSpec.chip(TestSpec.technology()))
        for (wait, holder) in [(999_000 as Int64, first), (2_000_000, second)] {
            _ = try bench.chip.acquireLease(
                session: first, termMilliseconds: 1000, now: bench.now)
            bench.now.bootMicroseconds += wait
            try bench.chip.prepareToClose(now: bench.now)
            try bench.restart()
            let view = bench.chip.status(session: first, now: bench.now).lease
            #expect(view.isHeld == (holder == first))
        }
    }

    @Test func aNewTermIsThereAfterARestart() throws {
        let bench = try TestBench(TestSpec.chip(TestSpec.technology()))
        let grant = try bench.chip.acquireLease(
            session: first, termMilliseconds: 1000, now: bench.now)
        _ = try bench.chip.renewLease(
            session: first, epoch: grant.epoch, termMilliseconds: 30_000, now: bench.now)
        try bench.restart()
        #expect(
            bench.chip.status(session: first, now: bench.now).lease.remainingMilliseconds == 30_000)
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
