/// Input vectors of a layer: a byte each code, since those of all layers are kept
/// at once.
struct InputRecord {
    /// c − min, [vectors, rows] each.
    private var parts: [Tensor] = []
    private let smallest: Int
    private(set) var vectors = 0

    /// - Parameter range: of the codes, 256 at most.
    init(range: ClosedRange<Int>) {
        precondition(range.count <= 256)
        smallest = range.lowerBound
    }

    mutating func add(_ codes: Tensor) throws {
        vectors += codes.shape[0]
        parts.append(try codes.scaled(by: 1, offset: -Double(smallest)).cast(to: .uint8))
    }

    /// Float32 [vectors, rows].
    func codes() throws -> Tensor {
        try Tensor.concatenated(parts).cast(to: .float32).scaled(by: 1, offset: Double(smallest))
    }
}

/// Products that keep the input vectors of each layer that has scales.
final class InputRecorder: MatrixProducts {
    private let products: any MatrixProducts
    private let scales: QuantisationScales
    private let vectorsMax: Int
    private(set) var records: [String: InputRecord] = [:]

    init(_ products: any MatrixProducts, scales: QuantisationScales, vectorsMax: Int) {
        self.products = products
        self.scales = scales
        self.vectorsMax = vectorsMax
    }

    func product(of layer: MatrixLayer, with input: Tensor) throws -> Tensor {
        let have = records[layer.name]?.vectors ?? 0
        if have < vectorsMax, let layerScales = scales.layers[layer.name] {
            let codes = try InputQuantisation.codes(input, layerScales)
            let vectors = try Unrolling.vectors(codes, of: layer)
            try records[layer.name, default: InputRecord(range: layerScales.inputCodes)].add(
                vectors.narrowed(0 ..< min(vectors.shape[0], vectorsMax - have)))
        }
        return try products.product(of: layer, with: input)
    }
}
