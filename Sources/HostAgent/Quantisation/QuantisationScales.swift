/// The scales of one layer's integers.
///
///     x ≈ s_x·c,  c = 0 … 255      w ≈ s_w·q,  q = −127 … 127      x·w ≈ s_x·s_w·c·q
///
/// Where inputs may be negative, c = −127 … 127; the chip takes them in two phases.
///
/// A network of fewer bits uses every k-th code only: c is a whole multiple of the
/// stride k, and x is rounded to steps of k·s_x.
public struct LayerScales: Codable, Equatable, Sendable {
    /// s_x, a step of the input.
    public var input: Double
    /// s_w, a step of the weight.
    public var weight: Double
    /// Whether inputs have a sign; absent: they have none.
    private var signed: Bool?
    /// k; absent: 1.
    private var stride: Int?

    public init(input: Double, weight: Double, isSigned: Bool = false, inputStride: Int = 1) {
        self.input = input
        self.weight = weight
        signed = isSigned ? true : nil
        stride = inputStride == 1 ? nil : inputStride
    }

    /// Scales by which codes are whole multiples of the quantisers': those of the input
    /// of k = ⌊c_max/M⌋, those of the weight of ⌊127/M⌋.
    public init(_ quantisers: LayerQuantisers, isSigned: Bool = false) {
        let inputMax =
            isSigned ? QuantisationScales.signedCodeMax : QuantisationScales.inputCodeMax
        let inputStride = inputMax / quantisers.input.codeMax
        let weightStride = WeightQuantisation.codeMax / quantisers.weight.codeMax
        self.init(
            input: quantisers.input.step / Double(inputStride),
            weight: quantisers.weight.step / Double(weightStride), isSigned: isSigned,
            inputStride: inputStride)
    }

    public var isSigned: Bool { signed ?? false }
    /// k.
    public var inputStride: Int { stride ?? 1 }
    /// Of the input.
    public var inputCodes: ClosedRange<Int> {
        isSigned
            ? -QuantisationScales.signedCodeMax ... QuantisationScales.signedCodeMax
            : 0 ... QuantisationScales.inputCodeMax
    }

    /// Whether both are steps: above zero and finite in 32 bits; and the stride leaves a code.
    var areUsable: Bool {
        [input, weight].map(Float.init).allSatisfy { $0 > 0 && $0.isFinite }
            && (1 ... inputCodes.upperBound).contains(inputStride)
    }
}

/// Scales of all layers, by name.
public struct QuantisationScales: Codable, Equatable, Sendable {
    public var layers: [String: LayerScales]

    public init(layers: [String: LayerScales]) { self.layers = layers }

    /// Of a network that quantisers round.
    ///
    /// - Parameter measured: inputs have a sign where these have.
    public init(_ quantisers: NetworkQuantisers, like measured: QuantisationScales) {
        layers = quantisers.layers.reduce(into: [:]) { layers, layer in
            layers[layer.key] = LayerScales(
                layer.value, isSigned: measured.layers[layer.key]?.isSigned ?? false)
        }
    }

    /// Those that a trained network goes to a chip with: its own steps where it has few bits, to
    /// which its weights are rounded already; else as `measured`.
    static func trained(
        _ network: Network, _ quantisers: NetworkQuantisers?, on images: ImageSet,
        method: WeightQuantisation.Method
    ) throws -> QuantisationScales {
        let measured = try measured(network, on: images, method: method)
        return quantisers.map { QuantisationScales($0, like: measured) } ?? measured
    }

    /// Largest input code: unsigned 8 bits.
    public static let inputCodeMax = 255
    /// Largest magnitude of a signed one.
    public static let signedCodeMax = 127

    public func scales(of layer: MatrixLayer) throws -> LayerScales {
        guard let scales = layers[layer.name] else {
            throw NetworkError.unknownLayer(layer.name, layers: layers.keys.sorted())
        }
        return scales
    }

    /// Static scales: s_x from the largest magnitude of the inputs that a layer
    /// sees in `images`, s_w from its weights. Where an input is negative, the
    /// layer's inputs are signed.
    ///
    /// - Parameter products: by which the layers' inputs come about.
    public static func measured(
        _ network: Network, on images: ImageSet, method: WeightQuantisation.Method,
        batch: Int = 256, with products: any MatrixProducts = FloatProducts()
    ) throws -> QuantisationScales {
        let watch = InputRanges(products)
        try noGrad {
            for range in images.ranges(of: batch) {
                _ = try network.exitScores(images.batch(range).images, with: watch)
            }
        }
        var layers: [String: LayerScales] = [:]
        for layer in network.matrixLayers {
            let range = watch.ranges[layer.name] ?? 0 ... 0
            let largest = max(range.upperBound, -range.lowerBound)
            let isSigned = range.lowerBound < 0
            layers[layer.name] = LayerScales(
                input: (largest > 0 ? largest : 1)
                    / Double(isSigned ? signedCodeMax : inputCodeMax),
                weight: WeightQuantisation.scale(try layer.weight.floats(), method: method),
                isSigned: isSigned)
        }
        return QuantisationScales(layers: layers)
    }
}

/// Products that note the least and the largest input of each
/// layer, and 0.
private final class InputRanges: MatrixProducts {
    private let products: any MatrixProducts
    var ranges: [String: ClosedRange<Double>] = [:]

    init(_ products: any MatrixProducts) { self.products = products }

    func product(of layer: MatrixLayer, with input: Tensor) throws -> Tensor {
        let seen = ranges[layer.name] ?? 0 ... 0
        ranges[layer.name] =
            min(seen.lowerBound, try input.minimum()) ... max(seen.upperBound, try input.maximum())
        return try products.product(of: layer, with: input)
    }
}
