/// How cells deviate from their targets when they are written open loop.
///
///     ε_i = ε_B + ε_W,i,   ε_B ~ N(0, σ_B²) once a chip,  ε_W,i ~ N(0, σ_W²) once a cell   (V-1)
///
///     weight-proportional   g* = g_t·(1 + ε_i)             (V-2)
///     layer-fixed           g* = g_t + ε_i·G_on            (V-3)
///     like read noise       g* = g_t + σ_read(g_t)·z_i     (V-4)
///
/// - Validity: σ_B and σ_W in `spreadRange`.
/// - Source: deng2022qavat; (V-4) is chosen.
public struct Variation: Sendable, Hashable {
    public enum Model: Sendable, Hashable, CaseIterable {
        case weightProportional, layerFixed, likeReadNoise
    }

    public let model: Model
    /// σ_B.
    public let betweenChip: Double
    /// σ_W.
    public let withinChip: Double

    /// Chosen; the published sweep ends at 0.5.
    public static let spreadRange = NumberRange.from(0, to: 1)

    public init(model: Model, betweenChip: Double, withinChip: Double) throws(PhysicsError) {
        try require("variation between chips", betweenChip, in: Self.spreadRange)
        try require("variation within a chip", withinChip, in: Self.spreadRange)
        self.model = model
        self.betweenChip = betweenChip
        self.withinChip = withinChip
    }

    /// g* of (V-2), (V-3) or (V-4), µS; not yet clipped at 0.
    @inline(__always)
    package func landing(target: Float, deviation: Float, on: Float, noise: ReadNoise) -> Float {
        switch model {
        case .weightProportional: target * (1 + deviation)
        case .layerFixed: target + deviation * on
        case .likeReadNoise: target + noise.deviation(target) * deviation
        }
    }
}
