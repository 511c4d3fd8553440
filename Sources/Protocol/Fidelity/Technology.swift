internal import Foundation

/// What the report holds a technology to: figures of its own, never the daemon's.
///
/// - Units: µS, seconds, pulses; spreads relative to G_on.
/// - Source: firmware-specs/device.md, "The cell", "Programming", "Endurance", "Figures that the
///   model is held to"; Bhattacharjee et al. 2023, Table 1.
struct Technology {
    var name: String
    var bits: Int
    var onMicrosiemens: Double
    /// r₀.
    var ratio: Double
    /// ν and σ_ν; the reference age t₀ is 1 s.
    var drift: Double
    var driftSpread: Double
    /// σ(g) = relative·g + constant.
    var noiseRelative: Double
    var noiseConstant = 0.0
    /// σ_p.
    var programmingSpread = 0.1
    var verifyReads: Double
    var verifyTolerance = 0.03
    /// Write-verify from an open-loop write: spread over G_on and mean pulses.
    var verified: (spread: Double, pulses: Double)
    /// The same with one confirming read.
    var confirmed: (spread: Double, pulses: Double)
    /// N_c and β of (L-1), λ and k of (L-3), p_on of (L-4).
    var windowPulses: Double
    var windowExponent: Double
    var life: Double
    var lifeShape: Double
    var stuckOnShare: Double
    /// σ_B and σ_W of (V-1).
    var betweenChip = 0.0
    var withinChip = 0.0
    /// (V-3) instead of (V-2).
    var isLayerFixed = false
    /// Nothing but ε_B moves its cells.
    var isQuiet = false
    /// A device of a study: only the laws of that study are checked on it.
    var isStudy = false
    /// Share of the second principal component: of the model, and as published.
    var component: (share: Double, published: Double)?

    var levels: Int { 1 << bits }
    var offMicrosiemens: Double { onMicrosiemens / ratio }
    var span: Double { onMicrosiemens - offMicrosiemens }
    /// Half way between G_off and G_on: far from every bound.
    var middle: Double { (onMicrosiemens + offMicrosiemens) / 2 }

    /// (C-2)
    func level(_ level: Int) -> Double {
        offMicrosiemens + Double(level) * span / Double(levels - 1)
    }

    /// (N-1)
    func noise(_ conductance: Double) -> Double { noiseRelative * conductance + noiseConstant }

    /// (L-1)
    func ratio(pulses: Double) -> Double {
        max(1, ratio * pow(1 + pulses / windowPulses, -windowExponent))
    }

    /// N at which the window is r: (L-1) the other way round.
    func pulses(ratio worn: Double) -> Double {
        windowPulses * (pow(ratio / worn, 1 / windowExponent) - 1)
    }

    /// (L-3)
    func dead(pulses: Double) -> Double { 1 - exp(-pow(pulses / life, lifeShape)) }
}
