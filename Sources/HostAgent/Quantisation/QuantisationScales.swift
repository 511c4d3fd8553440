/// The scales of one layer's integers.
///
///     x ≈ s_x·c,  c = 0 … 255      w ≈ s_w·q,  q = −127 … 127      x·w ≈ s_x·s_w·c·q
public struct LayerScales: Codable, Equatable, Sendable {
    /// s_x, a step of the input.
    public var input: Double
    /// s_w, a step of the weight.
    public var weight: Double

    public init(input: Double, weight: Double) {
        self.input = input
        self.weight = weight
    }

    /// Whether both are steps: above zero and finite.
    var areUsable: Bool { [input, weight].allSatisfy { $0 > 0 && $0.isFinite } }
}

/// Scales of all layers, by name.
public struct QuantisationScales: Codable, Equatable, Sendable {
    public var layers: [String: LayerScales]

    public init(layers: [String: LayerScales]) { self.layers = layers }

    /// Largest input code: unsigned 8 bits.
    public static let inputCodeMax = 255

    public func scales(of layer: MatrixLayer) throws -> LayerScales {
        guard let scales = layers[layer.name] else {
            throw NetworkError.unknownLayer(layer.name, layers: layers.keys.sorted())
        }
        return scales
    }

    /// Static scales: s_x from the largest input that a layer sees in `images`,
    /// s_w from its weights.
    public static func measured(
        _ network: Network, on images: ImageSet, method: WeightQuantisation.Method, batch: Int = 256
    ) throws -> QuantisationScales {
        let watch = InputMaxima()
        try noGrad {
            for range in images.ranges(of: batch) {
                _ = try network.exitScores(images.batch(range).images, with: watch)
            }
        }
        var layers: [String: LayerScales] = [:]
        for layer in network.matrixLayers {
            let largest = watch.maxima[layer.name] ?? 0
            layers[layer.name] = LayerScales(
                input: (largest > 0 ? largest : 1) / Double(inputCodeMax),
                weight: WeightQuantisation.scale(try layer.weight.floats(), method: method))
        }
        return QuantisationScales(layers: layers)
    }
}

/// Floating-point products that note the largest input of each layer.
private final class InputMaxima: MatrixProducts {
    var maxima: [String: Double] = [:]

    func product(of layer: MatrixLayer, with input: Tensor) throws -> Tensor {
        maxima[layer.name] = max(maxima[layer.name] ?? 0, try input.maximum())
        return try FloatProducts().product(of: layer, with: input)
    }
}
