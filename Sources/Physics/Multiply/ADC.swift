/// Bit-line currents to codes.
///
///     signed, mid-tread   LSB = FS/(2^(b−1) − 1),  |code| ≤ 2^(b−1) − 1      (M-2)
///     unsigned            LSB = FS/(2^b − 1),      0 ≤ code ≤ 2^b − 1        (M-3)
///     code = clip(round(I_eff / LSB)),   I_eff = (1 + e_g)·I + e_o·LSB       (M-7)
///
/// | symbol | meaning                                   | unit |
/// |--------|-------------------------------------------|------|
/// | I      | bit-line current                          | µA   |
/// | FS     | full scale: the current of the top code   | µA   |
/// | b      | bits                                      | bits |
/// | e_g    | gain error                                | –    |
/// | e_o    | offset                                    | LSB  |
///
/// - Validity: b in `bitsRange`; FS above 0 and finite.
/// - Edge cases: a tie goes to the even code. A conversion counts as clipped when I_eff lies more
///   than half an LSB outside the codes.
/// - Postconditions: codeMin ≤ code ≤ codeMax; inside the range |code·LSB − I_eff| ≤ LSB/2.
/// - Source: firmware-specs/device.md (M-2), (M-3), (M-7).
public struct ADC: Sendable, Hashable {
    public let bits: Int
    public let fullScaleMicroamperes: Double
    public let isSigned: Bool
    public private(set) var error: ConverterError

    /// Chosen.
    public static let bitsRange = 2 ... 16

    public init(
        bits: Int, fullScaleMicroamperes: Double, isSigned: Bool, error: ConverterError = .none
    ) throws(PhysicsError) {
        try require("ADC bits", bits, in: Self.bitsRange)
        try require(
            "ADC full scale in µA", fullScaleMicroamperes,
            in: .above(0, to: .greatestFiniteMagnitude))
        self.bits = bits
        self.fullScaleMicroamperes = fullScaleMicroamperes
        self.isSigned = isSigned
        self.error = error
    }

    public var codeMax: Int { (1 << (isSigned ? bits - 1 : bits)) - 1 }
    public var codeMin: Int { isSigned ? -codeMax : 0 }
    public var lsbMicroamperes: Double { fullScaleMicroamperes / Double(codeMax) }

    /// The converter with some more offset.
    public func shifted(byLSB offset: Double) -> ADC {
        var adc = self
        adc.error.offsetLSB += offset
        return adc
    }

    /// The law for one current, µA, in Double. `TileProduct` works in Float32: the two differ only
    /// where I/LSB is within 1e-7·|code| of a half.
    public func code(_ microamperes: Double) -> Int {
        let code = (microamperes * (1 + error.gain) / lsbMicroamperes + error.offsetLSB)
            .rounded(.toNearestOrEven)
        return Int(min(max(code, Double(codeMin)), Double(codeMax)))
    }
}
