/// What the correction of one layer's products needs besides them: the sums of its
/// input vectors and those of the LTM columns.
struct TuningSums {
    private let tuning: SelfTuning
    private let layer: MatrixLayer
    private let mapping: WeightMapping
    private let sheet: ChipDataSheet
    /// r.
    private var referencePerInput = 0.0
    /// [vectors, column blocks, polarities, LTM columns].
    private var ltm: [Float]
    private let width: Int

    init(
        _ tuning: SelfTuning, _ layer: MatrixLayer, _ mapping: WeightMapping, vectors: Int,
        sheet: ChipDataSheet
    ) {
        self.tuning = tuning
        self.layer = layer
        self.mapping = mapping
        self.sheet = sheet
        width =
            tuning.ltmShare(mapping, bank: sheet.bank) == 0
            ? 0 : sheet.ltmSums(columns: layer.columns, mapping: mapping)
        ltm = [Float](repeating: 0, count: vectors * width)
    }

    var needsLTM: Bool { width > 0 }
    /// Of a vector's sums in a reply.
    var bytes: Int { 4 * width }

    /// Takes what came with the products from vector number `first` on.
    mutating func take(_ reply: OutputCodes, from first: Int) throws {
        referencePerInput = reply.referencePerInput
        guard reply.ltm.count == reply.vectors * width else {
            throw ChipSessionError.badReply(
                "\(reply.ltm.count) LTM sums of \(reply.vectors) vectors, expected \(width) each")
        }
        ltm.replaceSubrange(first * width ..< first * width + reply.ltm.count, with: reply.ltm)
    }

    /// y' of products y on the scale `unit` of one input code times one weight code.
    ///
    /// - Parameter codes: of the layer's input, Float32, in its shape.
    func corrected(_ products: Tensor, unit: Double, codes: Tensor) throws -> Tensor {
        let inverse = 1 / tuning.divisor
        var result = try products.scaled(by: inverse)
        if referencePerInput != 0 {
            result = try result.adding(
                layer.inputSums(of: codes), times: unit * referencePerInput * (inverse - 1))
        }
        if needsLTM {
            let means = try Tensor.floats(ltm, shape: [ltm.count / width, width])
                .matrixProduct(spreading())
            result = try result.adding(
                Unrolling.output(means, of: layer, inputShape: codes.shape),
                times: -unit * tuning.ltmShare(mapping, bank: sheet.bank))
        }
        return result
    }

    /// [column blocks · polarities · LTM columns, columns]: takes the mean of each
    /// block's first polarity to its columns.
    private func spreading() throws -> Tensor {
        var shares = [Float](repeating: 0, count: width * layer.columns)
        for column in 0 ..< layer.columns {
            let first = column / sheet.columns * mapping.polarities * sheet.ltmColumns
            for sum in first ..< first + sheet.ltmColumns {
                shares[sum * layer.columns + column] = 1 / Float(sheet.ltmColumns)
            }
        }
        return try .floats(shares, shape: [width, layer.columns])
    }
}

extension MatrixLayer {
    /// ΣX of each vector that the matrix is multiplied with: [n, 1], or
    /// [n, 1, h', w'], the convolution of the codes with ones.
    func inputSums(of codes: Tensor) throws -> Tensor {
        switch kind {
        case .linear: try codes.matrixProduct(.full(1, shape: [rows, 1]))
        case .convolution(let kernel, let stride, let padding):
            try codes.convolved(
                with: .full(1, shape: [1, codes.shape[1], kernel, kernel]), stride: stride,
                padding: padding)
        }
    }
}
