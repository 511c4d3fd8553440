internal import Glibc

/// WAGE's step, layer by layer:
///
///     g_s = η·g / Shift(max|g|)
///     ΔW  = σ(k_G)·sgn(g_s)·(⌊|g_s|⌋ + Bernoulli(|g_s| − ⌊|g_s|⌋))
///     W   ← clip(W − ΔW, −1 + σ(k_G), 1 − σ(k_G)),   w = u·W
///
/// so that a step is a whole number of steps of the weight's own grid, right in the
/// mean. Biases stay. u is 1 in a network trained by WAGE; 128·s_w makes the codes of
/// 8-bit weights q = w/s_w the grid of k_G = 8.
public final class WAGEOptimiser {
    private let wage: WAGE
    private let layers: [MatrixLayer]
    private let units: [Double]
    private let generator: RandomGenerator

    /// - Parameters:
    ///   - layers: those that learn.
    ///   - units: u of each layer; none: 1 for all.
    public init(
        _ wage: WAGE, layers: [MatrixLayer], units: [Double] = [], generator: RandomGenerator
    ) {
        precondition(units.isEmpty || units.count == layers.count)
        self.wage = wage
        self.layers = layers
        self.units = units.isEmpty ? layers.map { _ in 1 } : units
        self.generator = generator
    }

    /// Takes one step by the gradients gathered, and clears them.
    ///
    /// - Parameter rate: η, a power of two in the paper; in steps of the grid for
    ///   a gradient of the size of the largest.
    @discardableResult
    public func update(rate: Double) throws -> [WAGELayerStep] {
        let largest = 1 - WAGE.step(bits: wage.gradients)
        return try zip(layers, units).compactMap { layer, unit in
            guard let gradient = try layer.weight.gradient() else { return nil }
            let chances = try generator.uniform(0 ..< 1, layer.weight.shape)
            let gradients = try gradient.floats()
            let change = try Self.change(
                gradients, rate: rate, bits: wage.gradients, chances: chances.floats())
            try layer.weight.add(.floats(change, shape: layer.weight.shape), times: -unit)
            try layer.weight.clamp(to: -unit * largest ... unit * largest)
            try layer.weight.clearGradient()
            return WAGELayerStep(
                layer: layer.name, parameters: change.count,
                zeroGradients: gradients.count { $0 == 0 }, zeroChanges: change.count { $0 == 0 })
        }
    }

    /// ΔW of one layer; all zero where all gradients are.
    ///
    /// - Parameter chances: a number from U[0, 1) for each gradient: it is rounded
    ///   away from zero where its fraction is above that.
    public static func change(
        _ gradients: [Float], rate: Double, bits: Int, chances: [Float]
    ) -> [Float] {
        precondition(gradients.count == chances.count)
        let largest = Double(gradients.reduce(0) { max($0, abs($1)) })
        guard largest > 0 else { return gradients.map { _ in 0 } }
        let factor = rate / WAGE.shift(largest)
        let step = WAGE.step(bits: bits)
        return zip(gradients, chances).map { gradient, chance in
            let size = abs(Double(gradient)) * factor
            let whole = floor(size)
            let steps = whole + (size - whole > Double(chance) ? 1 : 0)
            return Float(gradient < 0 ? -steps * step : steps * step)
        }
    }
}

/// What a step of WAGE left where it was.
public struct WAGELayerStep: Codable, Equatable, Sendable {
    public let layer: String
    public let parameters: Int
    /// Weights whose gradient is exactly zero: no rounded error reached them.
    public let zeroGradients: Int
    /// Weights whose rounded gradient ΔW is zero: those above, and those whose
    /// gradient was too small beside the largest.
    public let zeroChanges: Int
}

extension [WAGELayerStep] {
    /// The share of all parameters whose rounded gradient is zero.
    public var zeroShare: Double { share(\.zeroChanges) }
    /// The share of all parameters whose gradient is exactly zero.
    public var zeroGradientShare: Double { share(\.zeroGradients) }

    private func share(_ count: (WAGELayerStep) -> Int) -> Double {
        let all = reduce(0) { $0 + $1.parameters }
        return all == 0 ? 0 : Double(reduce(0) { $0 + count($1) }) / Double(all)
    }
}
