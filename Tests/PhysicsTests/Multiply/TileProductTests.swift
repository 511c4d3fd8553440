import Physics
import Testing

@Suite("Multiply: one draw an output (M-4, M-5)")
struct TileProductTests {
    static let rows = 12
    static let columns = 5

    static func currents(
        _ voltages: [Float], batch: Int, image: borrowing ProductImage, transposed: Bool = false,
        draws: EventDraws? = nil, firstDraw: UInt64 = 0, weight: Float = 1
    ) -> [Float] {
        let outputs = transposed ? image.rows : image.columns
        var currents = [Float](repeating: 0, count: batch * outputs)
        var scratch = ProductScratch()
        voltages.withUnsafeBufferPointer { voltages in
            currents.withUnsafeMutableBufferPointer { currents in
                TileProduct.accumulate(
                    voltages: voltages, batch: batch, image: image, transposed: transposed,
                    draws: draws, firstDraw: firstDraw, weight: weight, currents: currents,
                    scratch: &scratch)
            }
        }
        return currents
    }

    /// Conductances in 0 … 20 µS, voltages in 0 … 0.2 V.
    static func cells(_ event: UInt64, count: Int = rows * columns) -> [Float] {
        EventDraws(serial: 50, event: event).normals(.cellRead, first: 0, count: count)
            .map { min(20, abs($0) * 8) }
    }

    static func voltages(_ count: Int) -> [Float] {
        EventDraws(serial: 50, event: 99).normals(.cellRead, first: 0, count: count)
            .map { min(0.2, abs($0) * 0.1) }
    }

    /// I_j = Σ V_i g_ij added up in Double.
    static func sum(
        _ voltages: [Float], _ vector: Int, _ output: Int, transposed: Bool,
        _ term: (_ volts: Double, _ cell: Int) -> Double
    ) -> Double {
        let inputs = transposed ? columns : rows
        return (0 ..< inputs).reduce(0) { sum, input in
            let cell = transposed ? output * columns + input : input * columns + output
            return sum + term(Double(voltages[vector * inputs + input]), cell)
        }
    }

    @Test(arguments: [1, 2, 7, 64], [true, false])
    func withoutNoiseItIsTheProduct(batch: Int, transposed: Bool) {
        let g = Self.cells(1)
        let inputs = transposed ? Self.columns : Self.rows
        let outputs = transposed ? Self.rows : Self.columns
        let voltages = Self.voltages(batch * inputs)
        let image = ProductImage(
            rows: Self.rows, columns: Self.columns, conductances: g, noise: .none)
        #expect(image.variance.isEmpty)
        let currents = Self.currents(
            voltages, batch: batch, image: image, transposed: transposed,
            draws: EventDraws(serial: 1, event: 1), weight: 3)
        for vector in 0 ..< batch {
            for output in 0 ..< outputs {
                let exact = Self.sum(voltages, vector, output, transposed: transposed) {
                    $0 * Double(g[$1])
                }
                #expect(abs(Double(currents[vector * outputs + output]) - 3 * exact) < 2e-5)
            }
        }
    }

    /// Against drawing the noise of every cell: the same voltages again and again; closed forms of
    /// mean and variance, and the distributions of the two samples.
    @Test(arguments: [false, true], [false, true])
    func oneDrawAnOutputIsLikeOneACell(isDifferential: Bool, transposed: Bool) throws {
        let noise = try ReadNoise(relative: 0.1, constantMicrosiemens: 0.3)
        let positive = Self.cells(1)
        let negative = isDifferential ? Self.cells(2) : [Float](repeating: 0, count: positive.count)
        let image =
            isDifferential
            ? ProductImage(
                rows: Self.rows, columns: Self.columns, positive: positive, negative: negative,
                noise: noise)
            : ProductImage(
                rows: Self.rows, columns: Self.columns, conductances: positive, noise: noise)
        let inputs = transposed ? Self.columns : Self.rows
        let outputs = transposed ? Self.rows : Self.columns
        let batch = 50_000
        let vector = Self.voltages(inputs)
        let sampled = Self.currents(
            (0 ..< batch).flatMap { _ in vector }, batch: batch, image: image,
            transposed: transposed, draws: EventDraws(serial: 3, event: 4))
        let output = 2
        let fast = (0 ..< batch).map { sampled[$0 * outputs + output] }
        let slow = (1 ... UInt64(batch)).map { event -> Float in
            let draws = EventDraws(serial: 4, event: event)
            let up = CellRead.read(
                conductances: positive, noise: noise, repeats: 1, draws: draws, firstCell: 0)
            let down =
                isDifferential
                ? CellRead.read(
                    conductances: negative, noise: noise, repeats: 1, draws: draws, firstCell: 1000)
                : negative
            return Float(
                Self.sum(vector, 0, output, transposed: transposed) {
                    $0 * Double(up[$1] - down[$1])
                })
        }
        let mean = Self.sum(vector, 0, output, transposed: transposed) {
            $0 * Double(positive[$1] - negative[$1])
        }
        let variance = Self.sum(vector, 0, output, transposed: transposed) { volts, cell in
            let up = 0.1 * Double(positive[cell]) + 0.3
            let down = isDifferential ? 0.1 * Double(negative[cell]) + 0.3 : 0
            return volts * volts * (up * up + down * down)
        }
        for sample in [fast, slow] {
            let moments = Moments(sample)
            #expect(abs(moments.mean - mean) < Bound.normal * (variance / Double(batch)).squareRoot())
            #expect(
                abs(moments.variance / variance - 1)
                    < Bound.normal * (2 / Double(batch)).squareRoot())
        }
        #expect(
            kolmogorovDistance(fast, slow) < Bound.kolmogorov * (2 / Double(batch)).squareRoot())
    }

    /// Noise of different outputs and vectors is independent.
    @Test func outputsAreIndependent() throws {
        let noise = try ReadNoise(relative: 0.1, constantMicrosiemens: 0)
        let image = ProductImage(
            rows: Self.rows, columns: Self.columns, conductances: Self.cells(1), noise: noise)
        let batch = 50_000
        let vector = Self.voltages(Self.rows)
        let currents = Self.currents(
            (0 ..< batch).flatMap { _ in vector }, batch: batch, image: image,
            draws: EventDraws(serial: 3, event: 4))
        let outputs = (0 ..< Self.columns).map { output in
            (0 ..< batch).map { currents[$0 * Self.columns + output] }
        }
        let bound = 4 / Double(batch).squareRoot()
        for first in 0 ..< Self.columns {
            for second in 0 ..< first {
                #expect(abs(correlation(outputs[first], outputs[second])) < bound)
            }
            #expect(
                abs(correlation(Array(outputs[first].dropLast()), Array(outputs[first].dropFirst())))
                    < bound)
        }
    }

    /// The draw of an output is numbered: a product cut in two gives the codes of the whole. The
    /// noise-free part is integer here, so that the order of a sum cannot matter.
    @Test func aProductCutInTwoIsTheWhole() throws {
        let noise = try ReadNoise(relative: 0.25, constantMicrosiemens: 0)
        let g = (0 ..< Self.rows * Self.columns).map { Float($0 % 16) }
        let image = ProductImage(
            rows: Self.rows, columns: Self.columns, conductances: g, noise: noise)
        let batch = 1000
        let voltages = (0 ..< batch * Self.rows).map { Float($0 % 7) }
        let adc = try ADC(bits: 8, fullScaleMicroamperes: 400, isSigned: true)
        func codes(_ ranges: [Range<Int>]) -> ([Int32], Int) {
            var all: [Int32] = []
            var clipped = 0
            var scratch = ProductScratch()
            for range in ranges {
                var codes = [Int32](repeating: 0, count: range.count * Self.columns)
                let some = Array(
                    voltages[range.lowerBound * Self.rows ..< range.upperBound * Self.rows])
                some.withUnsafeBufferPointer { some in
                    codes.withUnsafeMutableBufferPointer { codes in
                        clipped += TileProduct.accumulate(
                            voltages: some, batch: range.count, image: image, transposed: false,
                            draws: EventDraws(serial: 1, event: 2),
                            firstDraw: 17 + UInt64(range.lowerBound * Self.columns), adc: adc,
                            weight: 1, codes: codes, scratch: &scratch)
                    }
                }
                all += codes
            }
            return (all, clipped)
        }
        let whole = codes([0 ..< batch])
        let cut = codes([0 ..< 1, 1 ..< 333, 333 ..< batch])
        #expect(whole.0 == cut.0)
        #expect(whole.1 == cut.1)
        #expect(whole.1 > 0)
    }

    @Test func nothingIsMultipliedByNothing() {
        let image = ProductImage(rows: 2, columns: 2, conductances: [1, 2, 3, 4], noise: .none)
        #expect(Self.currents([], batch: 0, image: image).isEmpty)
    }

    @Test func anImageKnowsMeanAndVariance() throws {
        let noise = try ReadNoise(relative: 0.5, constantMicrosiemens: 1)
        let single = ProductImage(rows: 1, columns: 2, conductances: [2, 0], noise: noise)
        #expect(single.mean == [2, 0])
        #expect(single.variance == [4, 1])
        let pair = ProductImage(
            rows: 1, columns: 2, positive: [2, 0], negative: [0, 4], noise: noise)
        #expect(pair.mean == [2, -4])
        #expect(pair.variance == [5, 10])
    }
}
