import ChipCore
import Physics
import Testing

/// Numbers inside the wire's ranges that this chip cannot work with.
@Suite("What the chip cannot do is refused with a sentence")
struct RefusalTests {
    private func bench(adcBits: Int? = 8) throws -> TestBench {
        let bench = try TestBench(TestSpec.chip(TestSpec.technology(), adcBits: adcBits))
        try bench.takeLease()
        return bench
    }

    @Test(arguments: [(0.0, 5000, "pulses_max is 5000"), (1e-9, 0, "tolerance is 1e-09")])
    func limitsOfWriteVerify(_ tolerance: Double, _ pulses: Int, _ sentence: String) throws {
        let bench = try bench()
        let matrix = try bench.map(rows: 2, columns: 2)
        let fault = #expect(throws: ChipFault.self) {
            try bench.program(
                matrix.id, [1, 2, 3, 4],
                method: .writeVerify(.init(tolerance: tolerance, pulsesMax: pulses)))
        }
        #expect(fault?.code == .outOfRange)
        #expect(fault?.message.hasPrefix(sentence) == true, "\(fault?.message ?? "")")
    }

    /// Codes are 32 bits wide: a converter whose range is so small that the digital reference of
    /// offset mapping overflows them is refused, down to the smallest number there is.
    @Test(arguments: [1e-7, 1e-30, Double.leastNonzeroMagnitude])
    func rangesThatOverflowTheAccumulator(_ fullScale: Double) throws {
        let bench = try bench()
        let matrix = try bench.map(rows: 16, columns: 8, mapping: .offset)
        try bench.program(matrix.id, [Int16](repeating: 3, count: 128))
        let fault = #expect(throws: ChipFault.self) {
            _ = try bench.chip.sample(
                .multiply(
                    MultiplyCommand(
                        matrix: matrix.id, inputs: .unsigned([UInt8](repeating: 255, count: 16)),
                        batch: 1, transposed: false, bitSerial: false, products: false,
                        fullScaleMicroamperes: fullScale)),
                work: bench.work)
        }
        #expect(fault?.code == .outOfRange, "\(String(describing: fault))")
    }

    /// The tiles of a digital matrix keep the bits of the one that lay there before: products of
    /// what is there must fit, whatever its own largest code is.
    @Test func leftOverBitsOfADigitalTileAreMultipliedAsTheyAre() throws {
        let bench = try bench()
        let before = try bench.map(rows: 16, columns: 2, weightBits: 8, bank: "sram")
        try bench.program(before.id, [Int16](repeating: 127, count: 32))
        try bench.change(.unmap(matrix: before.id))
        let after = try bench.map(
            rows: 16, columns: 2, weightBits: 8, codeMax: 1, bank: "sram")
        try bench.program(after.id, [1], region: Region(rows: 1, columns: 1))
        let products = try bench.products(
            after.id, .unsigned([UInt8](repeating: 255, count: 16)), batch: 1)
        #expect(products.allSatisfy { abs($0) <= 16 * 255 * 128 })
        #expect(products.count == 2)
    }

    /// A read-back and the read after it are two reads: they share no noise.
    @Test func readBackAndReadHaveTheirOwnNoise() throws {
        let bench = try TestBench(TestSpec.chip(TestSpec.technology(noise: 0.1)))
        try bench.takeLease()
        let matrix = try bench.map(rows: 16, columns: 8)
        let report = try bench.program(
            matrix.id, [Int16](repeating: 50, count: 128), readBack: true)
        let read = try bench.weights(matrix.id)
        let equal = zip(report.readBack, read).count { $0 == $1 }
        #expect(equal < 4)
    }

    /// A cell that ran out of pulses is not "as programmed": the next command takes it up again.
    @Test func unverifiedCellsAreWrittenAgain() throws {
        let bench = try TestBench(
            TestSpec.chip(TestSpec.technology(noise: 0.1, programming: 0.1)))
        try bench.takeLease()
        let matrix = try bench.map(rows: 16, columns: 8)
        let codes = (0 ..< 128).map { Int16($0) - 64 }
        let first = try bench.program(
            matrix.id, codes, method: .writeVerify(.init(tolerance: 0.01, pulsesMax: 1)))
        #expect(first.unverified > 0)
        let again = try bench.program(
            matrix.id, codes, method: .writeVerify(.init()))
        #expect(again.verified > 0)
        let third = try bench.program(
            matrix.id, codes, method: .writeVerify(.init()))
        #expect(third.cells == third.unverified + third.verified + third.written)
        #expect(third.cells <= again.unverified * 8)
    }
}
