import Physics
import Testing

private let cellCount = 64_000

@Suite("Programming: write-verify (P-2, P-3)")
struct WriteVerifyTests {
    /// Simulated outside this project with another program, and the same by a third
    /// (numpy, 400,000 cells). Its first columns are of operations without coarse writes, its last
    /// of cells that stood open loop at any of the levels, their own included: only so do its
    /// figures fit. The last column of the cell with two bits (0.0308, 8.0) fits none of the starts
    /// that were tried; here stand the third program's figures.
    /// `pulsesCoarse`: from an open-loop write to the target, coarse writes included; third program.
    struct Figures: CustomTestStringConvertible, Sendable {
        let cells: Cells
        let deviation: Double
        let lowest: Double
        let highest: Double
        let pulses: Double
        let pulses99: Int
        let deviationAgain: Double
        let pulsesAgain: Double
        let pulsesCoarse: Double

        var testDescription: String { cells.name }
    }

    static let table = [
        Figures(
            cells: .feFET, deviation: 0.0308, lowest: 0.018, highest: 0.041, pulses: 8.6,
            pulses99: 34, deviationAgain: 0.0312, pulsesAgain: 9.7, pulsesCoarse: 7.84),
        Figures(
            cells: .pcmOne, deviation: 0.0294, lowest: 0.027, highest: 0.033, pulses: 8.7,
            pulses99: 34, deviationAgain: 0.0298, pulsesAgain: 9.9, pulsesCoarse: 8.04),
        Figures(
            cells: .pcmTwo, deviation: 0.0287, lowest: 0.021, highest: 0.034, pulses: 8.7,
            pulses99: 34, deviationAgain: 0.0290, pulsesAgain: 10.0, pulsesCoarse: 8.09),
        Figures(
            cells: .rram, deviation: 0.0319, lowest: 0.025, highest: 0.042, pulses: 9.0,
            pulses99: 34, deviationAgain: 0.0323, pulsesAgain: 10.1, pulsesCoarse: 8.20),
        Figures(
            cells: .rramTwoBits, deviation: 0.0327, lowest: 0.025, highest: 0.042, pulses: 9.8,
            pulses99: 36, deviationAgain: 0.0330, pulsesAgain: 10.32, pulsesCoarse: 9.03),
    ]

    /// Operations on cells whose targets go through all levels.
    struct Run {
        let technology: CellTechnology
        let variation: Variation
        let deviations: [Float]
        var conductances: [Float]
        var pulses = [UInt32](repeating: 0, count: cellCount)
        var outcomes: [CellOutcome] = []
        var used: [UInt32] = []
        var coarseWrites = 0
        var targets: [Float] = []

        static let cells = (0 ..< Int32(cellCount)).map { $0 }

        /// Writes the cells open loop to their levels.
        init(_ cells: Cells, variation: Variation, deviations: [Float]? = nil) throws {
            technology = try cells.technology()
            self.variation = variation
            self.deviations = deviations ?? [Float](repeating: 0, count: cellCount)
            conductances = [Float](repeating: 0, count: cellCount)
            targets = targets { $0 }
            OpenLoopProgramming(technology: technology, variation: variation).write(
                cells: Self.cells, targets: targets, deviations: self.deviations,
                conductances: &conductances, pulses: &pulses,
                draws: EventDraws(serial: 21, event: 1), firstCell: 0)
        }

        private func targets(_ level: (Int) -> Int) -> [Float] {
            (0 ..< cellCount).map { cell in
                Float(
                    technology.window.level(
                        level(cell) % technology.levels, bits: technology.bitsPerCell
                    ).microsiemens)
            }
        }

        mutating func verify(
            event: UInt64, isCoarse: Bool = true, confirmingReads: Int = 0, level: (Int) -> Int
        ) {
            var parameters = technology.writeVerify
            parameters.confirmingReads = confirmingReads
            if !isCoarse { parameters.coarse = 10 }
            targets = targets(level)
            let result = WriteVerify(
                technology: technology, variation: variation, parameters: parameters
            ).program(
                cells: Self.cells, targets: targets, deviations: deviations,
                conductances: &conductances, pulses: &pulses,
                draws: EventDraws(serial: 21, event: event), firstCell: 0,
                shouldStop: { false })
            outcomes = result.outcomes
            used = result.pulses
            coarseWrites = result.coarseWrites
        }

        /// (g − g_t)/G_on of each cell.
        var errors: [Float] {
            let on = Float(technology.window.on.microsiemens)
            return zip(conductances, targets).map { ($0 - $1) / on }
        }

        var deviationOfLevels: [Double] {
            let errors = self.errors
            return (0 ..< technology.levels).map { level in
                Moments(
                    stride(from: level, to: errors.count, by: technology.levels).map { errors[$0] }
                ).deviation
            }
        }

        var unverified: Int { outcomes.count { $0 != .verified } }
        var meanPulses: Double { Moments(used.map { Float($0) }).mean }
    }

    /// Bounds: 2 % of a deviation (0.3 % is one standard error, the table is rounded to 0.2 %),
    /// 0.2 pulses (0.03 and 0.05), 0.0015 for the deviation of one level (0.0004 and 0.0005).
    @Test(arguments: table)
    func fromAnOpenLoopWriteItReproducesTheTable(_ figures: Figures) throws {
        var run = try Run(figures.cells, variation: .none())
        run.verify(event: 2, isCoarse: false) { $0 }
        let deviation = Moments(run.errors).deviation
        let levels = run.deviationOfLevels
        #expect(abs(deviation / figures.deviation - 1) < 0.02)
        #expect(abs((levels.min() ?? 0) - figures.lowest) < 0.0015)
        #expect(abs((levels.max() ?? 0) - figures.highest) < 0.0015)
        #expect(abs(run.meanPulses - figures.pulses) < 0.2)
        let sorted = run.used.sorted()
        #expect(abs(Int(sorted[sorted.count * 99 / 100]) - figures.pulses99) <= 2)
        #expect(run.coarseWrites == 0)
        #expect(run.unverified < cellCount / 10_000)
    }

    @Test(arguments: table)
    func coarseWritesSavePulses(_ figures: Figures) throws {
        var run = try Run(figures.cells, variation: .none())
        run.verify(event: 2) { $0 }
        let deviation = Moments(run.errors).deviation
        #expect(abs(deviation / figures.deviation - 1) < 0.02)
        #expect((0.025 ... 0.035).contains(deviation))
        #expect(abs(run.meanPulses - figures.pulsesCoarse) < 0.12)
        #expect((7.5 ... 12).contains(run.meanPulses))
        #expect(run.coarseWrites > 0)
        #expect(run.unverified < cellCount / 10_000)
    }

    /// All pairs of a start level and a target equally often.
    @Test(arguments: table)
    func fromAnotherLevelItReproducesTheTable(_ figures: Figures) throws {
        let levels = 1 << figures.cells.bits
        var run = try Run(figures.cells, variation: .none())
        run.verify(event: 2) { $0 + $0 / levels }
        let deviation = Moments(run.errors).deviation
        #expect(abs(deviation / figures.deviationAgain - 1) < 0.02)
        #expect((0.025 ... 0.035).contains(deviation))
        #expect(abs(run.meanPulses - figures.pulsesAgain) < 0.2)
        #expect((7.5 ... 12).contains(run.meanPulses))
        #expect(run.unverified < cellCount / 10_000)
    }

    /// One confirming read: σ 0.024 and 10.3 pulses (outside this project); the same by a third program
    /// (numpy, 200,000 cells, coarse writes included).
    @Test(arguments: [
        (Cells.feFET, 0.0234, 9.13), (.pcmOne, 0.0227, 9.32), (.pcmTwo, 0.0224, 9.19),
        (.rram, 0.0239, 9.63), (.rramTwoBits, 0.0247, 10.74),
    ])
    func aConfirmingReadNarrowsTheSpread(
        _ cells: Cells, _ deviation: Double, _ pulses: Double
    ) throws {
        var run = try Run(cells, variation: .none())
        run.verify(event: 2, confirmingReads: 1) { $0 }
        #expect(abs(Moments(run.errors).deviation / deviation - 1) < 0.02)
        #expect(abs(run.meanPulses - pulses) < 0.2)
        #expect(run.unverified < cellCount / 10_000)
    }

    /// The loop removes variation up to its tolerance: of an offset of 0.15 ± 0.05 of G_on, or of
    /// the target, less than 0.03·G_on is left.
    @Test(arguments: [Variation.Model.weightProportional, .layerFixed])
    func removesVariation(model: Variation.Model) throws {
        let variation = try Variation(model: model, betweenChip: 0.2, withinChip: 0.05)
        let normals = EventDraws(serial: 3, event: 1).normals(
            .withinChip, first: 0, count: cellCount)
        var run = try Run(
            .feFET, variation: variation, deviations: normals.map { 0.15 + 0.05 * $0 })
        run.verify(event: 2) { $0 }
        let moments = Moments(run.errors)
        #expect(moments.deviation < 0.035)
        #expect(abs(moments.mean) < 0.03)
        #expect(run.unverified < cellCount / 10_000)
    }

    @Test func worksDownToAConductanceOfZero() throws {
        var run = try Run(.open, variation: .none())
        run.verify(event: 2) { $0 }
        #expect(run.errors.count { !$0.isFinite } == 0)
        #expect(Moments(run.errors).deviation < 0.035)
        #expect(run.unverified < cellCount / 10_000)
    }
}

@Suite("Programming: bookkeeping of write-verify")
struct WriteVerifyBookkeepingTests {
    /// Read noise and cycle-to-cycle spread off: every number can be worked out by hand.
    static func quiet(pulsesMax: Int = 100) throws -> CellTechnology {
        var cells = Cells.open
        cells.readRelative = 0
        cells.programmingNoise = 0
        var technology = try cells.technology()
        technology.writeVerify.cycleToCycle = 0
        technology.writeVerify.pulsesMax = pulsesMax
        return technology
    }

    static func program(
        _ technology: CellTechnology, from start: Float, to target: Float,
        deviation: Float = 0, shouldStop: () -> Bool = { false }
    ) throws -> (result: WriteVerifyResult, conductance: Float, pulses: UInt32) {
        var conductances: [Float] = [7, start, 7]
        var pulses: [UInt32] = [1, 2, 3]
        let result = try WriteVerify(
            technology: technology,
            variation: Variation(model: .layerFixed, betweenChip: 0, withinChip: 0),
            parameters: technology.writeVerify
        ).program(
            cells: [1], targets: [target], deviations: [0, deviation, 0],
            conductances: &conductances, pulses: &pulses,
            draws: EventDraws(serial: 1, event: 1), firstCell: 0, shouldStop: shouldStop)
        #expect(conductances[0] == 7)
        #expect(conductances[2] == 7)
        #expect(pulses[0] == 1)
        #expect(pulses[2] == 3)
        return (result, conductances[1], pulses[1])
    }

    @Test func aCellInBandIsLeftAlone() throws {
        let run = try Self.program(Self.quiet(), from: 10.4, to: 10)
        #expect(run.result.outcomes == [.verified])
        #expect(run.result.pulses == [0])
        #expect(run.conductance == 10.4)
        #expect(run.pulses == 2)
        #expect(run.result.cycles == 1)
        #expect(run.result.verifyReads == 16)
    }

    /// G_on = 20 µS, G_off = 0, target 10 µS, band 0.6 µS; the recurrence of (P-3) worked out in
    /// numpy with float64. SET: first step 20·0.006·(1 − 9/20); RESET: 20·0.006·12/20.
    @Test(arguments: [(Float(9), UInt32(6), 9.499_558_322), (12, 12, 10.546_940_566)])
    func stepsGrowWhileTheDirectionStays(start: Float, pulses: UInt32, end: Double) throws {
        let run = try Self.program(Self.quiet(), from: start, to: 10)
        #expect(run.result.pulses == [pulses])
        #expect(abs(Double(run.conductance) - end) < 1e-5)
        #expect(run.result.coarseWrites == 0)
    }

    /// Coarse steps and a narrow band: 10.025, 9.774375, 9.902195, 10.04104, 9.972008, 10.006479 with
    /// steps 0.05, 0.025, 0.0125, 0.01375, 0.006875, 0.0034375 of the window; the recurrence of
    /// (P-3) worked out in numpy with float64.
    @Test func stepsAreCutWhereTheDirectionTurns() throws {
        var technology = try Self.quiet()
        technology.writeVerify.tolerance = 0.0005
        technology.writeVerify.stepFirst = 0.05
        let run = try Self.program(technology, from: 9.5, to: 10)
        #expect(run.result.pulses == [6])
        #expect(abs(run.conductance - 10.006_479) < 1e-4)
    }

    /// Lane 1 of a cell's block spreads the pulse, lane 2 the coarse write; lane 0, the noise of
    /// the verification, has no part in either. From 9 µS one pulse adds
    /// 20·0.006·(1 − 9/20) = 0.066 µS with a spread of a fifth; from 1 µS a coarse write lands at
    /// 10 ± 2 µS.
    @Test(arguments: [(Float(9), 1, 9.066, 0.0132), (1, 2, 10.0, 2.0)])
    func everyDrawHasItsLane(start: Float, lane: Int, mean: Double, deviation: Double) throws {
        var cells = Cells.open
        cells.readRelative = 0.01
        var technology = try cells.technology()
        technology.writeVerify.pulsesMax = 1
        technology.writeVerify.verifyReads = 1
        let count = 100_000
        let names = (0 ..< Int32(count)).map { $0 }
        let draws = EventDraws(serial: 3, event: 7)
        var conductances = [Float](repeating: start, count: count)
        var pulses = [UInt32](repeating: 0, count: count)
        _ = try WriteVerify(
            technology: technology, variation: .none(), parameters: technology.writeVerify
        ).program(
            cells: names, targets: [Float](repeating: 10, count: count),
            deviations: [Float](repeating: 0, count: count), conductances: &conductances,
            pulses: &pulses, draws: draws, firstCell: 90, shouldStop: { false })
        let moments = Moments(conductances)
        let root = Double(count).squareRoot()
        #expect(abs(moments.mean - mean) < Bound.normal * deviation / root)
        #expect(
            abs(moments.deviation / deviation - 1) < Bound.normal / (2 * Double(count)).squareRoot()
        )
        let normals = draws.cellNormals(.writeVerify, firstCell: 90, cells: names)
        for other in 0 ..< 3 {
            let z = (0 ..< count).map { normals[4 * $0 + other] }
            let shared = correlation(conductances, z)
            #expect(other == lane ? shared > 0.999 : abs(shared) < 4 / root)
        }
    }

    /// A pulse limit of 3: three pulses, then a fourth verification that fails.
    @Test func theLimitEndsTheWork() throws {
        let run = try Self.program(Self.quiet(pulsesMax: 3), from: 6.5, to: 10)
        #expect(run.result.outcomes == [.unverified])
        #expect(run.result.pulses == [3])
        #expect(run.pulses == 5)
        #expect(run.result.cycles == 4)
        #expect(run.result.verifyReads == 64)
        #expect(run.conductance > 6.5)
    }

    /// Without noise an open-loop write lands on the target.
    @Test func aLargeErrorIsWrittenOpenLoop() throws {
        let run = try Self.program(Self.quiet(), from: 1, to: 10)
        #expect(run.result.outcomes == [.verified])
        #expect(run.result.coarseWrites == 1)
        #expect(run.result.pulses == [1])
        #expect(run.conductance == 10)
    }

    /// A cell whose own deviation (0.3·G_on) exceeds the coarse band is walked to its target.
    @Test func aCellThatCoarseWritesCannotReachIsWalkedThere() throws {
        let run = try Self.program(Self.quiet(), from: 1, to: 10, deviation: 0.3)
        #expect(run.result.outcomes == [.verified])
        #expect(run.result.coarseWrites == 3)
        #expect(abs(run.conductance - 10) <= 0.6)
    }

    @Test func stoppingLeavesTheRestNotAttempted() throws {
        var asked = 0
        let run = try Self.program(Self.quiet(), from: 6.5, to: 10) {
            asked += 1
            return asked > 2
        }
        #expect(run.result.outcomes == [.notAttempted])
        #expect(run.result.pulses == [2])
        #expect(run.pulses == 4)
    }

    /// Draws belong to the cell and the cycle, not to the company a cell keeps.
    @Test func resultsDoNotDependOnHowTheCellsAreCut() throws {
        let technology = try Cells.feFET.technology()
        let writer = try WriteVerify(
            technology: technology, variation: .none(), parameters: technology.writeVerify)
        func run(_ groups: [[Int32]]) -> ([UInt32], [UInt32]) {
            var conductances = [Float](repeating: 1, count: 64)
            var pulses = [UInt32](repeating: 0, count: 64)
            for group in groups {
                _ = writer.program(
                    cells: group, targets: group.map { 0.5 + Float($0) * 0.05 },
                    deviations: Array(repeating: 0, count: 64), conductances: &conductances,
                    pulses: &pulses, draws: EventDraws(serial: 8, event: 3), firstCell: 640,
                    shouldStop: { false })
            }
            return (conductances.map(\.bitPattern), pulses)
        }
        let whole = run([Array(0 ..< 64)])
        let cut = run([Array(40 ..< 64), [3, 1, 2, 0], Array(4 ..< 40).reversed()])
        #expect(whole.0 == cut.0)
        #expect(whole.1 == cut.1)
    }
}

@Suite("Programming: parameters of write-verify are checked")
struct WriteVerifyParameterTests {
    static let wrong: [(name: String, change: @Sendable (inout WriteVerifyParameters) -> Void)] = [
        ("tolerance 0", { $0.tolerance = 0 }), ("tolerance NaN", { $0.tolerance = .nan }),
        ("smallest step above 1", { $0.stepMin = 5 }), ("smallest step 0", { $0.stepMin = 0 }),
        ("smallest step NaN", { $0.stepMin = .nan }),
        ("largest step below the smallest", { $0.stepMax = 0.001 }),
        ("first step above the largest", { $0.stepFirst = 0.5 }),
        ("first step NaN", { $0.stepFirst = .nan }),
        ("shrinking growth", { $0.growth = 0.9 }), ("growing cut", { $0.cut = 1.1 }),
        ("negative nonlinearity", { $0.nonlinearitySet = -1 }),
        ("negative nonlinearity of RESET", { $0.nonlinearityReset = -1 }),
        ("negative spread", { $0.cycleToCycle = -0.1 }), ("no pulses", { $0.pulsesMax = 0 }),
        ("too many pulses", { $0.pulsesMax = 4001 }), ("no reads", { $0.verifyReads = 0 }),
        ("negative coarse band", { $0.coarse = -1 }),
        ("too many confirming reads", { $0.confirmingReads = 4 }),
    ]

    @Test(arguments: wrong.indices)
    func aWrongParameterIsRefused(index: Int) {
        var parameters = WriteVerifyParameters(verifyReads: 4)
        Self.wrong[index].change(&parameters)
        #expect(throws: PhysicsError.self, "\(Self.wrong[index].name)") {
            try parameters.validated()
        }
    }

    /// The defaults of firmware-specs/devices.
    @Test func theDefaultsAreThoseOfTheSpecification() throws {
        let p = try WriteVerifyParameters(verifyReads: 4).validated()
        #expect(
            [p.tolerance, p.coarse, p.stepFirst, p.growth, p.cut, p.stepMin, p.stepMax]
                == [0.03, 0.2, 0.006, 1.1, 0.5, 0.002, 0.1])
        #expect([p.nonlinearitySet, p.nonlinearityReset, p.cycleToCycle] == [1, 1, 0.2])
        #expect(p.pulsesMax == 100)
    }
}
