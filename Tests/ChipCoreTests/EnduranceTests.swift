import ChipCore
import Physics
import TestSupport
import Testing

@Suite("Wear of a chip: trains, stuck cells, health")
struct ChipEnduranceTests {
    /// RRAM of firmware-specs/devices.
    private func bench(drift: Double = 0) throws -> TestBench {
        var technology = try TestSpec.technology(drift: drift)
        technology.endurance = try Endurance(
            windowPulses: 1e5, windowExponent: 0.25, lifetimeScale: 1e7, lifetimeShape: 2,
            stuckOnShare: 0.7)
        let bench = try TestBench(TestSpec.chip(technology))
        try bench.takeLease()
        return bench
    }

    @discardableResult
    private func cycle(
        _ bench: TestBench, tile: Int = 0, pulses: Int, region: Region = .all,
        direction: PulseTrain.Direction = .alternating
    ) throws -> ChangeReply {
        try bench.change(
            .pulse(
                PulseCommand(
                    tile: tile, region: region, direction: direction, pulses: pulses, step: 0.1)))
    }

    private func truth(_ bench: TestBench, tile: Int = 0) throws -> [Float] {
        let reply = try bench.chip.simulate(
            .truth(tile: tile, region: .all, deviations: false), work: bench.work)
        guard case .truth(let conductances, _, _, _, _) = reply.result else {
            preconditionFailure()
        }
        return conductances
    }

    /// 10⁶ pulses on each of the 128 cells of a tile by one command; r(10⁶) = 10·11^−0.25 = 5.49;
    /// a tenth of the life is used; F(10⁶) = 1 %: of 128 cells 5 or less are stuck (99.9 %).
    @Test func aMillionPulsesAreOneCommand() throws {
        let bench = try bench()
        let reply = try cycle(bench, pulses: 1_000_000)
        #expect(reply.cost.pulses == 128_000_000)
        let health = bench.chip.health(now: bench.now)
        #expect(health.pulses == 128_000_000)
        let bank = try #require(health.banks.first)
        #expect(health.banks.count == 1)
        #expect(abs(bank.onOffRatioWorst - 5.4909) < 1e-3)
        #expect(bank.onOffRatioMedian == 10)
        #expect(abs(bank.lifeUsedWorst - 0.1) < 1e-12)
        #expect(bank.lifeUsedMedian == 0)
        #expect(bank.stuckOn + bank.stuckOff <= 5)
        #expect(health.cycles.last?.cells == 128)
    }

    /// 4·10⁷ pulses end every cell but e⁻¹⁶ of them; 70 % ± 13 % fail ON (99.9 % of 128).
    @Test func wornOutCellsAreStuckReportedAndDoNotDrift() throws {
        let bench = try bench(drift: 0.1)
        try cycle(bench, pulses: 40_000_000)
        let before = try truth(bench)
        #expect(before.allSatisfy { $0 == 20 || $0 == 2 })
        let on = before.count { $0 == 20 }
        #expect(abs(Double(on) / 128 - 0.7) < 0.134)
        _ = try bench.chip.simulate(.clockAdvance(seconds: 1e9), work: bench.work)
        #expect(try truth(bench) == before)
        let bank = try #require(bench.chip.health(now: bench.now).banks.first)
        #expect(bank.stuckOn == UInt64(on))
        #expect(bank.stuckOff == UInt64(128 - on))

        try bench.restart()
        #expect(try truth(bench) == before)
        let reply = try bench.change(
            .program(
                ProgramCommand(
                    target: .conductances(tile: 0, [Float](repeating: 11, count: 128)),
                    region: .all, method: .writeVerify(.init(pulsesMax: 10)), all: true,
                    mask: nil, readBack: false, cellStatus: true)))
        guard case .programmed(let report) = reply.result else { preconditionFailure() }
        #expect(report.stuckOn == on)
        #expect(report.stuckOff == 128 - on)
        #expect(report.unverified == 128)
        let expected = before.map {
            ($0 == 20 ? CellOutcome.stuckOn : .stuckOff).rawValue
        }
        #expect(report.cellStatus == expected)
    }

    /// Lives of 30 pulses (scale): each command tells the cells whose life ended in it, once.
    @Test func aCommandTellsTheCellsThatItEnded() throws {
        var technology = try TestSpec.technology()
        technology.endurance = try Endurance(
            windowPulses: .infinity, windowExponent: 0, lifetimeScale: 30, lifetimeShape: 2,
            stuckOnShare: 0.5)
        let bench = try TestBench(TestSpec.chip(technology))
        try bench.takeLease()
        let matrix = try bench.map(rows: 16, columns: 8, weightBits: 2)
        var newlyStuck = 0
        for round in 1 ... 40 {
            let code = Int16(round % 4)
            newlyStuck += try bench.program(
                matrix.id, [Int16](repeating: code, count: 128), all: true
            ).newlyStuck
            let bank = try #require(bench.chip.health(now: bench.now).banks.first)
            #expect(bank.stuckOn + bank.stuckOff == UInt64(newlyStuck))
        }
        // 1 − exp(−(40/30)²) = 83 % of 256 cells, ± 8 % (99.9 %).
        #expect(abs(Double(newlyStuck) / 256 - 0.831) < 0.08)
    }

    /// A train moves cells away from what was programmed: their weights hold no code any more.
    @Test func aTrainUnsetsTheWeightsItTouches() throws {
        let bench = try bench()
        let matrix = try bench.map(rows: 16, columns: 8)
        try bench.program(matrix.id, [Int16](repeating: 9, count: 128))
        try cycle(
            bench, tile: matrix.tiles[0], pulses: 3,
            region: Region(row: 2, column: 3, rows: 2, columns: 4))
        let state = bench.chip.status(session: bench.session, now: bench.now).matrices[0]
        #expect(state.weightsProgrammed == 120)
        let report = try bench.program(matrix.id, [Int16](repeating: 9, count: 128))
        #expect(report.written == 8 * matrix.tiles.count)
    }

    @Test func trainsThatWouldTakeTooLongAreRefused() throws {
        var technology = try TestSpec.technology()
        technology.writeVerify.nonlinearitySet = 2
        let bench = try TestBench(TestSpec.chip(technology))
        try bench.takeLease()
        let fault = #expect(throws: ChipFault.self) { try cycle(bench, pulses: 100_000_000) }
        #expect(fault?.reason == .limit)
        try cycle(bench, pulses: 1_000)
    }
}

@Suite("Selective write-verify: priority and budget")
struct SelectionTests {
    private let codes = (0 ..< 128).map { Int16(($0 * 37) % 200) - 100 }
    private let priority = (0 ..< 128).map { Float(($0 * 61) % 128) }

    private func program(pulses: UInt64 = 0, picojoules: Double = 0) throws
        -> (report: ProgramReport, cost: Cost, matrix: MatrixDescription)
    {
        let bench = try TestBench(
            TestSpec.chip(TestSpec.technology(noise: 0.1, programming: 0.1)))
        try bench.takeLease()
        let matrix = try bench.map(rows: 16, columns: 8)
        let reply = try bench.change(
            .program(
                ProgramCommand(
                    target: .codes(matrix: matrix.id, codes), region: .all,
                    method: .writeVerify(.init()), all: true, mask: nil,
                    selection: .init(
                        priority: priority, pulses: pulses, picojoules: picojoules),
                    readBack: false, cellStatus: true)))
        guard case .programmed(let report) = reply.result else { preconditionFailure() }
        return (report, reply.cost, matrix)
    }

    /// The budget is kept, nearly used up, and the weights verified are those of the highest
    /// priority.
    @Test(arguments: [1_850, 1_900, 2_000] as [UInt64])
    func theBudgetIsKeptAndThePriorityObeyed(budget: UInt64) throws {
        let (report, cost, matrix) = try program(pulses: budget)
        let planes = matrix.tiles.count
        #expect(cost.pulses <= budget)
        #expect(cost.pulses > budget - UInt64(100 * planes) - 1)
        #expect(report.written > 0)
        #expect(report.verified > 0)
        #expect(report.written + report.verified + report.unverified == 128 * planes)
        let written = (0 ..< 128).filter { report.cellStatus[$0] == CellOutcome.written.rawValue }
        let verified = (0 ..< 128).filter { report.cellStatus[$0] != CellOutcome.written.rawValue }
        let lowest = verified.map { priority[$0] }.min() ?? 0
        #expect(written.allSatisfy { priority[$0] < lowest })
    }

    @Test func energyIsABudgetToo() throws {
        let (report, cost, _) = try program(picojoules: 2_000)
        #expect(cost.energyPicojoules <= 2_000)
        #expect(report.written > 0)
        #expect(report.verified > 0)
    }

    @Test func withoutALimitAllAreVerified() throws {
        #expect(try program().report.written == 0)
    }

    @Test func aBudgetBelowOnePulseACellIsRefusedWithoutEffect() throws {
        let fault = #expect(throws: ChipFault.self) { try program(pulses: 100) }
        #expect(fault?.code == .budgetExhausted)
    }
}
