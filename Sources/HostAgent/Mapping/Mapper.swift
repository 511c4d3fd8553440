/// Puts a network on a chip: one logical matrix for each matrix layer.
public struct Mapper {
    public let network: Network
    public let scales: QuantisationScales
    public var range: ConverterRange
    public var mapping = WeightMapping.differential
    /// Names of layers that stay on the host, in 8-bit integers.
    public var digital: Set<String> = []
    /// Banks of layers by name; the others go to the session's own.
    public var banks: [String: String] = [:]
    /// Whether tuning columns are written too: together with the matrices, since
    /// they tell of cells of their own age only.
    public var writesReferences = false
    /// Weights that are write-verified; all others are written by the method asked for,
    /// as all are where this is `nil`. ADC ranges are that method's.
    public var verified: WeightSelection?
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
    var layers: [MatrixLayer] {
        get throws {
            let all = network.matrixLayers
            if let unknown = digital.union(banks.keys).sorted().first(where: { name in
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
    /// - Parameters:
    ///   - calibration: training images, from which the ADC's ranges are found
    ///     digitally.
    ///   - replacing: takes all matrices off the chip first, but not before all that
    ///     can be refused without it was looked at.
    public func deploy(
        to session: any ChipSession, checkpoint: String, calibration: ImageSet,
        options: ProgramOptions, replacing: Bool = false
    ) throws -> (deployment: Deployment, reports: [LayerReport]) {
        let layers = try layers
        try checkReferences(on: session)
        try checkRoom(for: layers, on: session, replacing: replacing)
        let inputs = try calibrationInputs(calibration, of: layers)
        if replacing { for matrix in try session.matrices() { try session.unmap(matrix) } }
        var mapped: [ChipMatrix] = []
        do {
            let done = try layers.map { layer in
                let matrix = try session.map(
                    MatrixRequest(
                        name: layer.name, rows: layer.rows, columns: layer.columns,
                        codeMax: WeightQuantisation.codeMax, mapping: mapping,
                        bank: banks[layer.name]))
                mapped.append(matrix)
                return try write([layer], to: matrix, inputs, session, options)[0]
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
    ///
    /// - Parameter willChange: is given the old deployment, marked as being updated,
    ///   before the first change, to be kept: should the update be cut short, the
    ///   chip holds neither network.
    public func update(
        _ old: Deployment, on session: any ChipSession, checkpoint: String, calibration: ImageSet,
        options: ProgramOptions, willChange: (Deployment) throws -> Void = { _ in }
    ) throws -> (deployment: Deployment, reports: [LayerReport]) {
        let layers = try layers
        try checkReferences(on: session)
        let matrices = try layers.map { try old.place(of: $0).matrix }
        let inputs = try calibrationInputs(calibration, of: layers)
        let all = Array(zip(layers, matrices))
        var options = options
        if writesReferences { options.all = true }
        var marked = old
        marked.isUpdating = true
        try willChange(marked)
        let done = try write(all, inputs, session, options)
        var new = try deployment(done, checkpoint: checkpoint, session, options)
        if !options.all {
            for index in new.places.indices {
                let place = new.places[index]
                new.places[index].writingCost =
                    old.places.first { $0.layer == place.layer }?.writingCost
            }
        }
        return (new, done.map(\.report))
    }

    /// Writes all layers of a deployment once more, and its tuning columns; what these
    /// said before is void.
    public func program(
        _ deployment: inout Deployment, on session: any ChipSession, options: ProgramOptions
    ) throws -> [LayerReport] {
        var written: Set<UInt32> = []
        let reports = try layers.compactMap { layer -> LayerReport? in
            let place = try deployment.place(of: layer)
            guard written.insert(place.matrix.id).inserted else { return nil }
            let codes = try WeightQuantisation.codes(of: layer, scale: place.scales.weight)
            return LayerReport(
                layer: layer.name, matrix: place.matrix,
                program: try program(layer, place.matrix, codes, options, session))
        }
        deployment.method = options.method
        if options.all {
            for report in reports {
                guard let index = deployment.places.firstIndex(where: { $0.layer == report.layer })
                else { preconditionFailure("the layer was found before") }
                deployment.places[index].writingCost = report.program.cost
            }
        }
        deployment.selfTuning = nil
        if deployment.references != nil {
            deployment.references = try .written(
                beside: deployment.places.map(\.matrix), on: session)
        }
        return reports
    }

    private func checkReferences(on session: any ChipSession) throws(SelfTuningError) {
        if writesReferences && session.dataSheet.gtmCells == 0 { throw .noGTM }
    }

    /// - Parameter replacing: all tiles will be free.
    private func checkRoom(
        for layers: [MatrixLayer], on session: any ChipSession, replacing: Bool
    ) throws {
        let byBank = try Dictionary(grouping: layers) {
            try session.dataSheet(ofBank: banks[$0.name]).bank
        }
        for (bank, layers) in byBank.sorted(by: { $0.key < $1.key }) {
            let sheet = try session.dataSheet(ofBank: bank)
            let needed = layers.map { layer in
                ChipSessionError.LayerTiles(
                    name: layer.name, rows: layer.rows, columns: layer.columns,
                    tiles: sheet.tiles(
                        rows: layer.rows, columns: layer.columns,
                        weightBits: MatrixRequest.weightBits, mapping: mapping))
            }
            let free = try replacing ? sheet.tiles : session.tilesFree(inBank: bank)
            guard needed.reduce(0, { $0 + $1.tiles }) <= free else {
                throw ChipSessionError.tooLarge(
                    network: network.name, layers: needed, bank: bank,
                    tile: [sheet.rows, sheet.columns], free: free)
            }
        }
    }

    /// Calibrates and writes layers of a deployed network that have learned, on matrices
    /// mapped already, and enters them in the deployment.
    ///
    /// - Parameters:
    ///   - learned: several layers that share a weight may share a matrix.
    ///   - products: by which their inputs come about.
    func write(
        _ learned: [(layer: MatrixLayer, matrix: ChipMatrix)],
        in deployment: inout Deployment, on session: any ChipSession, calibration: ImageSet,
        with products: any MatrixProducts, options: ProgramOptions
    ) throws -> [LayerReport] {
        let inputs = try calibrationInputs(calibration, of: learned.map(\.layer), with: products)
        let done = try write(learned, inputs, session, options)
        for (place, _) in done {
            deployment.places.removeAll { $0.layer == place.layer }
            deployment.places.append(place)
        }
        deployment.model = network.name
        return done.map(\.report)
    }

    private func write(
        _ all: [(layer: MatrixLayer, matrix: ChipMatrix)], _ inputs: [String: InputRecord],
        _ session: any ChipSession, _ options: ProgramOptions
    ) throws -> [(place: Deployment.LayerPlace, report: LayerReport)] {
        var written: Set<UInt32> = []
        return try all.flatMap { first in
            guard written.insert(first.matrix.id).inserted else {
                return [(place: Deployment.LayerPlace, report: LayerReport)]()
            }
            let sharing = all.filter { $0.matrix.id == first.matrix.id }.map(\.layer)
            return try write(sharing, to: first.matrix, inputs, session, options)
        }
    }

    /// Calibrates and writes one matrix, which layers that share their weight may share:
    /// its full scale is then the largest of theirs.
    private func write(
        _ layers: [MatrixLayer], to mapped: ChipMatrix, _ inputs: [String: InputRecord],
        _ session: any ChipSession, _ options: ProgramOptions
    ) throws -> [(place: Deployment.LayerPlace, report: LayerReport)] {
        var matrix = mapped
        let scale = try scales.scales(of: layers[0]).weight
        let codes = try WeightQuantisation.codes(of: layers[0], scale: scale)
        let sheet = try session.dataSheet(ofBank: matrix.bank)
        if !sheet.isDigital {
            let fullScales = try layers.map { layer in
                guard let vectors = inputs[layer.name] else {
                    preconditionFailure("inputs were recorded of every layer")
                }
                return try range.fullScale(
                    codes, slices: BitSlices(matrix), inputs: vectors.codes(), sheet: sheet,
                    method: options.method)
            }
            matrix.fullScaleMicroamperes = try session.calibrate(
                matrix, fullScale: fullScales.reduce(0, max))
        }
        let program = try program(layers[0], matrix, codes, options, session)
        return try layers.map { [matrix] layer in
            (
                Deployment.LayerPlace(
                    layer: layer.name, matrix: matrix, scales: try scales.scales(of: layer),
                    writingCost: program.cost),
                LayerReport(layer: layer.name, matrix: matrix, program: program)
            )
        }
    }

    private func program(
        _ layer: MatrixLayer, _ matrix: ChipMatrix, _ codes: WeightCodes, _ options: ProgramOptions,
        _ session: any ChipSession
    ) throws -> ProgramReport {
        guard let verified, let others = verified.others(in: layer.name) else {
            return try session.program(matrix, codes, options)
        }
        var (plain, careful) = (options, options)
        plain.mask = others
        (careful.method, careful.mask) = (.writeVerify, verified.masks[layer.name])
        return try session.program(matrix, codes, plain)
            + session.program(matrix, codes, careful)
    }

    private func deployment(
        _ done: [(place: Deployment.LayerPlace, report: LayerReport)], checkpoint: String,
        _ session: any ChipSession, _ options: ProgramOptions
    ) throws -> Deployment {
        Deployment(
            model: network.name, checkpoint: checkpoint, chip: session.dataSheet.serial,
            bank: session.dataSheet.bank, method: options.method,
            places: done.map(\.place),
            digital: scales.layers.filter { digital.contains($0.key) },
            references: writesReferences
                ? try .written(beside: done.map(\.place.matrix), on: session) : nil)
    }

    /// Input codes of each layer.
    ///
    /// - Parameter products: `nil`: those of the digital integer network.
    private func calibrationInputs(
        _ images: ImageSet, of layers: [MatrixLayer], with products: (any MatrixProducts)? = nil
    ) throws -> [String: InputRecord] {
        let recorder = InputRecorder(
            try products ?? IntegerProducts(network, scales: scales), scales: scales,
            vectorsMax: calibrationVectorsMax)
        try noGrad {
            for range in images.ranges(of: 100) {
                _ = try network.exitScores(images.batch(range).images, with: recorder)
            }
        }
        if let without = layers.first(where: { recorder.records[$0.name] == nil }) {
            throw NetworkError.noCalibrationInputs(layer: without.name)
        }
        return recorder.records
    }
}

/// Input vectors of a layer: a byte each code, since those of all layers are kept
/// at once.
private struct InputRecord {
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
private final class InputRecorder: MatrixProducts {
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
