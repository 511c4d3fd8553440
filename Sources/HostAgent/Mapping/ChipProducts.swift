/// Matrix products by the chip:
///
///     y = s_x·s_w·lsb·code
///
/// Inputs are quantised here and sent in batches of whole images or vectors; the
/// chip unrolls images where it can, else this does. Several batches are under
/// way, so that quantising the next and scaling the last overlap the chip's work.
/// Where the deployment holds a correction by tuning columns, it is applied, but for
/// matrices in a digital bank, which are exact.
/// Bias, activation and pooling stay with the layers. No gradient passes.
public final class ChipProducts: MatrixProducts {
    private let session: any ChipSession
    private let deployment: Deployment
    private let digital: DigitalLayers
    /// Conversions so far, and those at the end of the ADC's range.
    public private(set) var conversions: UInt64 = 0
    public private(set) var clipped: UInt64 = 0

    /// Bytes of a reply aimed at (chosen: large enough that a request's own cost
    /// vanishes, small enough that a layer of a few images is several requests).
    static let replyBytes = 1 << 20

    public init(_ session: any ChipSession, _ deployment: Deployment) {
        self.session = session
        self.deployment = deployment
        digital = DigitalLayers(deployment.digital)
    }

    public func product(of layer: MatrixLayer, with input: Tensor) throws -> Tensor {
        if let product = try digital.product(of: layer, with: input) { return product }
        let place = try deployment.place(of: layer)
        return try noGrad {
            switch layer.kind {
            case .linear: try product(layer, place, input.contiguous())
            case .convolution: try product(layer, place, input.channelsLast())
            }
        }
    }

    /// - Parameter input: in the order of memory that codes travel in.
    private func product(
        _ layer: MatrixLayer, _ place: Deployment.LayerPlace, _ input: Tensor
    ) throws -> Tensor {
        let (matrix, scales) = (place.matrix, place.scales)
        let sheet = try session.dataSheet(ofBank: matrix.bank)
        let output = try layer.emptyOutput(for: input.shape)
        let count = input.shape[0]
        let unit = ProductUnit(layer, inputShape: input.shape, chip: sheet)
        var sums = (sheet.isDigital ? nil : deployment.selfTuning).map {
            TuningSums(
                $0, layer, matrix.mapping, vectors: count * unit.vectors, sheet: sheet)
        }
        let size = unit.batch(of: count, chip: sheet, bytesMore: sums?.bytes ?? 0)
        func images(_ batch: Int) -> Range<Int> { batch * size ..< min(count, (batch + 1) * size) }
        try session.multiply(
            matrix,
            ProductRequest(
                count: (count + size - 1) / size, window: unit.window,
                withLTM: sums?.needsLTM ?? false, keepsFractions: sums != nil)
        ) { batch in
            try unit.codes(of: images(batch), input, scales)
        } outputs: { batch, reply in
            let vectors = images(batch).count * unit.vectors
            guard reply.vectors == vectors, reply.columns == matrix.columns else {
                throw ChipSessionError.badReply(
                    "products of \(reply.vectors) × \(reply.columns), asked for "
                        + "\(vectors) × \(matrix.columns)")
            }
            conversions += reply.conversions
            clipped += reply.clipped
            try output.assign(
                reply.values, scale: reply.lsb * scales.input * scales.weight,
                from: images(batch).lowerBound * unit.vectors * matrix.columns)
            try sums?.take(reply, from: images(batch).lowerBound * unit.vectors)
        }
        guard let sums else { return output }
        return try sums.corrected(
            output, unit: scales.input * scales.weight,
            codes: InputQuantisation.codes(input, scales))
    }
}

/// What one image, or one vector, of a layer's input is to a chip.
private struct ProductUnit {
    let layer: MatrixLayer
    /// Vectors that its matrix is multiplied with.
    let vectors: Int
    /// `nil`: vectors travel, unrolled here where they come from images.
    let window: InputWindow?
    private let shape: [Int]

    init(_ layer: MatrixLayer, inputShape: [Int], chip: ChipDataSheet) {
        self.layer = layer
        shape = inputShape
        vectors = layer.outputShape(inputShape)[2...].reduce(1, *)
        switch layer.kind {
        case .convolution(let kernel, let stride, let padding) where chip.canUnroll:
            window = InputWindow(kernel: kernel, stride: stride, padding: padding)
        default: window = nil
        }
    }

    /// How many of `count` go into one request.
    ///
    /// - Parameter bytesMore: of a reply, for each vector.
    func batch(of count: Int, chip: ChipDataSheet, bytesMore: Int) -> Int {
        let bytesOut = vectors * (layer.columns * 4 + bytesMore)
        let most = chip.unitsMax(
            vectors: vectors,
            bytesIn: window == nil ? vectors * layer.rows : shape[1...].reduce(1, *),
            bytesOut: bytesOut)
        return min(most, max(1, ChipProducts.replyBytes / bytesOut))
    }

    func codes(of images: Range<Int>, _ input: Tensor, _ scales: LayerScales) throws -> InputCodes {
        switch (window, layer.kind) {
        case (nil, .convolution):
            let codes = try InputQuantisation.codes(input.narrowed(images), scales)
            let vectors = try Unrolling.vectors(codes, of: layer)
            return try InputCodes(
                vectors, 0 ..< vectors.shape[0], shape: vectors.shape, scale: 1,
                range: scales.inputCodes)
        case (_, .linear):
            return try InputCodes(
                input, images, shape: [images.count, layer.rows], scale: scales.input,
                range: scales.inputCodes, stride: scales.inputStride)
        case (_, .convolution):
            return try InputCodes(
                input, images, shape: [images.count, shape[2], shape[3], shape[1]],
                scale: scales.input, range: scales.inputCodes, stride: scales.inputStride)
        }
    }
}

extension InputCodes {
    /// Of some images or vectors of `values`, in the order of memory.
    ///
    /// - Parameter stride: codes are whole multiples of it.
    init(
        _ values: Tensor, _ images: Range<Int>, shape: [Int], scale: Double,
        range: ClosedRange<Int>, stride: Int = 1
    ) throws {
        let size = shape[1...].reduce(1, *)
        let elements = images.lowerBound * size ..< images.upperBound * size
        let steps = InputQuantisation.steps(scale, range, stride: stride)
        var codes = try [UInt8](unsafeUninitializedCapacity: elements.count) { buffer, count in
            if let start = buffer.baseAddress {
                try values.codes(elements, scale: steps.step, range: steps.range, into: start)
            }
            count = elements.count
        }
        if stride > 1 {
            // Modulo 256, as two's complement has it.
            let factor = UInt8(stride)
            for index in codes.indices { codes[index] &*= factor }
        }
        self.init(shape: shape, values: codes, isSigned: range.lowerBound < 0)
    }
}

extension MatrixLayer {
    /// The product's tensor, with any elements, as `Tensor.assign` fills it.
    fileprivate func emptyOutput(for inputShape: [Int]) throws -> Tensor {
        let shape = outputShape(inputShape)
        switch kind {
        case .linear: return try .full(0, shape: shape)
        case .convolution: return try .emptyImages(shape)
        }
    }
}
