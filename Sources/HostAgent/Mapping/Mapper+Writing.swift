/// Calibrating and writing matrices that are mapped.
extension Mapper {
    /// What the ADC's ranges of layers come from, by the layers' names.
    enum ConverterRanges {
        /// Found from these.
        case inputs([String: InputRecord])
        case deployed(Deployment)
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
        let done = try write(learned, .inputs(inputs), session, options)
        for (place, _) in done {
            deployment.places.removeAll { $0.layer == place.layer }
            deployment.places.append(place)
        }
        deployment.model = network.name
        return done.map(\.report)
    }

    func write(
        _ all: [(layer: MatrixLayer, matrix: ChipMatrix)], _ ranges: ConverterRanges,
        _ session: any ChipSession, _ options: ProgramOptions
    ) throws -> [(place: Deployment.LayerPlace, report: LayerReport)] {
        var written: Set<UInt32> = []
        return try all.flatMap { first in
            guard written.insert(first.matrix.id).inserted else {
                return [(place: Deployment.LayerPlace, report: LayerReport)]()
            }
            let sharing = all.filter { $0.matrix.id == first.matrix.id }.map(\.layer)
            return try write(sharing, to: first.matrix, ranges, session, options)
        }
    }

    /// Calibrates and writes one matrix, which layers that share their weight may share:
    /// its full scale is then the largest of theirs.
    ///
    /// - Parameter overOthers: whether cells may hold what was written before. Write-verify stops
    ///   at the edge of its band that a cell comes to first, so that they would keep a trace
    ///   of it; an open-loop write takes it away.
    func write(
        _ layers: [MatrixLayer], to mapped: ChipMatrix, _ ranges: ConverterRanges,
        _ session: any ChipSession, _ options: ProgramOptions, overOthers: Bool = false
    ) throws -> [(place: Deployment.LayerPlace, report: LayerReport)] {
        var matrix = mapped
        let scale = try scales.scales(of: layers[0]).weight
        let codes = try WeightQuantisation.codes(of: layers[0], scale: scale)
        let sheet = try session.dataSheet(ofBank: matrix.bank)
        if !sheet.isDigital {
            let fullScales = try layers.map { layer in
                switch ranges {
                case .deployed(let twin):
                    return try twin.place(of: layer).matrix.fullScaleMicroamperes
                case .inputs(let records):
                    guard let vectors = records[layer.name] else {
                        preconditionFailure("inputs were recorded of every layer")
                    }
                    return try range.fullScale(
                        codes, slices: BitSlices(matrix), inputs: vectors.codes(), sheet: sheet,
                        method: options.method)
                }
            }
            matrix.fullScaleMicroamperes = try session.calibrate(
                matrix, fullScale: fullScales.reduce(0, max))
        }
        var options = options
        var opening = ChipCost()
        if overOthers && options.method == .writeVerify && !sheet.isDigital {
            opening = try session.program(matrix, codes, ProgramOptions(.openLoop, all: true)).cost
            options.all = true
        }
        var program = try program(layers[0], matrix, codes, options, session)
        program.cost += opening
        return try layers.map { [matrix, program] layer in
            (
                Deployment.LayerPlace(
                    layer: layer.name, matrix: matrix, scales: try scales.scales(of: layer),
                    writingCost: program.cost),
                LayerReport(layer: layer.name, matrix: matrix, program: program)
            )
        }
    }

    func program(
        _ layer: MatrixLayer, _ matrix: ChipMatrix, _ codes: WeightCodes, _ options: ProgramOptions,
        _ session: any ChipSession
    ) throws -> ProgramReport {
        guard let verified, let others = verified.others(in: layer.name) else {
            return try session.program(matrix, codes, options)
        }
        var (plain, careful) = (options, options)
        plain.mask = others
        (careful.method, careful.mask) = (.writeVerify, verified.masks[layer.name])
        // In an update too, where those whose code stays may never have been verified.
        careful.all = true
        return try session.program(matrix, codes, plain)
            + session.program(matrix, codes, careful)
    }

    /// Input codes of each layer.
    ///
    /// - Parameter products: `nil`: those of the digital integer network.
    func calibrationInputs(
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
