import HostKit
import Testing

@Suite("Mapping a network on a chip")
struct MappingTests {
    @Test(arguments: [(1, 2, 3), (2, 0, 3), (3, 1, 5)])
    func unrolledImagesTimesMatrixIsTheConvolution(stride: Int, padding: Int, kernel: Int) throws {
        let random = try RandomGenerator(seed: 6)
        let layer = try MatrixLayer(
            "c", .convolution(kernel: kernel, stride: stride, padding: padding), inputs: 2,
            outputs: 3,
            from: random)
        let input = try random.uniform(0 ..< 1, [2, 2, 9, 7])
        let vectors = try Unrolling.vectors(input, of: layer)
        #expect(vectors.shape[1] == layer.rows)
        // Channel fastest, as a chip's window unrolls.
        let matrix = try layer.weight.permuted([0, 2, 3, 1])
            .reshaped([layer.columns, layer.rows]).permuted([1, 0])
        let output = try Unrolling.output(
            vectors.matrixProduct(matrix), of: layer, inputShape: input.shape)
        let expected = try layer.digitalProduct(input, weight: layer.weight)
        #expect(output.shape == expected.shape)
        #expect(
            largestDifference(try output.contiguous().floats(), try expected.contiguous().floats())
                < 1e-5)
    }

    @Test func digitsOfAllSlicesAreTheStretchedCode() {
        let slices = BitSlices(slices: 4, bits: 2, codeMax: 127)
        #expect(slices.stretch == 2)
        for code in -127 ... 127 {
            let sum = (0 ..< 4).reduce(0) { $0 + slices.digit(Int16(code), slice: $1) << (2 * $1) }
            #expect(sum == 2 * code)
        }
        // Two 4-bit cells; the largest weight uses the top level of both but for one.
        let two = BitSlices(slices: 2, bits: 4, codeMax: 127)
        #expect((0 ..< 2).map { two.digit(-127, slice: $0) } == [-14, -15])
    }

    /// FS by loops over every cell, as the formula says, in volts and µA.
    @Test func theConverterRangeIsTheLargestCurrentOfAnyColumnBlockAndSlice() throws {
        let chip = try DigitalChip(.init(readNoise: 0.1))
        var sheet = chip.dataSheet
        let random = try RandomGenerator(seed: 12)
        let (rows, columns, vectors) = (150, 5, 9)
        let codes = WeightCodes(
            rows: rows, columns: columns,
            values: try random.uniform(-127 ..< 127, [rows * columns]).floats().map { Int16($0) })
        let inputs = try random.uniform(0 ..< 255, [vectors, rows]).rounded()
        let c = try inputs.floats()
        let slices = BitSlices(slices: 4, bits: 2, codeMax: 127)
        var largest = 0.0
        var noise = 0.0
        for vector in 0 ..< vectors {
            for block in [0 ..< 128, 128 ..< 150] {
                let volts = block.map { 0.2 * Double(c[vector * rows + $0]) / 255 }
                let variance =
                    (0.03 * 20) * (0.03 * 20) + ((0.1 * 20) * (0.1 * 20) + (0.1 * 2) * (0.1 * 2))
                    / 2
                noise = max(noise, (volts.reduce(0) { $0 + $1 * $1 } * variance).squareRoot())
                for column in 0 ..< columns {
                    for slice in 0 ..< 4 {
                        var current = 0.0
                        for (volt, row) in zip(volts, block) {
                            let digit = slices.digit(
                                codes.values[row * columns + column], slice: slice)
                            let plus = 2.0 + 6 * Double(max(0, digit))
                            let minus = 2.0 + 6 * Double(max(0, -digit))
                            current += volt * (plus - minus)
                        }
                        largest = max(largest, abs(current))
                    }
                }
            }
        }
        let range = ConverterRange(quantile: 1, margin: 1.25, deviations: 3)
        let found = try range.fullScale(
            codes, slices: slices, inputs: inputs, sheet: sheet, method: .writeVerify)
        #expect(abs(found / (1.25 * largest + 3 * noise) - 1) < 1e-5)
        sheet.programmingSpread = sheet.verifyTolerance
        let openLoop = try range.fullScale(
            codes, slices: slices, inputs: inputs, sheet: sheet, method: .openLoop)
        #expect(openLoop == found)
        sheet.programmingSpread = 0
        #expect(
            try range.fullScale(
                codes, slices: slices, inputs: inputs, sheet: sheet, method: .openLoop) < found)
        let bare = try ConverterRange(quantile: 0.5, margin: 1, deviations: 0)
            .fullScale(
                codes, slices: slices, inputs: inputs, sheet: sheet, method: .writeVerify)
        #expect(bare < largest)
    }

    @Test func aQuantileIsAValueThatTheShareDoesNotExceed() {
        let values = (1 ... 1000).map(Float.init)
        for (share, expected) in [(1, 1000), (0.9, 900), (0, 1)] as [(Double, Float)] {
            var largest = LargestValues(share, of: 1000)
            largest.add(values)
            #expect(largest.smallest() == expected)
        }
    }

    /// Against all values sorted; rounded, so that many are alike.
    @Test(arguments: [0, 0.3, 0.99, 0.9999, 1])
    func aQuantileOfPartsIsThatOfAll(share: Double) throws {
        let values = try RandomGenerator(seed: 5).uniform(0 ..< 400, [20_011]).rounded().floats()
        for size in [1, 700, 20_011] {
            var largest = LargestValues(share, of: values.count)
            for first in stride(from: 0, to: values.count, by: size) {
                largest.add(Array(values[first ..< min(first + size, values.count)]))
            }
            let rank = max(1, Int((share * 20_011).rounded(.up)))
            #expect(largest.smallest() == values.sorted()[rank - 1])
        }
    }

    @Test func aLayerOfZerosHasARange() throws {
        let chip = try DigitalChip()
        let codes = WeightCodes(rows: 2, columns: 2, values: [0, 0, 0, 0])
        let found = try ConverterRange(deviations: 0).fullScale(
            codes, slices: BitSlices(slices: 4, bits: 2, codeMax: 127),
            inputs: .full(0, shape: [3, 2]), sheet: chip.dataSheet, method: .openLoop)
        #expect(found > 0)
    }

    /// RRAM-2b by hand: σ_c² = 0.6² + (0.2² + 1.1²)/2 = 0.985 µS²; Σ L^(2s) = 4369;
    /// √(2·0.985·4369)/6/255 = 0.06063.
    @Test func theDataSheetTellsHowFarAWeightWillBeOff() throws {
        let sheet = try DigitalChip(.init(readNoise: 0.1)).dataSheet
        #expect(abs(sheet.weightDeviation(slices: 4) - 0.06063) < 1e-5)
    }

    @Test func batchesStayUnderEveryLimit() throws {
        var sheet = try DigitalChip().dataSheet
        sheet.batchMax = 1000
        sheet.frameBytesMax = 4096 + 400
        #expect(sheet.unitsMax(vectors: 1, bytesIn: 10, bytesOut: 4) == 40)
        #expect(sheet.unitsMax(vectors: 1, bytesIn: 1, bytesOut: 40) == 10)
        #expect(sheet.unitsMax(vectors: 1, bytesIn: 100_000, bytesOut: 4) == 1)
        sheet.frameBytesMax = 1 << 26
        #expect(sheet.unitsMax(vectors: 1, bytesIn: 10, bytesOut: 40) == 1000)
        #expect(sheet.unitsMax(vectors: 300, bytesIn: 10, bytesOut: 40) == 3)
    }
}
