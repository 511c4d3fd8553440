internal import Glibc

/// Symmetric 8-bit weights with one scale a layer:
///
///     q = clamp(round(w / s_w), −127, 127),   w ≈ s_w·q
public enum WeightQuantisation {
    /// q_max.
    public static let codeMax = 127

    public enum Method: String, Sendable, CaseIterable {
        /// s_w = max|w| / 127: no weight is clipped.
        case max
        /// The s_w of the least mean squared error: clips the tails where that
        /// pays.
        case mmse
    }

    /// The scale s_w > 0 of a layer's weights.
    public static func scale(_ weights: [Float], method: Method) -> Double {
        let largest = Double(weights.reduce(0) { Swift.max($0, abs($1)) })
        guard largest > 0 else { return 1 / Double(codeMax) }
        switch method {
        case .max: return largest / Double(codeMax)
        case .mmse: return LeastSquaresStep.step(of: weights, codeMax: codeMax)
        }
    }

    /// Σ (w − s_w·q)².
    public static func squaredError(_ weights: [Float], scale: Double) -> Double {
        weights.reduce(0) { sum, weight in
            let error = Double(weight) - scale * Double(code(weight, scale: scale))
            return sum + error * error
        }
    }

    public static func code(_ weight: Float, scale: Double) -> Int16 {
        let code = rint(Double(weight) / scale)
        return Int16(Swift.min(Double(codeMax), Swift.max(-Double(codeMax), code)))
    }

    /// Codes of a layer as the chip's matrix: rows × columns, row-major; the
    /// weight itself is columns × rows.
    public static func codes(of layer: MatrixLayer, scale: Double) throws -> WeightCodes {
        let (rows, columns) = (layer.rows, layer.columns)
        let weights = try layer.matrix().floats()
        var codes = [Int16](repeating: 0, count: rows * columns)
        for column in 0 ..< columns {
            for row in 0 ..< rows {
                codes[row * columns + column] = code(weights[column * rows + row], scale: scale)
            }
        }
        return WeightCodes(rows: rows, columns: columns, values: codes)
    }
}

extension MatrixLayer {
    /// The weight as columns × rows, a row's inputs in the order of `Unrolling`:
    /// PyTorch's [out, in, k, k] with the channel moved to the end.
    func matrix() throws(TorchError) -> Tensor {
        switch kind {
        case .linear: try weight.detached()
        case .convolution:
            try weight.detached().permuted([0, 2, 3, 1]).reshaped([columns, rows])
        }
    }

    /// Values rows × columns as a tensor of the weight's shape.
    func weight(of values: [Float]) throws(TorchError) -> Tensor {
        let matrix = try Tensor.floats(values, shape: [rows, columns]).permuted([1, 0])
            .contiguous()
        guard kind != .linear else { return matrix }
        let (kernel, inputs) = (kind.kernel, weight.shape[1])
        return try matrix.reshaped([columns, kernel, kernel, inputs]).permuted([0, 3, 1, 2])
    }

    /// Takes the weights s_w·q of codes rows × columns.
    public func assign(_ codes: WeightCodes, scale: Double) throws {
        precondition(codes.rows == rows && codes.columns == columns)
        try weight.assign(weight(of: codes.values.map { Float(scale * Double($0)) }))
    }
}

/// Integer weights of a logical matrix.
public struct WeightCodes: Equatable, Sendable {
    public let rows: Int
    public let columns: Int
    /// Row-major, rows × columns.
    public var values: [Int16]

    public init(rows: Int, columns: Int, values: [Int16]) {
        precondition(values.count == rows * columns)
        self.rows = rows
        self.columns = columns
        self.values = values
    }
}
