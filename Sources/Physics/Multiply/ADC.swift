/// Bit-line currents to codes.
///
///     signed, mid-tread   LSB = FS/(2^(b−1) − 1),  |code| ≤ 2^(b−1) − 1      (M-2)
///     unsigned            LSB = FS/(2^b − 1),      0 ≤ code ≤ 2^b − 1        (M-3)
///     code = clip(round(I / LSB))
///
/// - Validity: 2 ≤ b ≤ 16 bits; FS > 0 µA.
/// - Source: physics §7.
public struct ADC: Sendable, Hashable {
    public let bits: Int
    public let fullScaleMicroamperes: Double
    public let isSigned: Bool

    public static let bitsRange = 2 ... 16

    public init(bits: Int, fullScaleMicroamperes: Double, isSigned: Bool) throws(PhysicsError) {
        try require("ADC bits", Double(bits), in: 2 ... 16)
        try requirePositive("ADC full scale in µA", fullScaleMicroamperes)
        self.bits = bits
        self.fullScaleMicroamperes = fullScaleMicroamperes
        self.isSigned = isSigned
    }

    public var codeMax: Int { (1 << (isSigned ? bits - 1 : bits)) - 1 }
    public var codeMin: Int { isSigned ? -codeMax : 0 }
    public var lsbMicroamperes: Double { fullScaleMicroamperes / Double(codeMax) }

    /// The law for one current, µA.
    public func code(_ microamperes: Double) -> Int {
        let code = (microamperes / lsbMicroamperes).rounded(.toNearestOrEven)
        return Int(min(max(code, Double(codeMin)), Double(codeMax)))
    }
}
