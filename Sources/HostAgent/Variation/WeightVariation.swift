/// How the weights on a chip deviate from what was programmed (firmware-specs/device.md,
/// V-1 … V-3, for weights in place of cells):
///
///     weight-proportional:  w̃ = w·(1 + ε)
///     layer-fixed:          w̃ = w + ε·w_max,   w_max = max|w| of the layer
///     ε = ε_B + ε_W,   ε_B ~ N(0, σ_B²) once a chip,   ε_W ~ N(0, σ_W²) once a weight
///
/// - Source: Deng, Orshansky, DATE 2022, §II. The paper varies weights, not cells.
public struct WeightVariation: Codable, Equatable, Sendable {
    public enum Form: String, Codable, Sendable {
        case weightProportional = "weight-proportional"
        case layerFixed = "layer-fixed"
    }

    public let form: Form
    /// σ_B ≥ 0.
    public let betweenChip: Double
    /// σ_W ≥ 0.
    public let withinChip: Double

    public init(_ form: Form, betweenChip: Double = 0, withinChip: Double) {
        precondition(betweenChip >= 0 && betweenChip.isFinite)
        precondition(withinChip >= 0 && withinChip.isFinite)
        self.form = form
        self.betweenChip = betweenChip
        self.withinChip = withinChip
    }

    /// σ_tot = √(σ_B² + σ_W²).
    public var total: Double {
        (betweenChip * betweenChip + withinChip * withinChip).squareRoot()
    }

    /// σ_B = σ_W = σ_tot/√2, so that σ_tot² = σ_B² + σ_W².
    public static func mixed(_ form: Form, total: Double) -> WeightVariation {
        let each = total / 2.0.squareRoot()
        return WeightVariation(form, betweenChip: each, withinChip: each)
    }

    /// w̃ for given ε.
    ///
    /// ε does not depend on w, so the gradient is that of the reparameterised
    /// expectation: it carries (1 + ε) where w̃ is proportional to w, and 1 where it
    /// is not, for w_max counts as a constant.
    ///
    /// - Shape: all that of the layer's weight.
    public func deviating(_ weight: Tensor, by epsilon: Tensor) throws -> Tensor {
        switch form {
        case .weightProportional:
            return try weight.multiplied(by: noGrad { try epsilon.scaled(by: 1, offset: 1) })
        case .layerFixed:
            let largest = try max(weight.maximum(), -weight.minimum())
            return try weight.adding(noGrad { try epsilon.scaled(by: largest) })
        }
    }
}
