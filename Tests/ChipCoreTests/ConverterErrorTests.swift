import ChipCore
import Physics
import Testing

/// Phases, ranges and errors of the converters, on a chip without noise.
@Suite("Products through converters")
struct ConverterErrorTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var mapping = WeightEncoding.Mapping.differential
        var sensing: Sensing?
        var isSigned = false
        var isBitSerial = false
        /// Sum of the signed weights of the conversions of one output.
        var weights: Int32
        /// Conversions of one output.
        var conversions: Int
        var testDescription: String {
            "\(mapping) \(sensing.map { "\($0)" } ?? "")\(isSigned ? " signed" : "")"
                + "\(isBitSerial ? " bit-serial" : "")"
        }
    }

    /// Two row blocks, two slices of two bits: 2·(1 + 4) = 10. Bit-serial: times 1 + 2 + … + 128.
    /// Signed: the second phase takes away what the first had. So does the second array where
    /// both are converted.
    static let cases = [
        Case(weights: 10, conversions: 4),
        Case(isBitSerial: true, weights: 2550, conversions: 32),
        Case(isSigned: true, weights: 0, conversions: 8),
        Case(isSigned: true, isBitSerial: true, weights: 0, conversions: 64),
        Case(sensing: .differentialDigital, weights: 0, conversions: 8),
        Case(mapping: .offset, weights: 10, conversions: 4),
        Case(mapping: .offset, isBitSerial: true, weights: 2550, conversions: 32),
    ]

    /// G_on = 20 µS, G_off = 2 µS, V_read = 0.2 V; ±rows·V_read·18 µS with 10 bits.
    private func codes(
        _ test: Case, dac: ConverterError = .none, adc: ConverterError = .none,
        fullScale: Double = 0
    ) throws -> (codes: [Int32], conversions: Int, clipped: Int) {
        let bench = try TestBench(
            TestSpec.chip(
                TestSpec.technology(), adcBits: 10, dacError: dac, adcError: adc))
        try bench.takeLease()
        let matrix = try bench.map(
            rows: 32, columns: 8, weightBits: 4, mapping: test.mapping, sensing: test.sensing)
        let codeMax = matrix.codeMax
        try bench.program(
            matrix.id, (0 ..< 256).map { Int16($0 * 7 % (2 * codeMax + 1) - codeMax) })
        let inputs: MultiplyCommand.Inputs =
            test.isSigned
            ? .signed((0 ..< 32).map { Int8($0 * 5 - 70) })
            : .unsigned((0 ..< 32).map { UInt8($0 * 5) })
        let reply = try bench.chip.sample(
            .multiply(
                MultiplyCommand(
                    matrix: matrix.id, inputs: inputs, batch: 1, transposed: false,
                    bitSerial: test.isBitSerial, products: false,
                    fullScaleMicroamperes: fullScale)), work: bench.work)
        guard case .product(let product) = reply.result,
            case .codes(let codes, _) = product.values
        else { preconditionFailure() }
        return (codes, product.conversions, product.clipped)
    }

    /// 1 LSB more or less in every conversion: the codes move by their number times their weights.
    /// A quarter LSB of both: no current lies on a tie.
    @Test(arguments: cases)
    func anOffsetShiftsEveryConversion(_ test: Case) throws {
        let plain = try codes(test, adc: ConverterError(offsetLSB: 0.25, gain: 0))
        #expect(plain.conversions == 8 * test.conversions)
        for offset in [1.0, -1, 3] {
            let shifted = try codes(test, adc: ConverterError(offsetLSB: offset + 0.25, gain: 0))
            // Unsigned converters have no code below 0, where some bits of −1 LSB would lie.
            guard shifted.clipped == plain.clipped else { continue }
            #expect(
                shifted.codes == plain.codes.map { $0 + Int32(offset) * test.weights },
                "\(offset) LSB")
        }
        #expect(try codes(test, adc: ConverterError(offsetLSB: 3.25, gain: 0)).clipped == 0)
    }

    @Test(arguments: cases)
    func errorsOfZeroChangeNothing(_ test: Case) throws {
        let plain = try codes(test)
        let zero = try codes(
            test, dac: ConverterError(offsetLSB: 0, gain: 0),
            adc: ConverterError(offsetLSB: 0, gain: 0))
        #expect(plain.codes == zero.codes)
        #expect(plain.clipped == zero.clipped)
    }

    /// Full columns at 200/255 of the range: code 401 of 511.
    @Test func clippingIsCountedAfterTheError() throws {
        for (offset, gain, clipped) in [(0.0, 0.0, 0), (200, 0, 1), (0, 0.5, 1), (0, -0.5, 0)] {
            let bench = try TestBench(
                TestSpec.chip(
                    TestSpec.technology(), adcBits: 10,
                    adcError: ConverterError(offsetLSB: offset, gain: gain)))
            try bench.takeLease()
            let matrix = try bench.map(rows: 16, columns: 1, weightBits: 2)
            try bench.program(matrix.id, [Int16](repeating: 3, count: 16))
            let reply = try bench.chip.sample(
                .multiply(
                    MultiplyCommand(
                        matrix: matrix.id, inputs: .unsigned([UInt8](repeating: 200, count: 16)),
                        batch: 1, transposed: false, bitSerial: false, products: false,
                        fullScaleMicroamperes: 0)), work: bench.work)
            guard case .product(let product) = reply.result,
                case .codes(let codes, _) = product.values
            else { preconditionFailure() }
            #expect(product.clipped == clipped)
            let exact = (511.0 * 200 / 255) * (1 + gain) + offset
            #expect(codes == [Int32(min(511, exact.rounded()))])
        }
    }

    /// A matrix of 1s: with an offset of d LSB on each of 16 lines the ideal ADC sees 16·d more,
    /// with a gain error 1 + e_g times as much; bit-serial lines carry the offset in each phase.
    @Test(arguments: [false, true])
    func theDACsErrorsAreInTheVoltages(isBitSerial: Bool) throws {
        for (offset, gain) in [(0.0, 0.0), (1, 0), (-2, 0), (0, 0.1), (2, -0.1)] {
            let bench = try TestBench(
                TestSpec.chip(
                    TestSpec.technology(),
                    dacError: ConverterError(offsetLSB: offset, gain: gain)))
            try bench.takeLease()
            let matrix = try bench.map(rows: 16, columns: 8, weightBits: 2)
            try bench.program(matrix.id, [Int16](repeating: 1, count: 128))
            let products = try bench.products(
                matrix.id, .unsigned((0 ..< 16).map { UInt8($0 * 3) }), batch: 1,
                bitSerial: isBitSerial)
            // Bit by bit one LSB is 1/255 of a set bit, in phases whose weights add up to 255.
            let exact = 360 * (1 + gain) + 16 * offset
            for product in products { #expect(abs(Double(product) - exact) < 1e-3) }
            let signed = try bench.products(
                matrix.id, .signed((0 ..< 16).map { Int8($0 * 3 - 20) }), batch: 1,
                bitSerial: isBitSerial)
            for product in signed { #expect(abs(Double(product) - 40 * (1 + gain)) < 1e-3) }
        }
    }

    /// The range of one matrix is not that of another, and a command may bring its own.
    @Test func eachMatrixHasItsRange() throws {
        let bench = try TestBench(TestSpec.chip(TestSpec.technology(), adcBits: 8))
        try bench.takeLease()
        var results: [(lsb: Double, clipped: Int)] = []
        for (mapped, calibrated, asked) in [
            (0.0, 0.0, 0.0), (10, 0, 0), (10, 100, 0), (10, 0, 20),
        ] {
            let matrix = try bench.map(
                rows: 16, columns: 2, weightBits: 2, fullScale: mapped)
            try bench.program(matrix.id, [Int16](repeating: 3, count: 32))
            if calibrated > 0 {
                try bench.change(
                    .calibrate(matrix: matrix.id, fullScaleMicroamperes: calibrated))
            }
            let reply = try bench.chip.sample(
                .multiply(
                    MultiplyCommand(
                        matrix: matrix.id, inputs: .unsigned([UInt8](repeating: 255, count: 16)),
                        batch: 1, transposed: false, bitSerial: false, products: false,
                        fullScaleMicroamperes: asked)), work: bench.work)
            guard case .product(let product) = reply.result,
                case .codes(_, let lsb) = product.values
            else { preconditionFailure() }
            results.append((lsb, product.clipped))
        }
        // 57.6 µA a column: within 57.6 and 100 µA, beyond 10 and 20 µA.
        #expect(results.map(\.clipped) == [0, 2, 0, 2])
        let scales = results.map { $0.lsb / results[0].lsb * 57.6 }
        for (scale, expected) in zip(scales, [57.6, 10, 100, 20]) {
            #expect(abs(scale - expected) < 1e-9)
        }
    }
}
