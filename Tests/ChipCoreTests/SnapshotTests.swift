import ChipCore
import Physics
import Testing

@Suite("Snapshots: save, restore, clone")
struct SnapshotTests {
    private func bench(clock: ClockMode = .manual) throws -> TestBench {
        let bench = try TestBench(
            TestSpec.chip(
                TestSpec.technology(drift: 0.05, noise: 0.1, programming: 0.1), withinChip: 0.1,
                clock: clock))
        try bench.takeLease()
        return bench
    }

    /// Commands of every kind; what they answered.
    private func run(_ bench: TestBench, _ matrix: UInt32) throws -> [String] {
        var answers: [String] = []
        for round in 1 ... 3 {
            let codes = (0 ..< 128).map { Int16(($0 * round) % 200) - 100 }
            let report = try bench.program(
                matrix, codes, method: round == 2 ? .openLoop : .writeVerify(.init()), all: true,
                readBack: true)
            answers.append("\(report)")
            _ = try bench.chip.simulate(.clockAdvance(seconds: 1e5), work: bench.work)
            answers.append("\(try bench.weights(matrix))")
            answers.append(
                "\(try bench.products(matrix, .unsigned([UInt8](repeating: 9, count: 16)), batch: 1))"
            )
        }
        answers.append("\(bench.chip.status(session: bench.session, now: bench.now).stateDigest)")
        return answers
    }

    private func simulate(_ bench: TestBench, _ command: SimulationCommand) throws
        -> SimulationReply
    {
        try bench.chip.simulate(command, work: bench.work)
    }

    /// The same commands on a restored chip give the same answers bit for bit, also when the
    /// daemon was restarted in between.
    @Test(arguments: [false, true])
    func aRestoredChipRepeatsItself(isRestarted: Bool) throws {
        let bench = try bench()
        let matrix = try bench.map(rows: 16, columns: 8)
        try bench.program(matrix.id, [Int16](repeating: 77, count: 128))
        let before = bench.chip.status(session: bench.session, now: bench.now)
        _ = try simulate(bench, .save(name: "a"))
        let first = try run(bench, matrix.id)
        if isRestarted { try bench.restart() }
        let reply = try simulate(bench, .restore(name: "a", from: 0))
        guard case .restored(let digest, let epoch) = reply.result else {
            Issue.record("\(reply.result)")
            return
        }
        #expect(digest == before.stateDigest)
        #expect(epoch == bench.epoch + 1)
        #expect(reply.chipTime == before.chipTime)
        (bench.sequence, bench.acknowledged) = (0, 0)
        try bench.takeLease()
        #expect(bench.epoch == epoch + 1)
        #expect(try run(bench, matrix.id) == first)
    }

    /// What a host knew of the chip is no longer so: old numbers and epochs are refused.
    @Test func sessionsAreForgottenAndTheLeaseEnds() throws {
        let bench = try bench()
        try bench.change(.power(on: true))
        _ = try simulate(bench, .save(name: "a"))
        _ = try simulate(bench, .restore(name: "a", from: 0))
        for _ in 0 ..< 2 {
            let status = bench.chip.status(session: bench.session, now: bench.now)
            #expect(status.sequenceLast == 0)
            #expect(!status.lease.isHeld)
            #expect(status.lease.epoch == bench.epoch + 1)
            bench.sequence = 0
            bench.acknowledged = 0
            let fault = #expect(throws: ChipFault.self) { try bench.change(.power(on: true)) }
            #expect(fault?.code == .leaseLost)
            try bench.restart()
        }
    }

    /// Chip 7 becomes a clone of chip 5: chip 5's cells, its own noise, also after a restart.
    @Test func aCloneHasTheCellsOfAnotherAndItsOwnDraws() throws {
        let bench = try bench()
        let matrix = try bench.map(rows: 16, columns: 8)
        try bench.program(matrix.id, [Int16](repeating: 77, count: 128))
        _ = try simulate(bench, .save(name: "a"))
        let truths = { () throws -> [[Float]] in
            let reply = try self.simulate(
                bench, .truth(tile: matrix.tiles[0], region: .all, deviations: true))
            guard case .truth(_, let deviations?, let coefficients?, _, _) = reply.result else {
                Issue.record("\(reply.result)")
                return []
            }
            return [deviations, coefficients]
        }
        let own = try truths()
        let read = try bench.weights(matrix.id)
        _ = try simulate(bench, .restore(name: "a", from: 5))
        let cloned = try truths()
        #expect(cloned != own)
        let others = Fabrication(serial: 5, variation: bench.spec.variation).deviations(
            firstCell: bench.spec.firstCell(ofTile: matrix.tiles[0]), count: 128)
        #expect(cloned.first == others)
        #expect(try bench.weights(matrix.id) != read)
        try bench.restart()
        #expect(try truths() == cloned)
    }

    /// A running clock goes on from the instant that was saved.
    @Test func timeGoesOnFromTheSnapshot() throws {
        let bench = try bench(clock: .rate(10))
        bench.now.wallMicroseconds += 1_000_000
        _ = try simulate(bench, .save(name: "a"))
        bench.now.wallMicroseconds += 500_000_000
        #expect(try simulate(bench, .restore(name: "a", from: 0)).chipTime.seconds == 10)
        bench.now.wallMicroseconds += 2_000_000
        #expect(
            bench.chip.status(session: bench.session, now: bench.now).chipTime.seconds == 30)
    }

    @Test func anUnknownNameIsRefused() throws {
        let bench = try bench()
        let fault = #expect(throws: ChipFault.self) {
            try simulate(bench, .restore(name: "b", from: 0))
        }
        #expect(fault?.code == .notFound)
    }
}
