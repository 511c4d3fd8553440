public import Protocol

/// How products are taken.
public struct MultiplyOptions: Sendable {
    public var transpose = false
    public var bitSerial = false
    public var output = WireMultiply.Output.products
    /// 0: the matrix's own.
    public var adcFullScaleMicroamperes = 0.0
    /// Also the sums of the LTM columns.
    public var ltm = false
    /// The inputs are activation maps that the chip unrolls.
    public var window: WireWindow?

    public init() {}
}

/// What one request of a stream of products carries in.
public struct ProductInputs: Sendable {
    public var type: WireTensor.TypeEnum
    /// [batch, inputs], or the maps of a window.
    public var shape: [Int]
    public var frame: Frame

    public init(type: WireTensor.TypeEnum, shape: [Int], frame: Frame) {
        self.type = type
        self.shape = shape
        self.frame = frame
    }
}

extension ChipConnection {
    /// Multiplies many batches, each one request within the daemon's limits, with
    /// up to eight in flight: `inputs` makes a batch when it is about to be sent,
    /// `products` takes each answer as it comes, by the batch's number.
    ///
    /// - Throws: `ChipError`, or what a closure throws.
    public func multiply(
        matrix: UInt32, count: Int, options: MultiplyOptions = MultiplyOptions(),
        inputs: (Int) throws -> ProductInputs, products: (Int, MultiplyOutcome) throws -> Void
    ) throws {
        let command = WireRequest.OneOf_Command.multiply(WireMultiply(matrix, options))
        try perform(count) { number in
            let inputs = try inputs(number)
            return Work(
                command: command,
                tensors: [.describe(inputs.type, shape: inputs.shape, unit: .code)],
                frames: [inputs.frame])
        } answered: {
            try products($0, product($1, withLTM: options.ltm))
        }
    }

    /// Multiplies a batch of input vectors with a matrix.
    ///
    /// A batch beyond the daemon's limits, or one that is better pipelined, is
    /// sent as several requests with up to eight in flight.
    ///
    /// - Parameter inputs: batch × inputs, row-major; u8 or i8 codes, f32 only
    ///   where the chip has an ideal DAC.
    public func multiply(
        matrix: UInt32, inputs: TensorValues, batch: Int,
        options: MultiplyOptions = MultiplyOptions()
    ) throws(ChipError) -> MultiplyOutcome {
        guard batch > 0, inputs.count > 0, inputs.count % batch == 0 else {
            throw .argument(
                "multiply got \(inputs.count) input values for a batch of \(batch)")
        }
        let width = inputs.count / batch
        let state = try matrixState(matrix)
        var outputs = Int(options.transpose ? state.rows : state.columns)
        if options.ltm { outputs += try ltmSums(state) }
        let vectors = vectorsPerRequest(width: width, outputs: outputs, type: inputs.type)
        var batches: [TensorValues] = []
        for first in stride(from: 0, to: batch, by: vectors) {
            batches.append(
                inputs.rectangle(
                    row: first, column: 0, rows: min(vectors, batch - first), columns: width,
                    of: width))
        }
        let parts = try multiplyAll(
            matrix: matrix, width: width, batches: batches, options: options)
        guard Set(parts.map { $0.ltm?.shape[1...] }).count == 1 else {
            throw .badReply(command: "multiply", sentence: "its LTM sums change their shape")
        }
        return .joined(parts)
    }

    /// Multiplies many batches, each one request, with up to eight in flight;
    /// replies are matched by request id and come back in the order of the batches.
    ///
    /// - Parameter width: inputs of one vector.
    public func multiplyAll(
        matrix: UInt32, width: Int, batches: [TensorValues],
        options: MultiplyOptions = MultiplyOptions()
    ) throws(ChipError) -> [MultiplyOutcome] {
        let multiply = WireMultiply(matrix, options)
        var requests: [Work] = []
        for batch in batches {
            guard width > 0, batch.count > 0, batch.count % width == 0 else {
                throw .argument(
                    "multiply got a batch of \(batch.count) values for vectors of \(width)")
            }
            let tensor = WireTensor.describe(
                batch.type, shape: [batch.count / width, width], unit: .code)
            requests.append(
                Work(command: .multiply(multiply), tensors: [tensor], frames: [batch.frame]))
        }
        var outcomes: [MultiplyOutcome] = []
        for answer in try perform(requests) {
            outcomes.append(try product(answer, withLTM: options.ltm))
        }
        return outcomes
    }

    private func product(_ answer: Answer, withLTM: Bool) throws(ChipError) -> MultiplyOutcome {
        guard case .multiply(let result) = answer.reply.result,
            answer.tensors.count == (withLTM ? 2 : 1), answer.shape(0).count == 2
        else {
            throw .badReply(
                command: "multiply",
                sentence: "it carries no matrix of products"
                    + (withLTM ? " with the sums of the LTM columns" : ""))
        }
        let shape = answer.shape(0)
        return MultiplyOutcome(
            values: try answer.values(0, of: "multiply"), batch: shape[0], outputs: shape[1],
            lsb: result.lsb, conversions: result.conversions, clipped: result.clipped,
            referencePerInput: result.referencePerInput,
            ltm: withLTM ? try ltm(answer, result) : nil,
            cost: answer.reply.cost, warnings: answer.reply.warnings,
            chipTimeSeconds: answer.reply.chipTimeS)
    }

    /// LTM sums of one vector: of each column block and polarity.
    private func ltmSums(_ state: WireMatrixState) throws(ChipError) -> Int {
        guard let bank = try describe().banks.first(where: { $0.name == state.bank }),
            bank.columns > 0
        else { throw .badReply(command: "describe", sentence: "it has no bank \(state.bank)") }
        let blocks = (state.columns + bank.columns - 1) / bank.columns
        return Int(blocks * bank.ltmColumns) * (state.mapping == .differential ? 2 : 1)
    }

    private func ltm(_ answer: Answer, _ result: WireMultiplyResult) throws(ChipError) -> LTMOutcome
    {
        let shape = answer.shape(1)
        guard shape.count == 4, shape[0] == answer.shape(0)[0] else {
            throw .badReply(
                command: "multiply", sentence: "its LTM sums have the shape \(shape)")
        }
        return LTMOutcome(
            products: try answer.floats(1, of: "multiply"), shape: shape,
            clipped: result.ltmClipped)
    }

    /// Request and reply each stay under a quarter of a frame, so that several
    /// are under way while one is computed, and under the daemon's limits.
    private func vectorsPerRequest(
        width: Int, outputs: Int, type: WireTensor.TypeEnum
    ) -> Int {
        let limits = identity.limits
        let frame = limits.frameBytes > 0 ? Int(clamping: limits.frameBytes) : Limits.frameBytes
        let batch = limits.batch > 0 ? Int(limits.batch) : Limits.batch
        let request = width * (type.elementBytes ?? 1)
        let reply = outputs * 4
        return max(1, min(batch, frame / 4 / max(1, request, reply)))
    }
}

extension WireMultiply {
    fileprivate init(_ matrix: UInt32, _ options: MultiplyOptions) {
        self.init()
        self.matrix = matrix
        transpose = options.transpose
        bitSerial = options.bitSerial
        output = options.output
        adcFullScaleUa = options.adcFullScaleMicroamperes
        ltm = options.ltm
        if let window = options.window { self.window = window }
    }
}
