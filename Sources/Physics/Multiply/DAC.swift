internal import CKernels

/// Input codes to word-line voltages.
///
///     V = V_read · code / (2^b − 1)                                (M-1)
///
/// - Validity: b in `bitsRange`, V_read in `readVoltageRange`.
/// - Source: physics §7.
public struct DAC: Sendable, Hashable {
    public let bits: Int
    public let readVoltage: Double

    /// Codes travel as bytes.
    public static let bitsRange = 1 ... 8
    /// V (chosen: a higher voltage would program the cells).
    public static let readVoltageRange = NumberRange.above(0, to: 2)

    public init(bits: Int, readVoltage: Double) throws(PhysicsError) {
        try require("DAC bits", bits, in: Self.bitsRange)
        try require("read voltage in V", readVoltage, in: Self.readVoltageRange)
        self.bits = bits
        self.readVoltage = readVoltage
    }

    public var codeMax: Int { (1 << bits) - 1 }
    public var lsbVolts: Double { readVoltage / Double(codeMax) }

    /// - Precondition: no code is above `codeMax`; checked where codes enter the chip.
    public func voltages(
        codes: UnsafeBufferPointer<UInt8>, into out: UnsafeMutableBufferPointer<Float>
    ) {
        precondition(out.count >= codes.count)
        guard let from = codes.baseAddress, let to = out.baseAddress else { return }
        nvcim_dac(from, Float(lsbVolts), to, codes.count)
    }
}
