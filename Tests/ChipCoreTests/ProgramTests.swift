import ChipCore
import Glibc
import Physics
import Testing

@Suite("Programming matrices and tiles")
struct ProgramTests {
    private func bench(_ technology: CellTechnology, withinChip: Double = 0) throws -> TestBench {
        let bench = try TestBench(TestSpec.chip(technology, withinChip: withinChip))
        try bench.takeLease()
        return bench
    }

    @Test func quietOpenLoopLandsOnTheCodes() throws {
        let bench = try bench(TestSpec.technology())
        let matrix = try bench.map(rows: 20, columns: 10, codeMax: 127)
        let codes = (0 ..< 200).map { Int16($0) - 100 }
        let report = try bench.program(matrix.id, codes, readBack: true)
        #expect(report.cells == 200 * 8)
        #expect(report.written == 1600)
        for (weight, code) in zip(report.readBack, codes) {
            #expect(abs(weight - Float(code)) < 1e-3)
        }
        #expect(try bench.weights(matrix.id) == report.readBack)
    }

    @Test func onlyChangedCellsArePulsed() throws {
        let bench = try bench(TestSpec.technology())
        let matrix = try bench.map(rows: 4, columns: 4, weightBits: 4)
        var codes = [Int16](repeating: 5, count: 16)  // digits 1, 1
        try bench.program(matrix.id, codes)
        #expect(try bench.program(matrix.id, codes).cells == 0)
        codes[3] = 6  // digits 2, 1: one cell of the positive array
        #expect(try bench.program(matrix.id, codes).cells == 1)
        codes[3] = -6  // two cells to 0, two from 0
        #expect(try bench.program(matrix.id, codes).cells == 4)
        #expect(try bench.program(matrix.id, codes, all: true).cells == 64)
    }

    @Test func regionsAndMasksKeepToThemselves() throws {
        let bench = try bench(TestSpec.technology())
        let matrix = try bench.map(rows: 20, columns: 10)
        try bench.program(matrix.id, Array(repeating: 7, count: 200))
        let region = Region(row: 14, column: 6, rows: 4, columns: 3)
        try bench.program(matrix.id, Array(repeating: -9, count: 12), region: region)
        let weights = try bench.weights(matrix.id)
        for row in 0 ..< 20 {
            for column in 0 ..< 10 {
                let isInside = (14 ..< 18).contains(row) && (6 ..< 9).contains(column)
                #expect(abs(weights[row * 10 + column] - (isInside ? -9 : 7)) < 1e-3)
            }
        }
    }

    @Test func writeVerifyMeetsTheTolerance() throws {
        let bench = try bench(
            TestSpec.technology(noise: 0.02, programming: 0.1), withinChip: 0.2)
        let matrix = try bench.map(rows: 32, columns: 16)
        let codes = (0 ..< 512).map { Int16($0 % 255) - 127 }
        let report = try bench.program(
            matrix.id, codes, method: .writeVerify(.init()), cellStatus: true)
        #expect(report.verified == report.cells)
        #expect(report.pulsesMean > 1)
        #expect(report.cellStatus.allSatisfy { $0 == CellOutcome.verified.rawValue })
        // A second pass finds most cells in band and leaves them alone.
        let again = try bench.program(
            matrix.id, codes, method: .writeVerify(.init()), all: true)
        #expect(again.pulsesMean < 0.5 * report.pulsesMean)
    }

    @Test func unverifiedWeightsAreReportedAndCounted() throws {
        let bench = try bench(TestSpec.technology(noise: 0, programming: 0.1))
        let matrix = try bench.map(rows: 16, columns: 8)
        let report = try bench.program(
            matrix.id, Array(repeating: 99, count: 128),
            method: .writeVerify(.init(tolerance: 0.001, pulsesMax: 1)))
        #expect(report.unverified > 0)
        let status = bench.chip.status(session: bench.session, now: bench.now)
        #expect(status.matrices[0].weightsUnverified > 0)
        #expect(status.matrices[0].weightsProgrammed == 128)
    }

    @Test func tilesTakeConductancesInsideTheWindow() throws {
        let bench = try bench(TestSpec.technology())
        func program(_ values: [Float]) throws -> ChangeReply {
            try bench.change(
                .program(
                    ProgramCommand(
                        target: .conductances(tile: 3, values),
                        region: Region(row: 2, column: 1, rows: 1, columns: 3),
                        method: .openLoop, all: true, mask: nil, readBack: true,
                        cellStatus: false)))
        }
        let reply = try program([2, 10, 20])
        guard case .programmed(let report) = reply.result else {
            Issue.record("\(reply.result)")
            return
        }
        #expect(report.readBack == [2, 10, 20])
        #expect(throws: ChipFault.self) { try program([1, 10, 20]) }
        #expect(throws: ChipFault.self) { try program([2, .nan, 20]) }
        #expect(throws: ChipFault.self) { try program([2, 10]) }
    }

    /// The shape counts, not the number of elements: 2 × 4 codes do not fill 4 × 2 weights.
    @Test func theShapeMustBeTheRegions() throws {
        let bench = try bench(TestSpec.technology())
        let matrix = try bench.map(rows: 4, columns: 2)
        for (region, shape) in [(Region.all, [2, 4]), (Region(rows: 1, columns: 4), [2, 2])] {
            let fault = #expect(throws: ChipFault.self) {
                try bench.change(
                    .program(
                        ProgramCommand(
                            target: .codes(matrix: matrix.id, Array(repeating: 1, count: 8)),
                            shape: shape, region: region, method: .openLoop, all: true, mask: nil,
                            readBack: false, cellStatus: false)))
            }
            #expect(fault != nil)
        }
        let fault = #expect(throws: ChipFault.self) {
            try bench.change(
                .program(
                    ProgramCommand(
                        target: .conductances(tile: 0, Array(repeating: 5, count: 128)),
                        shape: [8, 16], region: .all, method: .openLoop, all: true, mask: nil,
                        readBack: false, cellStatus: false)))
        }
        #expect(fault?.message.contains("[8, 16]") == true)
        #expect(fault?.message.contains("[16, 8]") == true)
    }

    @Test func driftFollowsChipTimeAndReadsDoNotRefresh() throws {
        let bench = try bench(TestSpec.technology(drift: 0.05))
        let matrix = try bench.map(rows: 8, columns: 8, weightBits: 2)
        try bench.program(matrix.id, Array(repeating: 3, count: 64))
        for (advance, age) in [(100.0, 100.0), (900.0, 1000.0), (999_000.0, 1e6)] {
            _ = try bench.chip.simulate(.clockAdvance(seconds: advance), work: bench.work)
            // q = 3·(g⁺ − g⁻)/(G_on − G_off); the OFF cell of the pair drifts too.
            let factor = Float(_pow(age, -0.05))
            for weight in try bench.weights(matrix.id) {
                #expect(abs(weight - 3 * factor) < 1e-4)
            }
        }
    }

    @Test func stopBetweenPulsesIsPartial() throws {
        let bench = try bench(TestSpec.technology(programming: 0.1))
        let matrix = try bench.map(rows: 32, columns: 16)
        let asked = Counter()
        let work = WorkContext(now: bench.now, isPastDeadline: { asked.next() > 6 })
        let reply = try bench.change(
            .program(
                ProgramCommand(
                    target: .codes(matrix: matrix.id, Array(repeating: 100, count: 512)),
                    region: .all, method: .writeVerify(.init(tolerance: 0.01, pulsesMax: 50)),
                    all: true,
                    mask: nil, readBack: false, cellStatus: false)), work: work)
        #expect(reply.effect == .partial)
        #expect(reply.fault?.code == .deadlineExceeded)
        guard case .programmed(let report) = reply.result else {
            Issue.record("\(reply.result)")
            return
        }
        #expect(report.notAttempted > 0)
        // What was left counts as not programmed, so the next command finishes it.
        let rest = try bench.program(
            matrix.id, Array(repeating: 100, count: 512),
            method: .writeVerify(.init()))
        #expect(rest.cells > 0)
        #expect(
            bench.chip.status(session: bench.session, now: bench.now).matrices[0]
                .weightsProgrammed == 512)
    }

    @Test func powerOffLosesDigitalTilesOnly() throws {
        let bench = try bench(TestSpec.technology())
        let analog = try bench.map(rows: 8, columns: 8, weightBits: 2)
        let digital = try bench.map(rows: 8, columns: 8, weightBits: 2, bank: "sram")
        let codes = (0 ..< 64).map { Int16($0 % 7) - 3 }
        try bench.program(analog.id, codes)
        try bench.program(digital.id, codes)
        let before = try bench.weights(analog.id)
        let reply = try bench.change(.power(on: false))
        guard case .power(on: false, matricesLost: 1) = reply.result else {
            Issue.record("one matrix is lost: \(reply.result)")
            return
        }
        #expect(throws: ChipFault.self) { try bench.weights(analog.id) }
        try bench.change(.power(on: true))
        #expect(try bench.weights(analog.id) == before)
        let fault = #expect(throws: ChipFault.self) {
            try bench.products(digital.id, .unsigned(Array(repeating: 1, count: 8)), batch: 1)
        }
        #expect(fault?.reason == .notProgrammed)
    }

    @Test(arguments: [
        (ChangeCommand.unmap(matrix: 9), ChipFault.Reason.noSuchMatrix),
        (.calibrate(matrix: 9, fullScaleMicroamperes: 1), .noSuchMatrix),
    ])
    func unknownMatricesAreNamed(_ command: ChangeCommand, _ reason: ChipFault.Reason) throws {
        let bench = try bench(TestSpec.technology())
        let fault = #expect(throws: ChipFault.self) { try bench.change(command) }
        #expect(fault?.reason == reason)
        #expect(fault?.message.contains("9") == true)
    }

    @Test func tooLargeMatricesAreRefusedWithTheNumbers() throws {
        let bench = try bench(TestSpec.technology())
        let fault = #expect(throws: ChipFault.self) { try bench.map(rows: 100, columns: 100) }
        #expect(fault?.reason == .noFreeTiles)
        // ⌈100/16⌉·⌈100/8⌉·4·2 = 728
        #expect(fault?.message.contains("728") == true)
        #expect(fault?.message.contains("32") == true)
    }
}

private func _pow(_ x: Double, _ y: Double) -> Double { pow(x, y) }
