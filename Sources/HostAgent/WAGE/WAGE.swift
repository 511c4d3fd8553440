internal import Glibc

/// Training in integers: weights, activations, gradients and errors of few bits.
///
///     σ(k) = 2^(1−k)                                   the step of k bits
///     Q(x, k) = clip(σ·round(x/σ), −1 + σ, 1 − σ)      everything lives in (−1, 1)
///     Shift(x) = 2^round(log₂ x)
///
/// Halves are rounded to even.
///
/// - Source: Wu, Li, Chen, Shi, "Training and inference with integers in deep
///   neural networks", ICLR 2018, equations 5–12.
public struct WAGE: Codable, Equatable, Sendable {
    /// k_W, k_A, k_G, k_E.
    public let weights, activations, gradients, errors: Int

    /// Eight bits throughout unless told otherwise; the paper's own is 2-8-8-8.
    public init(weights: Int = 8, activations: Int = 8, gradients: Int = 8, errors: Int = 8) {
        precondition(
            [weights, activations, gradients, errors].allSatisfy(BitSetting.bitsRange.contains))
        self.weights = weights
        self.activations = activations
        self.gradients = gradients
        self.errors = errors
    }

    /// σ(k).
    public static func step(bits: Int) -> Double { exp2(Double(1 - bits)) }

    /// Q(·, k).
    public static func quantiser(bits: Int) -> UniformQuantiser {
        UniformQuantiser(bits: bits, step: step(bits: bits))
    }

    /// Shift(x), for x > 0.
    public static func shift(_ x: Double) -> Double {
        precondition(x > 0)
        return exp2(rint(log2(x)))
    }
}

// MARK: - The start

extension WAGE {
    /// L_min = β·σ(k_W), β = 1.5: narrower weights would all be rounded to zero.
    public var initialBoundMin: Double { 1.5 * Self.step(bits: weights) }

    /// L = max(√(6/n), L_min): weights start from U(−L, L), n inputs a product.
    public func initialBound(inputs: Int) -> Double {
        max((6 / Double(inputs)).squareRoot(), initialBoundMin)
    }

    /// α = max(Shift(L_min/√(6/n)), 1): what the products of a layer are divided by,
    /// to make up for weights that start wider than they should.
    public func scale(inputs: Int) -> Double {
        max(Self.shift(initialBoundMin / (6 / Double(inputs)).squareRoot()), 1)
    }

    /// What the trained network multiplies with: inputs and weights on their grids.
    ///
    /// - Throws: `NetworkError.tooWideForWAGE` where a layer's α is not 1: its products
    ///   would need a scale of their own. With 8 bits that takes 87,382 inputs.
    public func quantisers(of network: Network) throws -> NetworkQuantisers {
        if let wide = network.matrixLayers.first(where: { scale(inputs: $0.rows) != 1 }) {
            throw NetworkError.tooWideForWAGE(layer: wide.name, inputs: wide.rows)
        }
        let both = LayerQuantisers(
            input: Self.quantiser(bits: activations), weight: Self.quantiser(bits: weights))
        return NetworkQuantisers(
            layers: Dictionary(
                uniqueKeysWithValues: network.matrixLayers.map { ($0.name, both) }))
    }

    /// Draws all weights afresh, on the grid of k_G bits, and sets all biases to
    /// zero: WAGE has none.
    public func initialise(_ network: Network, from generator: RandomGenerator) throws {
        for layer in network.matrixLayers {
            let bound = initialBound(inputs: layer.rows)
            let grid = Self.quantiser(bits: gradients)
            let start = try generator.uniform(-bound ..< bound, layer.weight.shape)
            try layer.weight.assign(grid.codes(start).scaled(by: grid.step))
            if let bias = layer.bias { try bias.assign(.full(0, shape: bias.shape)) }
        }
    }

    /// Half the sum of squared errors, its error rounded to k_E bits as it enters
    /// the network:  ½ Σ_n Σ_c (s[n, c] − y[n, c])².
    ///
    /// - Parameter targets: labels [n] (Int64), which stand for y = [c = label n], or y
    ///   itself, the shares of the classes, [n, classes].
    /// - Shape: scores [n, classes] → a scalar.
    public func loss(_ scores: Tensor, _ targets: Tensor) throws -> Tensor {
        try scores.withErrorsQuantised(bits: errors).halfSquaredError(to: targets)
    }
}
