/// The quantisers of one layer's inputs and weights.
public struct LayerQuantisers: Codable, Equatable, Sendable {
    public let input: UniformQuantiser
    public let weight: UniformQuantiser

    public init(input: UniformQuantiser, weight: UniformQuantiser) {
        self.input = input
        self.weight = weight
    }

    /// Whether what was read from a file is a pair of quantisers.
    var areUsable: Bool {
        [input, weight].allSatisfy {
            BitSetting.bitsRange.contains($0.bits) && $0.step > 0 && $0.step.isFinite
        }
    }
}

/// The quantisers of a network's layers, by name; fixed once made.
public struct NetworkQuantisers: Codable, Equatable, Sendable {
    public let layers: [String: LayerQuantisers]

    public init(layers: [String: LayerQuantisers]) { self.layers = layers }

    public func quantisers(of layer: MatrixLayer) throws -> LayerQuantisers {
        guard let quantisers = layers[layer.name] else {
            throw NetworkError.unknownLayer(layer.name, layers: layers.keys.sorted())
        }
        return quantisers
    }

    /// "2 bits", "4-bit inputs, 2-bit weights"; of layers that differ, the smallest.
    public var bitsText: String {
        let inputs = layers.values.map(\.input.bits).min() ?? 0
        let weights = layers.values.map(\.weight.bits).min() ?? 0
        return inputs == weights
            ? "\(weights) bits" : "\(inputs)-bit inputs, \(weights)-bit weights"
    }

    /// Products of a network with its weights and inputs rounded.
    public var products: WeightedProducts { WeightedProducts(QuantisedWeights(self), inputs: self) }

    /// Gives the network the weights that it multiplies with, w_D = Δ·x_Q.
    public func round(_ network: Network) throws {
        for layer in network.matrixLayers {
            let quantiser = try quantisers(of: layer).weight
            try layer.weight.assign(quantiser.codes(layer.weight).scaled(by: quantiser.step))
        }
    }

    /// Quantisers of the least mean squared error: of the weights as they are, and
    /// of the inputs that `images` give, the mean over batches.
    ///
    /// A layer's inputs are what it gets once all layers before it are rounded, so
    /// the layers are measured one after the other in the order of the data. Applied to
    /// a trained network this is post-training quantisation; at the start of
    /// quantisation-aware training it gives the steps that stay. The heads of all exits
    /// are measured.
    ///
    /// - Parameter inputsMax: values of a batch that the search of a step looks at,
    ///   evenly spaced.
    public static func measured(
        _ network: Network, _ bits: BitSetting, on images: ImageSet, batch: Int = 250,
        inputsMax: Int = 1 << 16
    ) throws -> NetworkQuantisers {
        let watch = StepMeasurement(bits, inputsMax: inputsMax)
        for range in images.ranges(of: batch) {
            try noGrad { _ = try network.exitScores(images.batch(range).images, with: watch) }
        }
        return NetworkQuantisers(layers: try watch.quantisers())
    }
}

/// Rounds every product of a batch by the best steps of this batch, and notes them.
private final class StepMeasurement: MatrixProducts {
    private let bits: BitSetting
    private let inputsMax: Int
    private var weights: [String: UniformQuantiser] = [:]
    private var inputSteps: [String: [Double]] = [:]

    init(_ bits: BitSetting, inputsMax: Int) {
        self.bits = bits
        self.inputsMax = inputsMax
    }

    func product(of layer: MatrixLayer, with input: Tensor) throws -> Tensor {
        let weight =
            try weights[layer.name]
            ?? UniformQuantiser(bits: bits.weights, leastSquaresOf: layer.weight.floats())
        weights[layer.name] = weight
        let values = try input.floats()
        let stride = Self.stride(of: values.count, most: inputsMax)
        let quantiser = UniformQuantiser(
            bits: bits.activations,
            leastSquaresOf: Swift.stride(from: 0, to: values.count, by: stride).map { values[$0] })
        inputSteps[layer.name, default: []].append(quantiser.step)
        return try layer.digitalProduct(
            quantiser.quantised(input, gradient: .insideRange),
            weight: weight.quantised(layer.weight, gradient: .everywhere))
    }

    /// A step through so many values that meets at most `most` of them, and no row or channel more
    /// than another: it shares no divisor with their number.
    private static func stride(of count: Int, most: Int) -> Int {
        func divisor(_ a: Int, _ b: Int) -> Int { b == 0 ? a : divisor(b, a % b) }
        var stride = max(1, (count + most - 1) / most)
        while divisor(stride, count) > 1 { stride += 1 }
        return stride
    }

    func quantisers() throws -> [String: LayerQuantisers] {
        try Dictionary(
            uniqueKeysWithValues: weights.map { name, weight in
                let steps = inputSteps[name] ?? []
                guard !steps.isEmpty else { throw NetworkError.noCalibrationInputs(layer: name) }
                let mean = steps.reduce(0, +) / Double(steps.count)
                return (
                    name,
                    LayerQuantisers(
                        input: UniformQuantiser(bits: bits.activations, step: mean), weight: weight)
                )
            })
    }
}
