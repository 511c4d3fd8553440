/// Offset and gain error of a converter, the same for all converters of a chip.
///
///     V_eff = (1 + e_g)·V + e_o·LSB        DAC                     (M-6)
///     I_eff = (1 + e_g)·I + e_o·LSB        ADC, before rounding    (M-7)
///
/// | symbol | meaning                  | unit     |
/// |--------|--------------------------|----------|
/// | e_g    | gain error, relative     | unitless |
/// | e_o    | offset                   | LSB      |
///
/// - Validity: e_g in `gainRange`, e_o in `offsetRange`.
/// - Edge cases: with both 0 the result has the same bits as without the law.
/// - Source: firmware-specs/device.md (M-6), (M-7); the form is that of converter data sheets.
public struct ConverterError: Sendable, Hashable {
    public internal(set) var offsetLSB: Double
    public let gain: Double

    /// LSB (chosen: a quarter of the range of a 10-bit converter).
    public static let offsetRange = NumberRange.from(-256, to: 256)
    /// Chosen: a converter that is half or one and a half times what it should be is broken.
    public static let gainRange = NumberRange.from(-0.5, to: 0.5)

    public init(offsetLSB: Double, gain: Double) throws(PhysicsError) {
        try require("converter offset in LSB", offsetLSB, in: Self.offsetRange)
        try require("converter gain error", gain, in: Self.gainRange)
        self.init(unchecked: offsetLSB, gain)
    }

    private init(unchecked offsetLSB: Double, _ gain: Double) {
        self.offsetLSB = offsetLSB
        self.gain = gain
    }

    public static let none = ConverterError(unchecked: 0, 0)
}
