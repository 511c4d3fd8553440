import Physics
import Testing

@Suite("Multiply: converters (M-1 … M-3, M-6, M-7)")
struct ConverterTests {
    @Test(arguments: 1 ... 8)
    func theTopCodeIsTheReadVoltage(bits: Int) throws {
        let dac = try DAC(bits: bits, readVoltage: 0.2)
        let codes = (0 ... UInt8(dac.codeMax)).map { $0 }
        var volts = [Float](repeating: .nan, count: codes.count)
        codes.withUnsafeBufferPointer { codes in
            volts.withUnsafeMutableBufferPointer { dac.voltages(codes: codes, into: $0) }
        }
        #expect(volts[0] == 0)
        for (code, volt) in zip(codes, volts) {
            let exact = 0.2 * Double(code) / Double(dac.codeMax)
            #expect(abs(Double(volt) - exact) <= 1e-7 * 0.2)
        }
    }

    /// By hand. Signed 4 bits over ±7 µA: LSB 1 µA. Unsigned 4 bits over 30 µA: LSB 2 µA. Ties go
    /// to the even code.
    @Test(arguments: [
        (true, 7.0, 0.0, 0), (true, 7, 0.5, 0), (true, 7, 1.5, 2), (true, 7, -2.51, -3),
        (true, 7, 7.4, 7), (true, 7, 100, 7), (true, 7, -100, -7), (false, 30, 0, 0),
        (false, 30, -5, 0), (false, 30, 3.01, 2), (false, 30, 29.5, 15), (false, 30, 99, 15),
    ])
    func codes(isSigned: Bool, fullScale: Double, current: Double, code: Int) throws {
        let adc = try ADC(bits: 4, fullScaleMicroamperes: fullScale, isSigned: isSigned)
        #expect(adc.code(current) == code)
        #expect(try Self.convert([current], adc).codes == [Int32(code)])
    }

    /// Currents through a tile of one cell of 1 µS: the current is the voltage.
    static func convert(_ currents: [Double], _ adc: ADC, weight: Int32 = 1) throws
        -> (codes: [Int32], clipped: Int)
    {
        let image = ProductImage(rows: 1, columns: 1, conductances: [1], noise: .none)
        var codes = [Int32](repeating: 0, count: currents.count)
        var scratch = ProductScratch()
        var clipped = 0
        currents.map { Float($0) }.withUnsafeBufferPointer { voltages in
            codes.withUnsafeMutableBufferPointer { codes in
                clipped = TileProduct.accumulate(
                    voltages: voltages, batch: currents.count, image: image, transposed: false,
                    draws: nil, firstDraw: 0, adc: adc, weight: weight, codes: codes,
                    scratch: &scratch)
            }
        }
        return (codes, clipped)
    }

    /// Currents away from the ties, where Float32 and Double must agree.
    @Test(arguments: [2, 5, 8, 10, 13, 16], [true, false])
    func theKernelFollowsTheLaw(bits: Int, isSigned: Bool) throws {
        let adc = try ADC(bits: bits, fullScaleMicroamperes: 12.5, isSigned: isSigned)
        let currents = EventDraws(serial: 1, event: 1).normals(.cellRead, first: 0, count: 20_000)
            .map { Double($0) * 5 }
            .filter { current in
                let code = current / adc.lsbMicroamperes
                let fraction = abs(code - code.rounded(.down) - 0.5)
                return fraction > 1e-6 * Double(adc.codeMax) || fraction > 0.02
            }
        #expect(currents.count > 19_000)
        let (codes, clipped) = try Self.convert(currents, adc)
        #expect(zip(codes, currents).count { Int($0) != adc.code($1) } == 0)
        let beyond = currents.count { current in
            let code = current / adc.lsbMicroamperes
            return code > Double(adc.codeMax) + 0.5 || code < Double(adc.codeMin) - 0.5
        }
        #expect(clipped == beyond)
        #expect(clipped > 0)
    }

    /// A full scale that Float32 cannot hold is still a converter, if a useless one.
    @Test(arguments: [Double.leastNonzeroMagnitude, 1e-300, 1e-40])
    func aTinyFullScaleClipsAllButZero(fullScale: Double) throws {
        let adc = try ADC(bits: 8, fullScaleMicroamperes: fullScale, isSigned: true)
        let (codes, clipped) = try Self.convert([0, 1e-3, -1e-3, 1], adc)
        #expect(codes == [0, 127, -127, 127])
        #expect(clipped == 3)
    }

    @Test func aHugeFullScaleSeesNothing() throws {
        let adc = try ADC(bits: 8, fullScaleMicroamperes: 1e300, isSigned: true)
        let (codes, clipped) = try Self.convert([0, 1e3, -1e9], adc)
        #expect(codes == [0, 0, 0])
        #expect(clipped == 0)
    }

    @Test func weightsScaleTheCodesThatAreAdded() throws {
        let adc = try ADC(bits: 4, fullScaleMicroamperes: 7, isSigned: true)
        #expect(try Self.convert([3, -2, 9], adc, weight: -16).codes == [-48, 32, -112])
    }

    /// (M-6) for every code, in whole and bit by bit.
    @Test(arguments: [(0.0, 0.0), (1, 0), (-2.5, 0), (0, 0.1), (3, -0.25)], [1, 4, 8])
    func aDACWithErrors(error: (offset: Double, gain: Double), bits: Int) throws {
        let dac = try DAC(
            bits: bits, readVoltage: 0.2,
            error: ConverterError(offsetLSB: error.offset, gain: error.gain))
        let lsb = 0.2 / Double((1 << bits) - 1)
        for (converter, top) in [(dac, (1 << bits) - 1), (dac.binary, 1)] {
            let codes = (0 ... UInt8(top)).map { $0 }
            var volts = [Float](repeating: .nan, count: codes.count)
            codes.withUnsafeBufferPointer { codes in
                volts.withUnsafeMutableBufferPointer { converter.voltages(codes: codes, into: $0) }
            }
            for (code, volt) in zip(codes, volts) {
                let ideal = 0.2 * Double(code) / Double(top)
                let exact = (1 + error.gain) * ideal + error.offset * lsb
                #expect(abs(Double(volt) - exact) <= 2e-7 * (0.2 + abs(error.offset) * lsb))
            }
        }
    }

    /// (M-7) for every code and on both sides of each step: code k begins where
    /// (1 + e_g)·I/LSB + e_o = k − ½. Clipping is counted after the error.
    @Test(
        arguments: [(0.0, 0.0), (1, 0), (-1, 0), (0.25, 0.03125), (-2.5, -0.25)], [true, false])
    func anADCWithErrors(error: (offset: Double, gain: Double), isSigned: Bool) throws {
        let top = isSigned ? 31 : 63
        let adc = try ADC(
            bits: 6, fullScaleMicroamperes: Double(top) / 4, isSigned: isSigned,
            error: ConverterError(offsetLSB: error.offset, gain: error.gain))
        let least = isSigned ? -top : 0
        var currents: [Double] = []
        var expected: [Int32] = []
        for code in least - 3 ... top + 3 {
            for side in [-0.49, 0, 0.49] {
                currents.append((Double(code) + side - error.offset) / (1 + error.gain) * 0.25)
                expected.append(Int32(min(max(code, least), top)))
            }
        }
        let converted = try Self.convert(currents, adc)
        #expect(converted.codes == expected)
        #expect(converted.clipped == 3 * 6)
        #expect(currents.map { Int32(adc.code($0)) } == expected)
    }

    /// Errors of 0 leave every bit as it is; more offset adds up.
    @Test func errorsOfZeroAreNone() throws {
        #expect(try ConverterError(offsetLSB: 0, gain: 0) == .none)
        let currents = EventDraws(serial: 2, event: 1).normals(.cellRead, first: 0, count: 5_000)
            .map { Double($0) * 5 }
        let adc = try ADC(bits: 10, fullScaleMicroamperes: 12.5, isSigned: true)
        let scale = Float(1 / adc.lsbMicroamperes)
        let codes = currents.map { current in
            let code = (Float(current) * scale).rounded(.toNearestOrEven)
            return Int32(min(max(code, -511), 511))
        }
        #expect(try Self.convert(currents, adc).codes == codes)
        let shifted = adc.shifted(byLSB: 2).shifted(byLSB: -1)
        #expect(shifted.error.offsetLSB == 1)
        #expect(shifted.code(0) == 1)
    }

    @Test(arguments: [(300, 0), (-257, 0), (.nan, 0), (0, 0.6), (0, -0.51), (0, .nan)])
    func wrongErrorsAreRefused(offset: Double, gain: Double) {
        #expect(throws: PhysicsError.self) { try ConverterError(offsetLSB: offset, gain: gain) }
    }

    @Test(arguments: [
        (1, 1.0), (17, 1), (8, 0), (8, -1), (8, .nan), (8, .infinity),
    ])
    func aWrongADCIsRefused(bits: Int, fullScale: Double) {
        #expect(throws: PhysicsError.self) {
            try ADC(bits: bits, fullScaleMicroamperes: fullScale, isSigned: true)
        }
    }

    @Test(arguments: [(0, 0.2), (9, 0.2), (8, 0), (8, -0.2), (8, 6), (8, .nan)])
    func aWrongDACIsRefused(bits: Int, readVoltage: Double) {
        #expect(throws: PhysicsError.self) { try DAC(bits: bits, readVoltage: readVoltage) }
    }
}
