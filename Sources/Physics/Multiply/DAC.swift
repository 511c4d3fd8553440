internal import CKernels

/// Input codes to word-line voltages.
///
///     V = V_read · code / (2^b − 1)                                (M-1)
///
/// - Validity: 1 ≤ b ≤ 8 bits (codes travel as bytes), 0 < V_read ≤ 5 V (chosen).
/// - Source: physics §7.
public struct DAC: Sendable, Hashable {
    public let bits: Int
    public let readVoltage: Double

    public static let bitsRange = 1 ... 8

    public init(bits: Int, readVoltage: Double) throws(PhysicsError) {
        try require("DAC bits", Double(bits), in: 1 ... 8)
        try require("read voltage in V", readVoltage, in: Double.leastNonzeroMagnitude ... 5)
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
