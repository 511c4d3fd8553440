import ChipCore
import Physics
import Testing

@Suite("Cost of a chip's commands")
struct ChipCostTests {
    private func multiply(
        _ bench: TestBench, _ matrix: UInt32, _ inputs: MultiplyCommand.Inputs,
        transposed: Bool = false, bitSerial: Bool = false
    ) throws -> Cost {
        try bench.chip.sample(
            .multiply(
                MultiplyCommand(
                    matrix: matrix, inputs: inputs, batch: 1, transposed: transposed,
                    bitSerial: bitSerial, products: true, fullScaleMicroamperes: 0)),
            work: bench.work
        ).cost
    }

    private func bench() throws -> (TestBench, UInt32) {
        let bench = try TestBench(TestSpec.chip(TestSpec.technology(), adcBits: 8))
        try bench.takeLease()
        // 20 × 12 weights of 4 bits on 16 × 8 tiles: 2 × 2 blocks, 2 slices, 2 polarities.
        let matrix = try bench.map(rows: 20, columns: 12, weightBits: 4).id
        try bench.program(matrix, Array(repeating: 3, count: 240))
        return (bench, matrix)
    }

    /// The word lines of a product by hand: the switches of 16 tiles, and, for each input that is
    /// not 0, its line in the tiles of its block.
    @Test(arguments: [
        (Array(repeating: UInt8(0), count: 20), false, 0), (Array(1 ... 20), false, 20),
        ([9] + Array(repeating: 0, count: 19), false, 1),
        ([0b101] + Array(repeating: 0, count: 19), true, 2),
    ])
    func onlyDrivenLinesCost(inputs: [UInt8], isBitSerial: Bool, driven: Int) throws {
        let (bench, matrix) = try bench()
        let cost = try multiply(bench, matrix, .unsigned(inputs), bitSerial: isBitSerial)
        let periphery = PeripheryCost()
        let turns = Double((isBitSerial ? 8 : 1) * periphery.columnsPerConverter)
        // A block of rows has 2 blocks of columns, 2 slices and 2 polarities.
        let lines = Double(driven * 8 * periphery.columnsPerConverter)
        let expected =
            turns * 16 * 16 * periphery.driverIdlePicojoules
            + lines
            * (8 * periphery.wordLinePicojoulesPerCell + periphery.driverActivePicojoules)
        let energy = try #require(cost.parts[.wordLines]?.energyPicojoules)
        #expect(abs(energy / expected - 1) < 1e-12)
    }

    /// Transposed, the 12 columns are driven: lines of 16 cells, 8 in a tile.
    @Test func transposedTheColumnsAreDriven() throws {
        let (bench, matrix) = try bench()
        let cost = try multiply(
            bench, matrix, .unsigned(Array(repeating: 255, count: 12)), transposed: true)
        let periphery = PeripheryCost()
        let expected =
            8
            * (16 * 8 * periphery.driverIdlePicojoules
                + 12 * 8
                * (16 * periphery.wordLinePicojoulesPerCell + periphery.driverActivePicojoules))
        let energy = try #require(cost.parts[.wordLines]?.energyPicojoules)
        #expect(abs(energy / expected - 1) < 1e-12)
    }

    /// 64 weights of 2 slices and 2 polarities: 256 bits, 16 at once. A code that changes from 3
    /// to 2 has one bit to write.
    @Test func bitsOfADigitalBankCostWhatTheDeviceSays() throws {
        let bench = try TestBench(TestSpec.chip(TestSpec.technology(), adcBits: 8))
        try bench.takeLease()
        let matrix = try bench.map(rows: 8, columns: 8, weightBits: 2, bank: "sram").id
        func written(_ codes: [Int16], readBack: Bool = false) throws -> Cost {
            try bench.change(
                .program(
                    ProgramCommand(
                        target: .codes(matrix: matrix, codes), region: .all, method: .openLoop,
                        all: false, mask: nil, readBack: readBack, cellStatus: false))
            ).cost
        }
        var codes = [Int16](repeating: 3, count: 64)
        let whole = try written(codes)
        #expect(whole.latencyNanoseconds == 16 * 100)
        #expect(whole.energyPicojoules == 256)
        codes[7] = 2
        let one = try written(codes, readBack: true)
        #expect(one.latencyNanoseconds == 100 + 16 * 10)
        #expect(abs(one.energyPicojoules - (1 + 2.56)) < 1e-9)
        let read = try bench.chip.sample(
            .read(ReadCommand(source: .weights(matrix: matrix), region: .all, repeats: 3)),
            work: bench.work
        ).cost
        #expect(read.latencyNanoseconds == 3 * 16 * 10)
        #expect(abs(read.energyPicojoules - 3 * 2.56) < 1e-9)
    }

    /// All that was done is in the totals, reads and products too; a restart after the time was
    /// stored keeps them.
    @Test func theTotalsAreTheSumOfAllReplies() throws {
        let (bench, matrix) = try bench()
        var energy = bench.chip.health(now: bench.now).energyPicojoules
        #expect(energy > 0)
        for _ in 0 ..< 3 {
            energy += try multiply(
                bench, matrix, .unsigned(Array(repeating: 7, count: 20))
            ).energyPicojoules
            energy += try bench.chip.sample(
                .read(
                    ReadCommand(source: .weights(matrix: matrix), region: .all, repeats: 2)),
                work: bench.work
            ).cost.energyPicojoules
        }
        #expect(abs(bench.chip.health(now: bench.now).energyPicojoules / energy - 1) < 1e-12)
        let digest = bench.chip.status(session: bench.session, now: bench.now).stateDigest
        _ = try bench.chip.rememberTime(now: bench.now)
        try bench.restart()
        #expect(abs(bench.chip.health(now: bench.now).energyPicojoules / energy - 1) < 1e-12)
        #expect(bench.chip.status(session: bench.session, now: bench.now).stateDigest == digest)
        let change = try bench.change(
            .program(
                ProgramCommand(
                    target: .codes(matrix: matrix, Array(repeating: 1, count: 240)), region: .all,
                    method: .openLoop, all: true, mask: nil, readBack: false, cellStatus: false)))
        energy += change.cost.energyPicojoules
        #expect(abs(bench.chip.health(now: bench.now).energyPicojoules / energy - 1) < 1e-12)
    }
}
