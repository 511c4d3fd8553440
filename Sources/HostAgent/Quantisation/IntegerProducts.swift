/// The network in 8-bit integers, digitally: what a chip without deviations,
/// noise and converters would compute.
///
/// The integers travel as Float32, exact while 255·127·rows < 2²⁴, that is up to
/// 518 rows; beyond that the sum is rounded like any Float32 sum.
public final class IntegerProducts: MatrixProducts {
    private let scales: QuantisationScales
    private var weights: [String: Tensor] = [:]

    public init(_ network: Network, scales: QuantisationScales) throws {
        self.scales = scales
        for layer in network.matrixLayers {
            let scale = try scales.scales(of: layer).weight
            let codes = try layer.weight.floats().map {
                Float(WeightQuantisation.code($0, scale: scale))
            }
            weights[layer.name] = try .floats(codes, shape: layer.weight.shape)
        }
    }

    public func product(of layer: MatrixLayer, with input: Tensor) throws -> Tensor {
        let scales = try scales.scales(of: layer)
        guard let weight = weights[layer.name] else {
            throw NetworkError.unknownLayer(layer.name, layers: weights.keys.sorted())
        }
        let codes = try InputQuantisation.codes(input, scale: scales.input)
        return try layer.digitalProduct(codes, weight: weight).scaled(
            by: scales.input * scales.weight)
    }
}

/// Unsigned 8-bit inputs: c = clamp(round(x / s_x), 0, 255).
public enum InputQuantisation {
    /// Codes as Float32.
    public static func codes(_ input: Tensor, scale: Double) throws -> Tensor {
        try noGrad {
            try input.scaled(by: 1 / scale).rounded().clamped(
                to: 0 ... Double(QuantisationScales.inputCodeMax))
        }
    }
}
