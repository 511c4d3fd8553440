/// Matrix products by the chip:
///
///     y = s_x·s_w·lsb·code
///
/// The input is quantised and unrolled here, sent in batches within the chip's
/// limits, and the codes that come back are scaled. Bias, activation and pooling
/// stay with the layers. No gradient passes.
public final class ChipProducts: MatrixProducts {
    private let session: any ChipSession
    private let deployment: Deployment
    /// Conversions so far, and those at the end of the ADC's range.
    public private(set) var conversions: UInt64 = 0
    public private(set) var clipped: UInt64 = 0

    public init(_ session: any ChipSession, _ deployment: Deployment) {
        self.session = session
        self.deployment = deployment
    }

    public func product(of layer: MatrixLayer, with input: Tensor) throws -> Tensor {
        let place = try deployment.place(of: layer)
        let vectors = try noGrad {
            try Unrolling.vectors(
                InputQuantisation.codes(input, scale: place.scales.input), of: layer)
        }
        let products = try multiply(vectors, place)
        return try noGrad { try Unrolling.output(products, of: layer, inputShape: input.shape) }
    }

    /// Products [vectors, columns] of codes [vectors, rows].
    private func multiply(_ codes: Tensor, _ place: Deployment.LayerPlace) throws -> Tensor {
        let matrix = place.matrix
        let size = session.dataSheet.vectorsMax(rows: matrix.rows, columns: matrix.columns)
        let batches = try stride(from: 0, to: codes.shape[0], by: size).map { start in
            let part = try codes.narrowed(start ..< min(codes.shape[0], start + size))
            return InputCodes(vectors: part.shape[0], rows: matrix.rows, values: try part.bytes())
        }
        let replies = try session.multiply(matrix, batches)
        guard replies.count == batches.count else {
            throw ChipSessionError.badReply("\(replies.count) products of \(batches.count) batches")
        }
        return try Tensor.concatenated(
            zip(batches, replies).map { batch, reply in
                guard reply.vectors == batch.vectors, reply.columns == matrix.columns else {
                    throw ChipSessionError.badReply(
                        "products of \(reply.vectors) × \(reply.columns), asked for "
                            + "\(batch.vectors) × \(matrix.columns)")
                }
                conversions += reply.conversions
                clipped += reply.clipped
                return try Tensor.integers(reply.values, shape: [reply.vectors, reply.columns])
                    .cast(to: .float32)
                    .scaled(by: reply.lsb * place.scales.input * place.scales.weight)
            })
    }
}
