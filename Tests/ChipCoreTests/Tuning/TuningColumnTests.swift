import ChipCore
import Foundation
import Physics
import Testing

@Suite("GTM and LTM columns obey the laws of all cells")
struct TuningColumnTests {
    @Test func theSumOfTheGTMDriftsAsItsCells() throws {
        let bench = try TestBench(
            TestSpec.chip(TestSpec.technology(drift: 0.05), columns: 1, gtmCells: 40))
        try bench.takeLease()
        try bench.programReference(.gtm)
        try bench.advance(seconds: 1e5)
        let sum = try bench.readReference()
        let factor = pow(1e5, -0.05)
        #expect(abs(sum.microamperes / sum.nominalMicroamperes - factor) < 2e-5 * factor)
    }

    /// Signed converters of the data columns would clip what these hold with room to spare.
    @Test func theirConvertersAreUnsignedWithTwoAndAHalfTimesTheRange() throws {
        let bench = try TestBench(
            TestSpec.chip(TestSpec.technology(), ltmColumns: 1, gtmCells: 16, adcBits: 6))
        try bench.takeLease()
        let matrix = try bench.map(rows: 16, columns: 8, weightBits: 2)
        try bench.programReference(.ltm(matrix: matrix.id))
        try bench.program(matrix.id, Array(repeating: 3, count: 128))
        let product = try bench.multiply(
            MultiplyCommand(
                matrix: matrix.id, inputs: .unsigned(Array(repeating: 255, count: 16)), batch: 1,
                transposed: false, bitSerial: false, products: true, fullScaleMicroamperes: 10,
                includesLTM: true))
        #expect(product.clipped == 8)
        let ltm = try #require(product.ltm)
        #expect(ltm.clipped == 0)
        // I₀ = FS/2.5 = 25.2 of 63 codes, hence code 25; κ·I₀ = 255·16·3·20/18.
        let nominal = 255.0 * 16 * 3 * 20 / 18
        for value in ltm.products { #expect(abs(Double(value) / nominal - 25 / 25.2) < 1e-6) }
        try bench.programReference(.gtm)
        let sum = try bench.readReference()
        #expect(abs(sum.microamperes / sum.nominalMicroamperes - 25 / 25.2) < 1e-6)
        #expect(sum.conversions == 1)
    }

    /// LTM columns beside fewer and more data columns: their draws never displace the data's.
    @Test(arguments: [(12, 2), (1, 4)])
    func withoutThemAProductHasTheSameBits(columns: Int, ltmColumns: Int) throws {
        let product = { (includesLTM: Bool) in
            let bench = try TestBench(
                TestSpec.chip(TestSpec.technology(noise: 0.1), ltmColumns: ltmColumns, adcBits: 10))
            try bench.takeLease()
            let matrix = try bench.map(rows: 20, columns: columns)
            try bench.programReference(.ltm(matrix: matrix.id))
            try bench.program(matrix.id, (0 ..< 20 * columns).map { Int16($0) - 120 })
            return try bench.multiplyWithLTM(
                matrix.id, (0 ..< 60).map { UInt8($0 * 4) }, batch: 3, includesLTM: includesLTM)
        }
        let (with, without) = (try product(true), try product(false))
        #expect(with.values == without.values)
        #expect(without.product.ltm == nil)
        #expect(with.product.conversions == without.product.conversions)
    }
}
