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
    ///   - twin: the same network, written by the same method on a chip of the same data
    ///     sheet: its ranges are taken in place of finding them again.
    ///   - replacing: takes all matrices off the chip first, but not before all that
    ///     can be refused without it was looked at. Cells are then written open loop before
    ///     they are verified, in case they held something; else they are taken for fresh.
    public func deploy(
        to session: any ChipSession, checkpoint: String, calibration: ImageSet,
        options: ProgramOptions, like twin: Deployment? = nil, replacing: Bool = false
    ) throws -> (deployment: Deployment, reports: [LayerReport]) {
        if let twin {
            precondition(twin.model == network.name && twin.method == options.method)
        }
        let layers = try layers
        try checkReferences(on: session)
        try checkRoom(for: layers, on: session, replacing: replacing)
        let ranges =
            try twin.map(ConverterRanges.deployed)
            ?? .inputs(calibrationInputs(calibration, of: layers))
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
                return try write(
                    [layer], to: matrix, ranges, session, options, overOthers: replacing)[0]
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
        let ranges = try ConverterRanges.inputs(calibrationInputs(calibration, of: layers))
        let all = Array(zip(layers, matrices))
        var options = options
        if writesReferences { options.all = true }
        var marked = old
        marked.isUpdating = true
        try willChange(marked)
        let done = try write(all, ranges, session, options)
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
        deployment.verifiesSelection = verifiesSelection
        if options.all {
            for report in reports {
                for index in deployment.places.indices
                where deployment.places[index].matrix.id == report.matrix.id {
                    deployment.places[index].writingCost = report.program.cost
                }
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

    private func deployment(
        _ done: [(place: Deployment.LayerPlace, report: LayerReport)], checkpoint: String,
        _ session: any ChipSession, _ options: ProgramOptions
    ) throws -> Deployment {
        var deployment = Deployment(
            model: network.name, checkpoint: checkpoint, chip: session.dataSheet.serial,
            bank: session.dataSheet.bank, method: options.method,
            places: done.map(\.place),
            digital: scales.layers.filter { digital.contains($0.key) },
            references: writesReferences
                ? try .written(beside: done.map(\.place.matrix), on: session) : nil)
        deployment.verifiesSelection = verifiesSelection
        return deployment
    }

    private var verifiesSelection: Bool? {
        verified?.masks.values.contains { $0.contains(1) } == true ? true : nil
    }
}
