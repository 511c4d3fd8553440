/// Puts a network on a chip: one logical matrix for each matrix layer.
public struct Mapper {
    public let network: Network
    public let scales: QuantisationScales
    public var range: ConverterRange
    /// Vectors of a layer that the ADC's range is found from, at most.
    public var calibrationVectorsMax = 20_000

    public init(
        _ network: Network, scales: QuantisationScales, range: ConverterRange = ConverterRange()
    ) {
        self.network = network
        self.scales = scales
        self.range = range
    }

    /// What deploying a layer did.
    public struct LayerReport: Sendable {
        public let layer: String
        public let matrix: ChipMatrix
        public let program: ProgramReport
    }

    /// Maps, calibrates and programs every layer. When one fails, the matrices of
    /// all are taken off the chip again.
    ///
    /// - Parameter calibration: training images, from which the ADC's ranges are
    ///   found digitally.
    public func deploy(
        to session: any ChipSession, checkpoint: String, calibration: ImageSet,
        options: ProgramOptions
    ) throws -> (deployment: Deployment, reports: [LayerReport]) {
        let inputs = try calibrationInputs(calibration)
        var places: [Deployment.LayerPlace] = []
        var reports: [LayerReport] = []
        var mapped: [ChipMatrix] = []
        do {
            for layer in network.matrixLayers {
                guard let vectors = inputs[layer.name] else {
                    throw NetworkError.noCalibrationInputs(layer: layer.name)
                }
                let layerScales = try scales.scales(of: layer)
                let codes = try WeightQuantisation.codes(of: layer, scale: layerScales.weight)
                var matrix = try session.map(
                    MatrixRequest(
                        name: layer.name, rows: codes.rows, columns: codes.columns,
                        codeMax: WeightQuantisation.codeMax))
                mapped.append(matrix)
                let fullScale = try range.fullScale(
                    codes, slices: BitSlices(matrix), inputs: vectors, sheet: session.dataSheet)
                matrix.fullScaleMicroamperes = try session.calibrate(matrix, fullScale: fullScale)
                let report = try session.program(matrix, codes, options)
                places.append(
                    Deployment.LayerPlace(layer: layer.name, matrix: matrix, scales: layerScales))
                reports.append(LayerReport(layer: layer.name, matrix: matrix, program: report))
            }
        } catch {
            // The first error is the one to tell; a chip that is gone is asked once only.
            try? mapped.reversed().forEach(session.unmap)
            throw error
        }
        return (
            Deployment(
                model: network.name, checkpoint: checkpoint, chip: session.dataSheet.serial,
                method: options.method, places: places),
            reports
        )
    }

    /// Writes all layers of a deployment once more.
    public func program(
        _ deployment: Deployment, on session: any ChipSession, options: ProgramOptions
    ) throws -> [LayerReport] {
        try network.matrixLayers.map { layer in
            let place = try deployment.place(of: layer)
            let codes = try WeightQuantisation.codes(of: layer, scale: place.scales.weight)
            return LayerReport(
                layer: layer.name, matrix: place.matrix,
                program: try session.program(place.matrix, codes, options))
        }
    }

    /// Input codes of each layer, Float32 [vectors, rows], from the digital
    /// integer network.
    func calibrationInputs(_ images: ImageSet) throws -> [String: Tensor] {
        let recorder = InputRecorder(
            try IntegerProducts(network, scales: scales), scales: scales,
            vectorsMax: calibrationVectorsMax)
        try noGrad {
            for range in images.ranges(of: 100) {
                _ = try network.exitScores(images.batch(range).images, with: recorder)
            }
        }
        return try recorder.inputs()
    }
}

/// Integer products that keep the input vectors of each layer.
private final class InputRecorder: MatrixProducts {
    private let products: IntegerProducts
    private let scales: QuantisationScales
    private let vectorsMax: Int
    private var recorded: [String: [Tensor]] = [:]

    init(_ products: IntegerProducts, scales: QuantisationScales, vectorsMax: Int) {
        self.products = products
        self.scales = scales
        self.vectorsMax = vectorsMax
    }

    func product(of layer: MatrixLayer, with input: Tensor) throws -> Tensor {
        let have = recorded[layer.name, default: []].reduce(0) { $0 + $1.shape[0] }
        if have < vectorsMax {
            let codes = try InputQuantisation.codes(input, scale: scales.scales(of: layer).input)
            let vectors = try Unrolling.vectors(codes, of: layer)
            recorded[layer.name, default: []].append(
                try vectors.narrowed(0 ..< min(vectors.shape[0], vectorsMax - have)))
        }
        return try products.product(of: layer, with: input)
    }

    func inputs() throws -> [String: Tensor] {
        try recorded.mapValues { try Tensor.concatenated($0) }
    }
}
