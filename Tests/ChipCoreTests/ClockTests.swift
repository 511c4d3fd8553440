import ChipCore
import Physics
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
        #expect(clock.setBackMicroseconds == 30_000_000)
        var reopened = ChipClock(record: clock.record)
        #expect(reopened.now(host(wall: 1)) == latest)
        #expect(reopened.now(host(wall: 51)).seconds == 51)
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
