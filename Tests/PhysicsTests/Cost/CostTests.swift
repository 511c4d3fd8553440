import Physics
import Testing

@Suite("Cost: counts times unit costs (K-1 … K-6)")
struct CostTests {
    static let cell = CellCost(
        programPulseNanoseconds: 100, programPulsePicojoules: 10, readPulseNanoseconds: 10,
        verifyReadPicojoules: 0.02)

    static func activity(
        steps: Int = 8, tiles: Int = 1, inputLines: Int = 128, outputLines: Int = 128,
        drivenLines: Int = 224, conversions: Int = 1024, adcBits: Int? = 5, bytes: Int = 100,
        currentSquares: Double = 1
    ) -> ProductActivity {
        ProductActivity(
            steps: steps, tiles: tiles, inputLinesPerTile: inputLines,
            outputLinesPerTile: outputLines, drivenLines: drivenLines, conversions: conversions,
            adcBits: adcBits, bytes: bytes, currentSquares: currentSquares)
    }

    static func energy(_ cost: Cost, _ component: Cost.Component) -> Double {
        cost.parts[component]?.energyPicojoules ?? 0
    }

    /// Unit costs of one each: every part is its counts.
    @Test func everyPartByHand() {
        var periphery = PeripheryCost()
        periphery.wordLinePicojoulesPerCell = 0.5
        periphery.driverIdlePicojoules = 3
        periphery.driverActivePicojoules = 7
        periphery.columnsPerConverter = 4
        periphery.converterNanoseconds = 2
        periphery.converterNanosecondsPerBit = 0.25
        periphery.converterPicojoulesPerLevel = 1
        periphery.converterPicojoulesPerBit = 100
        periphery.multiplexerPicojoulesPerCell = 10
        periphery.shiftAddPicojoulesPerBit = 1
        let cost = CostModel(cell: Self.cell, periphery: periphery).product(
            Self.activity(
                steps: 2, tiles: 3, inputLines: 16, outputLines: 8, drivenLines: 5,
                conversions: 11, adcBits: 4))
        #expect(cost.parts[.array]?.latencyNanoseconds == 80)
        // 4 turns: 5 driven lines of 8 cells; 2 steps of 3 tiles of 16 lines.
        let lines: Double = 4 * (5 * (8 * 0.5 + 7) + 2 * 3 * 16 * 3)
        #expect(Self.energy(cost, .wordLines) == lines)
        // 2 steps of 4 turns of 3 ns.
        #expect(cost.parts[.adc]?.latencyNanoseconds == 24)
        // 15 levels, 4 bits, 16 cells.
        let conversion: Double = 15 + 4 * 100 + 16 * 10
        #expect(Self.energy(cost, .adc) == 11 * conversion)
        #expect(Self.energy(cost, .shiftAdd) == 77)
        #expect(cost.parts[.shiftAdd]?.latencyNanoseconds == 0)
        #expect(cost.parts[.buffers]?.energyPicojoules == 5)
    }

    /// V²·G·t by hand: 0.04 V² · 1000 µS · 10 ns = 0.4 pJ.
    @Test func theCurrentThroughTheCellsIsAPartOfItsOwn() {
        let cost = CostModel(cell: Self.cell, periphery: PeripheryCost())
            .product(Self.activity(currentSquares: 0.04 * 1000))
        #expect(abs(Self.energy(cost, .array) - 0.4) < 1e-12)
    }

    @Test func idealConvertersCostNothingAndTakeNoTurns() {
        let cost = CostModel(cell: Self.cell, periphery: PeripheryCost())
            .product(Self.activity(adcBits: nil))
        #expect(cost.parts[.adc] == nil)
        #expect(cost.parts[.shiftAdd] == nil)
        // 2 steps of 4 turns of 10 ns.
        #expect(cost.parts[.array]?.latencyNanoseconds == 80)
    }

    @Test func aConverterForEachColumnHasNoMultiplexer() {
        var periphery = PeripheryCost()
        periphery.converterPicojoulesPerLevel = 0
        periphery.columnsPerConverter = 2
        let shared = CostModel(cell: Self.cell, periphery: periphery).product(Self.activity())
        #expect(Self.energy(shared, .adc) > 0)
        periphery.columnsPerConverter = 1
        let own = CostModel(cell: Self.cell, periphery: periphery).product(Self.activity())
        #expect(Self.energy(own, .adc) == 0)
    }

    /// Nothing gets cheaper or faster when there is more of it, and something gets dearer.
    @Test(arguments: [
        activity(steps: 9), activity(tiles: 2), activity(inputLines: 129),
        activity(outputLines: 129), activity(drivenLines: 225), activity(conversions: 1025),
        activity(adcBits: 6), activity(bytes: 101), activity(currentSquares: 2),
    ])
    func productsAreMonotone(_ more: ProductActivity) {
        let model = CostModel(cell: Self.cell, periphery: PeripheryCost())
        let base = model.product(Self.activity())
        let cost = model.product(more)
        #expect(cost.energyPicojoules > base.energyPicojoules)
        for component in Cost.Component.allCases {
            #expect(Self.energy(cost, component) >= Self.energy(base, component))
            let times = [cost, base].map { $0.parts[component]?.latencyNanoseconds ?? 0 }
            #expect(times[0] >= times[1])
        }
    }

    /// More columns a converter: fewer converters, so longer and, for the lines, dearer.
    @Test func turnsCostTime() {
        var costs: [Cost] = []
        for columns in [1, 2, 4, 8, 16, 32] {
            var periphery = PeripheryCost()
            periphery.columnsPerConverter = columns
            costs.append(
                CostModel(cell: Self.cell, periphery: periphery).product(Self.activity()))
        }
        for (less, more) in zip(costs, costs.dropFirst()) {
            #expect(more.latencyNanoseconds > less.latencyNanoseconds)
            let ratio = Self.energy(more, .wordLines) / Self.energy(less, .wordLines)
            #expect(abs(ratio - 2) < 1e-12)
        }
    }

    /// 16 cells at once: 33 pulses take three rounds of 100 ns; 64 reads four of 10 ns.
    @Test func programmingByHand() {
        let cost = CostModel(cell: Self.cell, periphery: PeripheryCost())
            .programming(pulses: 33, verifyReads: 64)
        #expect(cost.pulses == 33)
        #expect(cost.parts[.programPulses]?.latencyNanoseconds == 300)
        #expect(Self.energy(cost, .programPulses) == 330)
        #expect(cost.parts[.verifyReads]?.latencyNanoseconds == 40)
        #expect(abs(Self.energy(cost, .verifyReads) - 1.28) < 1e-12)
        #expect(abs(cost.energyPicojoules - 331.28) < 1e-9)
        #expect(cost.latencyNanoseconds == 340)
    }

    @Test func costsAdd() {
        let model = CostModel(cell: Self.cell, periphery: PeripheryCost())
        let a = model.product(Self.activity(bytes: 7))
        let b = model.programming(pulses: 5, verifyReads: 80)
        let sum = a + b
        #expect(sum == b + a)
        #expect(sum + .zero == sum)
        #expect(sum.pulses == 5)
        for component in Cost.Component.allCases {
            let parts = Self.energy(a, component) + Self.energy(b, component)
            #expect(Self.energy(sum, component) == parts)
        }
        #expect(
            abs(sum.energyPicojoules - a.energyPicojoules - b.energyPicojoules) < 1e-9)
        #expect(
            abs(sum.latencyNanoseconds - a.latencyNanoseconds - b.latencyNanoseconds) < 1e-9)
    }

    @Test func twiceTheVectorsCostTwice() {
        let model = CostModel(cell: Self.cell, periphery: PeripheryCost())
        let one = model.product(Self.activity(bytes: 10, currentSquares: 3))
        let two = model.product(
            Self.activity(
                steps: 16, drivenLines: 448, conversions: 2048, bytes: 20, currentSquares: 6))
        #expect(abs(two.energyPicojoules / one.energyPicojoules - 2) < 1e-12)
        #expect(abs(two.latencyNanoseconds / one.latencyNanoseconds - 2) < 1e-12)
    }

    @Test(arguments: [-1, .nan, .infinity])
    func wrongFiguresAreRefused(_ value: Double) {
        var periphery = PeripheryCost()
        periphery.converterNanoseconds = value
        #expect(throws: PhysicsError.self) { try periphery.validated() }
        var cell = Self.cell
        cell.programPulsePicojoules = value
        #expect(throws: PhysicsError.self) { try cell.validated() }
    }

    @Test func countsOfZeroAreRefused() {
        var periphery = PeripheryCost()
        periphery.columnsPerConverter = 0
        #expect(throws: PhysicsError.self) { try periphery.validated() }
        periphery = PeripheryCost()
        periphery.cellsProgrammedInParallel = 0
        #expect(throws: PhysicsError.self) { try periphery.validated() }
    }

    @Test func theDefaultsAreValid() throws {
        #expect(try PeripheryCost().validated() == PeripheryCost())
    }
}
