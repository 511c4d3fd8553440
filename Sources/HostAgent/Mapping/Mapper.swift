/// Puts a network on a chip: one logical matrix for each matrix layer.
public struct Mapper {
    public let network: Network
    public let scales: QuantisationScales
    public var range: ConverterRange
    public var mapping = WeightMapping.differential
    /// Names of layers that stay on the host, in 8-bit integers.
    public var digital: Set<String> = []
    /// Whether tuning columns are written too: together with the matrices, since
    /// they tell of cells of their own age only.
    public var writesReferences = false
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

    /// The layers that go to the chip, in the order of the data.
    private var layers: [MatrixLayer] {
        get throws {
            let all = network.matrixLayers
            if let unknown = digital.sorted().first(where: { name in
                !all.contains { $0.name == name }
            }) {
                throw NetworkError.unknownLayer(unknown, layers: all.map(\.name))
            }
            return all.filter { !digital.contains($0.name) }
        }
    }

    /// Maps, calibrates and programs every layer. When one fails, the matrices of
    /// all are taken off the chip again; a network with more tiles than are free is
    /// refused before the first is mapped.
    ///
    /// - Parameter calibration: training images, from which the ADC's ranges are
    ///   found digitally.
    public func deploy(
        to session: any ChipSession, checkpoint: String, calibration: ImageSet,
        options: ProgramOptions
    ) throws -> (deployment: Deployment, reports: [LayerReport]) {
        let layers = try layers
        try checkRoom(for: layers, on: session)
        let inputs = try calibrationInputs(calibration)
        var mapped: [ChipMatrix] = []
        do {
            let done = try layers.map { layer in
                let matrix = try session.map(
                    MatrixRequest(
                        name: layer.name, rows: layer.rows, columns: layer.columns,
                        codeMax: WeightQuantisation.codeMax, mapping: mapping))
                mapped.append(matrix)
                return try write(layer, to: matrix, inputs, session, options)
            }
            return (
                try deployment(done, checkpoint: checkpoint, session, options),
                done.map(\.report)
            )
        } catch {
            // The first error is the one to tell; a chip that is gone is asked once only.
            try? mapped.reversed().forEach(session.unmap)
            throw error
        }
    }

    /// Puts the network in the place of one of the same shape: its matrices are
    /// calibrated anew and only weights whose code has changed are written; all, where
    /// tuning columns are written too.
    public func update(
        _ old: Deployment, on session: any ChipSession, checkpoint: String, calibration: ImageSet,
        options: ProgramOptions
    ) throws -> (deployment: Deployment, reports: [LayerReport]) {
        let layers = try layers
        let matrices = try layers.map { try old.place(of: $0).matrix }
        let inputs = try calibrationInputs(calibration)
        var options = options
        if writesReferences { options.all = true }
        let done = try zip(layers, matrices).map { [options] in
            try write($0, to: $1, inputs, session, options)
        }
        return (
            try deployment(done, checkpoint: checkpoint, session, options),
            done.map(\.report)
        )
    }

    /// Writes all layers of a deployment once more, and its tuning columns; what these
    /// said before is void.
    public func program(
        _ deployment: inout Deployment, on session: any ChipSession, options: ProgramOptions
    ) throws -> [LayerReport] {
        let reports = try layers.map { layer in
            let place = try deployment.place(of: layer)
            let codes = try WeightQuantisation.codes(of: layer, scale: place.scales.weight)
            return LayerReport(
                layer: layer.name, matrix: place.matrix,
                program: try session.program(place.matrix, codes, options))
        }
        deployment.selfTuning = nil
        if deployment.references != nil {
            deployment.references = try .written(
                beside: deployment.places.map(\.matrix), on: session)
        }
        return reports
    }

    private func checkRoom(for layers: [MatrixLayer], on session: any ChipSession) throws {
        let sheet = session.dataSheet
        let needed = layers.map { layer in
            ChipSessionError.LayerTiles(
                name: layer.name, rows: layer.rows, columns: layer.columns,
                tiles: sheet.tiles(
                    rows: layer.rows, columns: layer.columns,
                    weightBits: MatrixRequest.weightBits, mapping: mapping))
        }
        let free = try session.tilesFree()
        guard needed.reduce(0, { $0 + $1.tiles }) <= free else {
            throw ChipSessionError.tooLarge(
                network: network.name, layers: needed, bank: sheet.bank,
                tile: [sheet.rows, sheet.columns], free: free)
        }
    }

    private func write(
        _ layer: MatrixLayer, to mapped: ChipMatrix, _ inputs: [String: Tensor],
        _ session: any ChipSession, _ options: ProgramOptions
    ) throws -> (place: Deployment.LayerPlace, report: LayerReport) {
        guard let vectors = inputs[layer.name] else {
            throw NetworkError.noCalibrationInputs(layer: layer.name)
        }
        var matrix = mapped
        let layerScales = try scales.scales(of: layer)
        let codes = try WeightQuantisation.codes(of: layer, scale: layerScales.weight)
        if !session.dataSheet.isDigital {
            let fullScale = try range.fullScale(
                codes, slices: BitSlices(matrix), inputs: vectors, sheet: session.dataSheet)
            matrix.fullScaleMicroamperes = try session.calibrate(matrix, fullScale: fullScale)
        }
        let program = try session.program(matrix, codes, options)
        return (
            Deployment.LayerPlace(layer: layer.name, matrix: matrix, scales: layerScales),
            LayerReport(layer: layer.name, matrix: matrix, program: program)
        )
    }

    private func deployment(
        _ done: [(place: Deployment.LayerPlace, report: LayerReport)], checkpoint: String,
        _ session: any ChipSession, _ options: ProgramOptions
    ) throws -> Deployment {
        Deployment(
            model: network.name, checkpoint: checkpoint, chip: session.dataSheet.serial,
            method: options.method, places: done.map(\.place),
            digital: scales.layers.filter { digital.contains($0.key) },
            references: writesReferences
                ? try .written(beside: done.map(\.place.matrix), on: session) : nil)
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
            let layerScales = try scales.scales(of: layer)
            let codes = try InputQuantisation.codes(
                input, scale: layerScales.input, range: layerScales.inputCodes)
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
