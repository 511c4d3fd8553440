import ChipCore
import Physics
import Testing

/// Closed forms (K-1) … (K-5), counts by hand.
@Suite("Cost of GTM and LTM")
struct TuningCostTests {
    private static let bits = 8

    /// (K-4), (K-5) of one conversion of a column of 16 cells, 8 columns a converter.
    private static var conversion: (adc: Double, add: Double) {
        let periphery = PeripheryCost()
        return (
            255 * periphery.converterPicojoulesPerLevel
                + 8 * periphery.converterPicojoulesPerBit
                + 16 * periphery.multiplexerPicojoulesPerCell,
            Double(bits + 3) * periphery.shiftAddPicojoulesPerBit
        )
    }

    private func near(_ value: Double, _ expected: Double) -> Bool {
        abs(value - expected) <= 1e-9 * max(abs(value), abs(expected))
    }

    private func energy(_ cost: Cost, _ part: Cost.Component) -> Double {
        cost.parts[part]?.energyPicojoules ?? 0
    }

    /// 20 × 12 weights of 4 bits on 16 × 8 tiles: 2 × 2 blocks, 2 slices, 2 polarities.
    @Test(arguments: [1, 3])
    func ltmSumsAddConversionsAndBytesAlone(batch: Int) throws {
        let bench = try TestBench(
            TestSpec.chip(TestSpec.technology(), ltmColumns: 3, adcBits: Self.bits))
        try bench.takeLease()
        let matrix = try bench.map(rows: 20, columns: 12, weightBits: 4).id
        try bench.program(matrix, Array(repeating: 3, count: 240))
        try bench.programReference(.ltm(matrix: matrix))
        let inputs = [UInt8](repeating: 255, count: 20 * batch)
        let with = try bench.multiplyWithLTM(matrix, inputs, batch: batch)
        let without = try bench.multiplyWithLTM(
            matrix, inputs, batch: batch, includesLTM: false)
        func added(_ part: Cost.Component) -> Double {
            energy(with.cost, part) - energy(without.cost, part)
        }
        let periphery = PeripheryCost()
        let conversions = Double(batch * 2 * 2 * 2 * 2 * 3)
        let sums = Double(batch * 2 * 2 * 3)
        #expect(near(added(.adc), conversions * Self.conversion.adc))
        #expect(near(added(.shiftAdd), conversions * Self.conversion.add))
        #expect(near(added(.buffers), 4 * sums * periphery.bufferPicojoulesPerByte))
        #expect(energy(with.cost, .wordLines) == energy(without.cost, .wordLines))
        // (K-2): 20 rows, 2 column blocks, 2 slices, 2 polarities, 3 columns of 20 µS at 0.2 V for
        // 10 ns; Float32 sums.
        let array = 10 * 0.2 * 0.2 * 20 * Double(batch * 20 * 2 * 2 * 2 * 3) * 1e-3
        #expect(abs(added(.array) / array - 1) < 1e-5)
        // (K-1): no turn more.
        let bytes = 4 * sums * periphery.bufferNanosecondsPerByte
        #expect(near(with.cost.latencyNanoseconds, without.cost.latencyNanoseconds + bytes))
        // (K-4) of the data columns: 12 of both kinds of block.
        let data = Double(batch * 12 * 2 * 2)
        #expect(Double(without.product.conversions) == data)
        #expect(with.product.conversions == without.product.conversions)
        #expect(near(energy(without.cost, .adc), data * Self.conversion.adc))
    }

    struct Read: CustomTestStringConvertible, Sendable {
        let cells: Int
        /// Of one read: tiles work in parallel, and a tile with full columns and one that is not
        /// takes two.
        let steps: Int
        let tiles: Int
        let width: Int
        let conversions: Int
        /// Rows that are driven, over the steps and tiles of one read.
        let lines: Int
        var testDescription: String { "\(cells) cells" }
    }

    /// Full columns; one that is not beside them; one alone; one alone in the second tile.
    @Test(
        arguments: [
            Read(cells: 32, steps: 1, tiles: 1, width: 2, conversions: 2, lines: 16),
            Read(cells: 40, steps: 2, tiles: 1, width: 3, conversions: 3, lines: 16 + 8),
            Read(cells: 5, steps: 1, tiles: 1, width: 1, conversions: 1, lines: 5),
            Read(cells: 136, steps: 1, tiles: 2, width: 8, conversions: 9, lines: 16 + 8),
            Read(cells: 256, steps: 1, tiles: 2, width: 8, conversions: 16, lines: 32),
        ], [1, 70])
    func aReadOfTheGTM(_ read: Read, repeats: Int) throws {
        let bench = try TestBench(
            TestSpec.chip(
                TestSpec.technology(), tiles: 1, gtmCells: read.cells, adcBits: Self.bits))
        try bench.takeLease()
        try bench.programReference(.gtm)
        let reply = try bench.chip.sample(.readReference(repeats: repeats), work: bench.work)
        guard case .reference(let sum) = reply.result else { preconditionFailure() }
        let (cost, periphery) = (reply.cost, PeripheryCost())
        let (reads, turns) = (Double(repeats), Double(periphery.columnsPerConverter))
        let conversions = reads * Double(read.conversions)
        #expect(Double(sum.conversions) == conversions)
        #expect(near(energy(cost, .adc), conversions * Self.conversion.adc))
        #expect(near(energy(cost, .shiftAdd), conversions * Self.conversion.add))
        #expect(near(energy(cost, .buffers), 8 * periphery.bufferPicojoulesPerByte))
        let array = 10 * 0.2 * 0.2 * 20 * reads * Double(read.cells) * 1e-3
        #expect(abs(energy(cost, .array) / array - 1) < 1e-5)
        let driven = reads * Double(read.lines)
        let lines =
            driven
            * (Double(read.width) * periphery.wordLinePicojoulesPerCell
                + periphery.driverActivePicojoules)
            + reads * Double(read.steps * read.tiles * 16) * periphery.driverIdlePicojoules
        #expect(near(energy(cost, .wordLines), turns * lines))
        let turn =
            10 + periphery.converterNanoseconds
            + Double(Self.bits) * periphery.converterNanosecondsPerBit
        #expect(
            near(
                cost.latencyNanoseconds,
                reads * Double(read.steps) * turns * turn + 8 * periphery.bufferNanosecondsPerByte))
    }
}
