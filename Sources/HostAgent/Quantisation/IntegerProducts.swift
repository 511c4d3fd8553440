/// The network in 8-bit integers, digitally: what a chip without deviations,
/// noise and converters would compute.
///
/// The integers travel as Float32, exact while 255·127·rows < 2²⁴, that is up to
/// 518 rows; beyond that the sum is rounded like any Float32 sum.
public final class IntegerProducts: MatrixProducts {
    private let layers: DigitalLayers

    public init(_ network: Network, scales: QuantisationScales) throws {
        layers = DigitalLayers(scales.layers)
        for layer in network.matrixLayers {
            _ = try layers.weight(of: layer, scales.scales(of: layer))
        }
    }

    public func product(of layer: MatrixLayer, with input: Tensor) throws -> Tensor {
        guard let product = try layers.product(of: layer, with: input) else {
            throw NetworkError.unknownLayer(layer.name, layers: layers.scales.keys.sorted())
        }
        return product
    }
}

/// Layers in 8-bit integers, by name. A layer's weights are those at its first use.
final class DigitalLayers {
    let scales: [String: LayerScales]
    private var weights: [String: Tensor] = [:]

    init(_ scales: [String: LayerScales]) { self.scales = scales }

    /// `nil`: the layer is none of them.
    func product(of layer: MatrixLayer, with input: Tensor) throws -> Tensor? {
        guard let scales = scales[layer.name] else { return nil }
        let codes = try InputQuantisation.codes(input, scales)
        return try layer.digitalProduct(codes, weight: weight(of: layer, scales)).scaled(
            by: scales.input * scales.weight)
    }

    /// Codes as Float32, in the layer's shape.
    func weight(of layer: MatrixLayer, _ scales: LayerScales) throws -> Tensor {
        if let known = weights[layer.name] { return known }
        let codes = try layer.weight.floats().map {
            Float(WeightQuantisation.code($0, scale: scales.weight))
        }
        let weight = try Tensor.floats(codes, shape: layer.weight.shape)
        weights[layer.name] = weight
        return weight
    }
}

/// 8-bit inputs: c = clamp(round(x / s_x), range).
public enum InputQuantisation {
    /// Codes of a layer's input as Float32, in multiples of the stride k:
    ///
    ///     c = k·clamp(round(x / (k·s_x)), range / k)
    public static func codes(_ input: Tensor, _ scales: LayerScales) throws -> Tensor {
        let (step, range) = steps(scales.input, scales.inputCodes, stride: scales.inputStride)
        let codes = try codes(input, scale: step, range: range)
        return scales.inputStride == 1 ? codes : try codes.scaled(by: Double(scales.inputStride))
    }

    /// The step and range of codes before they are multiplied by the stride.
    static func steps(
        _ scale: Double, _ range: ClosedRange<Int>, stride: Int
    ) -> (step: Double, range: ClosedRange<Int>) {
        (scale * Double(stride), range.lowerBound / stride ... range.upperBound / stride)
    }

    /// Codes as Float32.
    public static func codes(
        _ input: Tensor, scale: Double,
        range: ClosedRange<Int> = 0 ... QuantisationScales.inputCodeMax
    ) throws -> Tensor {
        try noGrad {
            try input.scaled(by: 1 / scale).rounded().clamped(
                to: Double(range.lowerBound) ... Double(range.upperBound))
        }
    }
}
