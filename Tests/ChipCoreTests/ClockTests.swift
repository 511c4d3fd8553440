import ChipCore
import Physics
import Synchronization
import Testing

@Suite("Chip time")
struct ClockTests {
    private func host(wall: Double) -> HostInstant {
        HostInstant(wallMicroseconds: Int64(wall * 1e6), bootMicroseconds: 0)
    }

    @Test func followsTheWallClockAtItsRate() {
        var clock = ChipClock(mode: .rate(1), bornAt: host(wall: 100))
        #expect(clock.now(host(wall: 107.5)).seconds == 7.5)
        clock.set(.rate(1000), at: host(wall: 110))
        #expect(clock.now(host(wall: 112)).seconds == 2010)
    }

    @Test func alsoWhileTheDaemonIsDown() {
        var clock = ChipClock(mode: .rate(2), bornAt: host(wall: 0))
        _ = clock.now(host(wall: 10))
        var reopened = ChipClock(record: clock.record)
        #expect(reopened.now(host(wall: 1010)).seconds == 2020)
    }

    @Test func neverRunsBackwards() {
        var clock = ChipClock(mode: .rate(1), bornAt: host(wall: 0))
        let latest = clock.now(host(wall: 50))
        #expect(clock.now(host(wall: 20)) == latest)
        #expect(clock.warnings.count == 1)
        #expect(clock.warnings.first?.contains("30.0 s") == true)
        var reopened = ChipClock(record: clock.record)
        #expect(reopened.now(host(wall: 1)) == latest)
        #expect(reopened.now(host(wall: 51)).seconds == 51)
    }

    @Test func aSetBackClockIsToldWithEveryAnswer() throws {
        let bench = try TestBench(TestSpec.chip(TestSpec.technology(), clock: .rate(1)))
        bench.now.wallMicroseconds += 60_000_000
        try bench.takeLease()
        let matrix = try bench.map(rows: 2, columns: 2)
        #expect(try bench.change(.power(on: true)).warnings.isEmpty)
        bench.now.wallMicroseconds -= 3_000_000
        #expect(try bench.change(.power(on: true)).warnings.count == 1)
        let read = SampleCommand.read(
            ReadCommand(source: .weights(matrix: matrix.id), region: .all, repeats: 1))
        #expect(try bench.chip.sample(read, work: bench.work).warnings.count == 1)
        let status = bench.chip.status(session: bench.session, now: bench.now)
        #expect(status.warnings.count == 1)
        #expect(status.chipTime.seconds == 60)
        #expect(try bench.chip.rememberTime(now: bench.now).count == 1)
    }

    /// A fast clock is made slow: what was shown while that was being stored is not taken back,
    /// and the clock runs on at once.
    @Test func timeStandsStillWhileANewRateIsStored() throws {
        let bench = try TestBench(TestSpec.chip(TestSpec.technology(), clock: .rate(1e6)))
        let (chip, session) = (bench.chip, bench.session)
        let later = HostInstant(
            wallMicroseconds: bench.now.wallMicroseconds + 1_000_000,
            bootMicroseconds: bench.now.bootMicroseconds + 1_000_000)
        let shown = Mutex(ChipInstant.birth)
        bench.store.during(nextCommit: {
            let time = chip.status(session: session, now: later).chipTime
            shown.withLock { $0 = time }
        })
        _ = try chip.simulate(.clockRate(1), work: bench.work)
        let after = chip.status(session: session, now: later).chipTime
        #expect(shown.withLock { $0 } == .birth)
        #expect(after.seconds == 1)
    }

    @Test func standsStillByHandAndReachesTenToTheTen() {
        var clock = ChipClock(mode: .rate(1), bornAt: host(wall: 0))
        clock.set(.manual, at: host(wall: 5))
        #expect(clock.now(host(wall: 500)).seconds == 5)
        clock.advance(seconds: 1e10)
        #expect(clock.now(host(wall: 500)).seconds == 1e10 + 5)
        #expect(!clock.canAdvance(seconds: 1e13))
        #expect(!clock.canAdvance(seconds: -1))
        #expect(!clock.canAdvance(seconds: .nan))
    }

    @Test func onlyAManualClockIsAdvanced() throws {
        let bench = try TestBench(TestSpec.chip(TestSpec.technology(), clock: .rate(1)))
        let fault = #expect(throws: ChipFault.self) {
            try bench.chip.simulate(.clockAdvance(seconds: 1), work: bench.work)
        }
        #expect(fault?.reason == .clockNotManual)
    }

    @Test func truthMarksTheRecord() throws {
        let bench = try TestBench(TestSpec.chip(TestSpec.technology()))
        #expect(!bench.chip.status(session: bench.session, now: bench.now).isTruthRevealed)
        let reply = try bench.chip.simulate(
            .truth(tile: 0, region: Region(rows: 2, columns: 3), deviations: true),
            work: bench.work)
        guard case .truth(let conductances, let deviations, let coefficients, 2, 3) = reply.result
        else {
            Issue.record("\(reply.result)")
            return
        }
        #expect(conductances == Array(repeating: 2, count: 6))
        #expect(deviations?.count == 6)
        #expect(coefficients?.count == 6)
        try bench.restart()
        #expect(bench.chip.status(session: bench.session, now: bench.now).isTruthRevealed)
    }
}
