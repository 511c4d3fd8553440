/// The range between the OFF and the ON state of a fresh cell, and the levels on it.
///
///     G_off = G_on / r₀                                            (C-1)
///     g(ℓ) = G_off + ℓ·(G_on − G_off)/(2^bits − 1),  ℓ = 0 … 2^bits − 1   (C-2)
///
/// - Validity: r₀ in `onOffRatioRange`, or ∞, which stands for G_off exactly 0.
/// - Source: firmware-specs/device.md (C-1), (C-2).
public struct ConductanceWindow: Sendable, Hashable {
    public let on: Conductance
    public let off: Conductance

    /// Chosen.
    public static let onOffRatioRange = NumberRange.above(1, to: 1e9)

    public init(on: Conductance, onOffRatio: Double) throws(PhysicsError) {
        try require(
            "G_on in siemens", on.siemens, in: .above(0, to: .greatestFiniteMagnitude))
        if onOffRatio != .infinity {
            try require("ON/OFF ratio", onOffRatio, in: Self.onOffRatioRange)
        }
        self.on = on
        off = Conductance(siemens: on.siemens / onOffRatio)
    }

    public var onOffRatio: Double {
        off == .zero ? .infinity : on.siemens / off.siemens
    }

    public func level(_ level: Int, bits: Int) -> Conductance {
        let top = (1 << bits) - 1
        precondition(level >= 0)
        precondition(level <= top)
        let span = on.siemens - off.siemens
        return Conductance(siemens: off.siemens + Double(level) * span / Double(top))
    }
}
