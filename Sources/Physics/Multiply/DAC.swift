internal import CKernels

/// Input codes to word-line voltages.
///
///     V = V_read · code / (2^b − 1)                                (M-1)
///     V_eff = (1 + e_g)·V + e_o·LSB,   LSB = V_read / (2^b − 1)    (M-6)
///
/// - Validity: b in `bitsRange`, V_read in `readVoltageRange`.
/// - Source: firmware-specs/device.md (M-1), (M-6).
public struct DAC: Sendable, Hashable {
    public let bits: Int
    public let readVoltage: Double
    public let error: ConverterError

    /// Codes travel as bytes.
    public static let bitsRange = 1 ... 8
    /// V (chosen: a higher voltage would program the cells).
    public static let readVoltageRange = NumberRange.above(0, to: 2)

    public init(
        bits: Int, readVoltage: Double, error: ConverterError = .none
    ) throws(PhysicsError) {
        try require("DAC bits", bits, in: Self.bitsRange)
        try require("read voltage in V", readVoltage, in: Self.readVoltageRange)
        self.bits = bits
        self.readVoltage = readVoltage
        self.error = error
    }

    public var codeMax: Int { (1 << bits) - 1 }
    public var lsbVolts: Double { readVoltage / Double(codeMax) }

    /// The voltage of a code of one bit: V_read or none, with the errors of the whole converter.
    ///
    /// e_o stays in steps of b bits: the offset is that of the line's driver.
    public var binary: DAC {
        var error = error
        error.offsetLSB /= Double(codeMax)
        return DAC(binaryOf: self, error: error)
    }

    private init(binaryOf dac: DAC, error: ConverterError) {
        bits = 1
        readVoltage = dac.readVoltage
        self.error = error
    }

    /// - Precondition: no code is above `codeMax`; checked where codes enter the chip.
    public func voltages(
        codes: UnsafeBufferPointer<UInt8>, into out: UnsafeMutableBufferPointer<Float>
    ) {
        precondition(out.count >= codes.count)
        guard let from = codes.baseAddress, let to = out.baseAddress else { return }
        nvcim_dac(
            from, Float((1 + error.gain) * lsbVolts), Float(error.offsetLSB * lsbVolts), to,
            codes.count)
    }

    /// What codes apply to the lines, and what that costs.
    ///
    /// - Shape: codes vectors × width, row-major.
    /// - Precondition: no code is above `codeMax`.
    public func drive(_ codes: [UInt8], width: Int) -> DrivenLines {
        precondition(width > 0 && codes.count % width == 0)
        var sums = [Float](repeating: 0, count: width)
        var driven = 0
        var squares: [Float] = []
        let voltages = [Float](unsafeUninitializedCapacity: codes.count) { volts, count in
            squares = [Float](unsafeUninitializedCapacity: codes.count) { squares, count in
                count = codes.count
                guard let volts = volts.baseAddress, let squares = squares.baseAddress else {
                    return
                }
                driven = nvcim_drive(
                    codes, Float((1 + error.gain) * lsbVolts), Float(error.offsetLSB * lsbVolts),
                    volts, squares, &sums, codes.count / width, width)
            }
            count = codes.count
        }
        return DrivenLines(
            voltages: voltages, squares: squares, sumSquares: sums.map { Double($0) },
            drivenCount: driven)
    }
}

/// Voltages of some vectors on the lines of a tile.
public struct DrivenLines: Sendable {
    /// Vectors × lines, V.
    public let voltages: [Float]
    /// V².
    public let squares: [Float]
    /// Σ V² of each line over the vectors, V².
    public let sumSquares: [Double]
    /// Lines with a code above 0, over the vectors.
    public let drivenCount: Int
}
