import Physics
import Testing

@Suite("Cost: counts times unit costs (K-1 … K-5)")
struct CostTests {
    static let cell = CellCost(
        programPulseNanoseconds: 100, programPulsePicojoules: 10, readPulseNanoseconds: 10,
        verifyReadPicojoules: 0.02)
    /// NeuroSim has no energy of the current through the cells, and its read pulse costs no time.
    static let cellOfOracle = CellCost(
        programPulseNanoseconds: 0, programPulsePicojoules: 0, readPulseNanoseconds: 0,
        verifyReadPicojoules: 0)

    static func activity(
        steps: Int = 8, tiles: Int = 1, drivenRows: Int = 28, conversions: Int = 1024,
        adcBits: Int? = 5, bytes: Int = 0, currentSquares: Double = 0
    ) -> ProductActivity {
        ProductActivity(
            steps: steps, tiles: tiles, drivenRows: drivenRows, conversions: conversions,
            adcBits: adcBits, bytes: bytes, currentSquares: currentSquares)
    }

    static func energy(_ cost: Cost, _ component: Cost.Component) -> Double {
        cost.parts[component]?.energyPicojoules ?? 0
    }

    /// One vector of 8 binary pulses on one 128 × 128 array, as NeuroSim (DNN+NeuroSim V1.4, 22 nm,
    /// 2-bit RRAM) computed it: 0.2186 of the rows on, 64 cycles.
    @Test func oneVectorCostsWhatNeuroSimSays() {
        let cost = CostModel(cell: Self.cellOfOracle, periphery: PeripheryCost())
            .product(Self.activity())
        #expect(abs(cost.latencyNanoseconds / 108.525 - 1) < 0.01)
        #expect(abs(cost.energyPicojoules / 130.928 - 1) < 0.01)
        #expect(abs(Self.energy(cost, .wordLines) / (15.9439 + 21.4151) - 1) < 0.01)
        #expect(abs(Self.energy(cost, .adc) / (75.0383 + 3.97768) - 1) < 0.01)
        #expect(abs(Self.energy(cost, .shiftAdd) / (9.01441 + 5.53854) - 1) < 0.01)
        #expect(Self.energy(cost, .array) == 0)
    }

    /// The oracle's sweep over the levels of the converter (27 rows on).
    @Test(arguments: [
        (2, 6.9272), (3, 16.5945), (4, 36.0632), (5, 74.9841), (6, 152.662), (7, 345.293),
    ])
    func converterEnergyGrowsWithItsLevels(bits: Int, picojoules: Double) {
        let cost = CostModel(cell: Self.cellOfOracle, periphery: PeripheryCost())
            .product(Self.activity(drivenRows: 27, adcBits: bits))
        let ratio = Self.energy(cost, .adc) / (picojoules + 3.97768)
        #expect((0.8 ... 1.25).contains(ratio))
    }

    /// The oracle's sweep over the share of rows that are on: word lines and their switches.
    @Test(arguments: [(0, 11.5585), (32, 41.0618), (64, 70.5649), (128, 129.5715)])
    func wordLinesGrowWithTheRowsThatAreOn(rows: Int, picojoules: Double) {
        let cost = CostModel(cell: Self.cellOfOracle, periphery: PeripheryCost())
            .product(Self.activity(drivenRows: rows))
        #expect(abs(Self.energy(cost, .wordLines) / picojoules - 1) < 0.01)
    }

    /// The oracle's sweep over the bits of an input, at the activity of its traces.
    @Test(arguments: [
        (2, 16, 27.1314, 27.4161), (4, 24, 54.2627, 61.7264), (6, 27, 81.3941, 96.1971),
        (8, 28, 108.525, 130.928),
    ])
    func everyInputBitIsAPhase(bits: Int, rows: Int, nanoseconds: Double, picojoules: Double) {
        let cost = CostModel(cell: Self.cellOfOracle, periphery: PeripheryCost()).product(
            Self.activity(steps: bits, drivenRows: rows, conversions: bits * 128))
        #expect(abs(cost.latencyNanoseconds / nanoseconds - 1) < 0.01)
        #expect((1 / 1.25 ... 1.25).contains(cost.energyPicojoules / picojoules))
    }

    /// The other sizes of the oracle need their own lines and switches: C_line grows with the
    /// columns, the fixed part with the rows, the multiplexer with both. Latency within 1.3, energy
    /// within 1.5, the bounds that the oracle names.
    @Test(arguments: [(64, 14, 105.925, 58.2426), (256, 56, 122.89, 317.164)])
    func otherSizesAreAMatterOfParameters(
        size: Int, rows: Int, nanoseconds: Double, picojoules: Double
    ) {
        var periphery = PeripheryCost()
        let share = Double(size) / 128
        periphery.wordLinePicojoules *= share
        periphery.driverFixedPicojoules *= share
        periphery.multiplexerPicojoules *= share * share
        let cost = CostModel(cell: Self.cellOfOracle, periphery: periphery)
            .product(Self.activity(drivenRows: rows, conversions: 8 * size))
        #expect((1 / 1.3 ... 1.3).contains(cost.latencyNanoseconds / nanoseconds))
        #expect((1 / 1.1 ... 1.1).contains(cost.energyPicojoules / picojoules))
    }

    /// V²·G·t by hand: 0.04 V² · 1000 µS · 10 ns = 0.4 pJ.
    @Test func theCurrentThroughTheCellsIsAPartOfItsOwn() {
        let cost = CostModel(cell: Self.cell, periphery: PeripheryCost())
            .product(Self.activity(currentSquares: 0.04 * 1000))
        #expect(abs(Self.energy(cost, .array) - 0.4) < 1e-12)
        #expect(cost.parts[.array]?.latencyNanoseconds == 80)
    }

    @Test func idealConvertersCostNothing() {
        let cost = CostModel(cell: Self.cell, periphery: PeripheryCost())
            .product(Self.activity(adcBits: nil))
        #expect(cost.parts[.adc] == nil)
    }

    /// Nothing gets cheaper or faster when there is more of it.
    @Test func productsAreMonotone() {
        let model = CostModel(cell: Self.cell, periphery: PeripheryCost())
        let base = model.product(Self.activity(bytes: 100, currentSquares: 1))
        let more = [
            Self.activity(steps: 9, bytes: 100, currentSquares: 1),
            Self.activity(tiles: 2, bytes: 100, currentSquares: 1),
            Self.activity(drivenRows: 29, bytes: 100, currentSquares: 1),
            Self.activity(conversions: 1025, bytes: 100, currentSquares: 1),
            Self.activity(adcBits: 6, bytes: 100, currentSquares: 1),
            Self.activity(bytes: 101, currentSquares: 1),
            Self.activity(bytes: 100, currentSquares: 2),
        ]
        for activity in more {
            let cost = model.product(activity)
            #expect(cost.energyPicojoules > base.energyPicojoules)
            #expect(cost.latencyNanoseconds >= base.latencyNanoseconds)
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
            Self.activity(steps: 16, conversions: 2048, bytes: 20, currentSquares: 6))
        #expect(abs(two.energyPicojoules / one.energyPicojoules - 2) < 1e-12)
        #expect(abs(two.latencyNanoseconds / one.latencyNanoseconds - 2) < 1e-12)
    }

    @Test(arguments: [-1, .nan, .infinity])
    func wrongFiguresAreRefused(_ value: Double) {
        var periphery = PeripheryCost()
        periphery.cycleNanoseconds = value
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
