/// Errors sent back through the chip's transposed products:
///
///     ∂x = s_e·s_w·lsb·code,   e ≈ s_e·c,  c = −127 … 127,  s_e = max|e|/127
///
/// for the vectors of a batch; those of a convolution are then folded into
/// images. The ADC's range is found from the digital codes of each batch, since
/// the size of errors changes by orders of magnitude in the course of training
/// but their codes fill the range at all times.
public final class ChipErrors: ErrorProducts {
    private let session: any ChipSession
    private let deployment: Deployment
    private let range: ConverterRange
    /// Conversions so far, and those at the end of the ADC's range.
    public private(set) var conversions: UInt64 = 0
    public private(set) var clipped: UInt64 = 0
    /// Vectors of a batch from which the ADC's range is found (chosen).
    static let vectorsForRange = 512

    public init(
        _ session: any ChipSession, _ deployment: Deployment,
        range: ConverterRange = ConverterRange()
    ) {
        self.session = session
        self.deployment = deployment
        self.range = range
    }

    public func inputGradient(
        of layer: MatrixLayer, inputShape: [Int], from gradient: Tensor
    ) throws -> Tensor {
        let products = try product(
            layer, deployment.place(of: layer), layer.errorVectors(gradient))
        return try layer.foldedGradient(products, inputShape: inputShape)
    }

    /// [vectors, rows] of errors [vectors, columns].
    private func product(
        _ layer: MatrixLayer, _ place: Deployment.LayerPlace, _ errors: Tensor
    ) throws -> Tensor {
        let (matrix, count) = (place.matrix, errors.shape[0])
        let output = try Tensor.full(0, shape: [count, matrix.rows])
        let largest = try errors.absolute().maximum()
        // Nothing to send back.
        guard largest > 0 else { return output }
        let sheet = try session.dataSheet(ofBank: matrix.bank)
        let codes = -QuantisationScales.signedCodeMax ... QuantisationScales.signedCodeMax
        let scale = largest / Double(codes.upperBound)
        let size = sheet.unitsMax(
            vectors: 1, bytesIn: matrix.columns, bytesOut: 4 * matrix.rows)
        func vectors(_ batch: Int) -> Range<Int> { batch * size ..< min(count, (batch + 1) * size) }
        try session.multiply(
            matrix,
            ProductRequest(
                count: (count + size - 1) / size, isTransposed: true,
                fullScale: try fullScale(layer, place, sheet, errors, scale, codes))
        ) { batch in
            try InputCodes(
                errors, vectors(batch), shape: [vectors(batch).count, matrix.columns],
                scale: scale, range: codes)
        } outputs: { batch, reply in
            guard reply.vectors == vectors(batch).count, reply.columns == matrix.rows else {
                throw ChipSessionError.badReply(
                    "transposed products of \(reply.vectors) × \(reply.columns), asked for "
                        + "\(vectors(batch).count) × \(matrix.rows)")
            }
            conversions += reply.conversions
            clipped += reply.clipped
            try output.assign(
                reply.values, scale: reply.lsb * scale * place.scales.weight,
                from: vectors(batch).lowerBound * matrix.rows)
        }
        return output
    }

    /// `nil`: there are no converters.
    private func fullScale(
        _ layer: MatrixLayer, _ place: Deployment.LayerPlace, _ sheet: ChipDataSheet,
        _ errors: Tensor, _ scale: Double, _ codes: ClosedRange<Int>
    ) throws -> Double? {
        guard sheet.adcBits > 0, !sheet.isDigital else { return nil }
        let sample = try InputQuantisation.codes(
            errors.selected(Self.sample(of: errors.shape[0])), scale: scale, range: codes)
        return try range.fullScale(
            WeightQuantisation.codes(of: layer, scale: place.scales.weight),
            slices: BitSlices(place.matrix), inputs: sample, sheet: sheet,
            method: deployment.method, isTransposed: true)
    }

    /// Numbers of the vectors that the range is found from: one of each of
    /// `vectorsForRange` equal parts of the batch, at i·φ mod 1 of the part, so that
    /// no stride falls on the same place of every image.
    private static func sample(of count: Int) throws -> Tensor {
        let parts = min(count, vectorsForRange)
        let golden = 0.618_033_988_749_894_9
        let numbers = (0 ..< parts).map { part in
            let place = (Double(part) * golden).truncatingRemainder(dividingBy: 1)
            return Int64((Double(part) + place) * Double(count) / Double(parts))
        }
        return try .integers(numbers, shape: [parts])
    }
}
