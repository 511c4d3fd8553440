internal import Glibc

/// The effect of one SET or RESET pulse on a cell between its bounds.
///
///     g ← max(0, g ± (G_on − G_off)·s·f·max(0, 1 + σ_c·z))                              (P-3)
///     f = (1 − u)^γ₊ (SET) or u^γ₋ (RESET),  u = (g − G_off)/(G_on − G_off) in [0, 1]
///
/// - Units: µS; s is relative to the window.
/// - Source: firmware-specs/device.md (P-3).
struct SoftBoundsStep: Sendable {
    private let nonlinearitySet: Float
    private let nonlinearityReset: Float
    private let cycleToCycle: Float

    init(_ parameters: WriteVerifyParameters) {
        nonlinearitySet = Float(parameters.nonlinearitySet)
        nonlinearityReset = Float(parameters.nonlinearityReset)
        cycleToCycle = Float(parameters.cycleToCycle)
    }

    /// Whether where a cell began is forgotten after enough pulses: each takes away the share s of
    /// what is left to its bound.
    var forgets: Bool { nonlinearitySet == 1 && nonlinearityReset == 1 }

    /// - Parameter direction: +1 SET, −1 RESET.
    @inline(__always)
    func pulsed(
        _ g: Float, direction: Float, step: Float, on: Float, off: Float, z: Float
    ) -> Float {
        let u = min(max((g - off) / (on - off), 0), 1)
        let factor =
            direction > 0
            ? Self.power(1 - u, nonlinearitySet) : Self.power(u, nonlinearityReset)
        let change = step * factor * max(0, 1 + cycleToCycle * z)
        return max(0, g + direction * (on - off) * change)
    }

    @inline(__always)
    private static func power(_ base: Float, _ exponent: Float) -> Float {
        exponent == 1 ? base : powf(base, exponent)
    }
}
