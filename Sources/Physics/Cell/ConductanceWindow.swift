/// The range between the OFF and the ON state of a fresh cell, and the levels on it.
///
///     G_off = G_on / r₀                                            (C-1)
///     g(ℓ) = G_off + ℓ·(G_on − G_off)/(2^bits − 1),  ℓ = 0 … 2^bits − 1   (C-2)
///
/// - Validity: r₀ > 1; r₀ = ∞ stands for G_off exactly 0.
/// - Source: physics §1.
public struct ConductanceWindow: Sendable, Hashable {
    public let on: Conductance
    public let off: Conductance

    public init(on: Conductance, onOffRatio: Double) throws(PhysicsError) {
        try requirePositive("G_on in siemens", on.siemens)
        guard onOffRatio > 1 else {
            throw .outOfRange(
                quantity: "ON/OFF ratio", value: onOffRatio, allowed: 1.0.nextUp ... .infinity)
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
