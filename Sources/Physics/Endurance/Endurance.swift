/// How programming wears a cell out: its window closes, and one day it is stuck.
///
///     r(N) = max(1, r₀·(1 + N/N_c)^−β),   G_off(N) = G_on/r(N)                         (L-1)
///     F(N) = 1 − exp(−(N/λ)^k)                                                          (L-3)
///
/// | symbol | meaning                                                | unit     |
/// |--------|--------------------------------------------------------|----------|
/// | N      | programming pulses that the cell has seen              | pulses   |
/// | N_c, β | where the window begins to close, and how fast         | pulses   |
/// | λ, k   | scale and shape of the Weibull law of lifetimes        | pulses   |
/// | p_on   | share of the cells that fail ON; the others fail OFF   | unitless |
///
/// - Validity: N_c, λ ≥ 1 (∞: never), 0 ≤ β ≤ 2, 0.1 ≤ k ≤ 20, 0 ≤ p_on ≤ 1 (chosen).
/// - Errors: `PhysicsError`, which names the parameter.
/// - Edge cases: a fresh ratio of ∞ (G_off = 0) never closes; N saturates at 2³² − 1.
/// - Postconditions: r(N) ≥ 1 never rises, F(N) in [0, 1] never falls.
/// - Source: firmware-specs/device.md (L-1), (L-3).
public struct Endurance: Sendable, Hashable {
    public let windowPulses: Double
    public let windowExponent: Double
    public let lifetimeScale: Double
    public let lifetimeShape: Double
    public let stuckOnShare: Double

    // Ranges: chosen, wide enough for what is published.

    public static let pulsesRange = NumberRange.from(1, to: .infinity)
    public static let exponentRange = NumberRange.from(0, to: 2)
    public static let shapeRange = NumberRange.from(0.1, to: 20)
    public static let shareRange = NumberRange.from(0, to: 1)

    public init(
        windowPulses: Double, windowExponent: Double, lifetimeScale: Double,
        lifetimeShape: Double, stuckOnShare: Double
    ) throws(PhysicsError) {
        try require("N_c in pulses", windowPulses, in: Self.pulsesRange)
        try require("window exponent β", windowExponent, in: Self.exponentRange)
        try require("scale of the lifetimes in pulses", lifetimeScale, in: Self.pulsesRange)
        try require("shape of the lifetimes", lifetimeShape, in: Self.shapeRange)
        try require("share of cells that fail ON", stuckOnShare, in: Self.shareRange)
        self.init(
            unchecked: windowPulses, windowExponent, lifetimeScale, lifetimeShape, stuckOnShare)
    }

    private init(
        unchecked windowPulses: Double, _ exponent: Double, _ scale: Double, _ shape: Double,
        _ stuckOn: Double
    ) {
        self.windowPulses = windowPulses
        windowExponent = exponent
        lifetimeScale = scale
        lifetimeShape = shape
        stuckOnShare = stuckOn
    }

    /// Cells that do not wear.
    public static let unlimited = Endurance(unchecked: .infinity, 0, .infinity, 1, 0)

    public var closesWindow: Bool { windowExponent > 0 && windowPulses.isFinite }
    public var limitsLife: Bool { lifetimeScale.isFinite }

    /// Pulses that every cell outlives: the shortest life that (L-4) can draw, u = 1 − 2⁻³³.
    public var surePulses: Double {
        guard limitsLife else { return .infinity }
        return lifetimeScale * PortableMath.power(1.0 / 8_589_934_592, 1 / lifetimeShape)
    }

    /// r(N) of (L-1).
    public func onOffRatio(fresh: Double, pulses: Double) -> Double {
        guard closesWindow else { return fresh }
        return max(
            1, fresh * PortableMath.power(1 + pulses / windowPulses, -windowExponent))
    }

    /// F(N) of (L-3): the share of the cells whose life ends within N pulses.
    public func failedShare(pulses: Double) -> Double {
        guard limitsLife else { return 0 }
        let x = PortableMath.power(pulses / lifetimeScale, lifetimeShape)
        return 1 - PortableMath.exp2(-x * 1.4426950408889634)
    }
}
