internal import CKernels

/// Reusable memory of one worker.
public struct ProductScratch {
    /// Of the image that was applied last.
    fileprivate var batch = 0
    fileprivate var outputs = 0
    fileprivate var hasNoise = false
    fileprivate var squares: [Float] = []
    fileprivate var mean: [Float] = []
    fileprivate var variance: [Float] = []
    fileprivate var normals: [Float] = []
    fileprivate var wires = WireVariance()

    public init() {}

    fileprivate mutating func reserve(inputs: Int, outputs: Int) {
        if squares.count < inputs { squares = [Float](repeating: 0, count: inputs) }
        if mean.count < outputs {
            mean = [Float](repeating: 0, count: outputs)
            variance = mean
        }
    }
}

/// Voltages times the conductances of a tile, with read noise and converters.
///
///     I_j = Σ_i V_i·ḡ_ij + √(Σ_i V_i²·s²_ij) · z_j                 (M-5)
///
/// with ḡ and s² of a `ProductImage`. Every cell's noise is independent Gaussian, so their sum is
/// Gaussian: one draw an output is exact, not an approximation. In wires the variance is.
///
/// - Shape: voltages batch × inputs, outputs batch × outputs, row-major. Forward, inputs are rows
///   and outputs columns; transposed, the other way.
/// - Units: V, µS, µA.
/// - Random: `DrawField.productNoise`; output (b, j) has number firstDraw + b·outputs + j.
/// - Cost: two matrix products, one normal an output; in wires four products, with two arrays
///   seven.
/// - Source: firmware-specs/device.md (M-4), (M-5).
public enum TileProduct {
    /// Outputs whose noise is drawn and converted while it is in the nearest cache (chosen).
    fileprivate static let chunk = 2048

    /// codes += weight · ADC(I). Returns how many conversions were clipped.
    public static func accumulate(
        voltages: UnsafeBufferPointer<Float>, batch: Int, image: borrowing ProductImage,
        transposed: Bool, draws: EventDraws?, firstDraw: UInt64, adc: ADC, weight: Int32,
        codes: UnsafeMutableBufferPointer<Int32>, scratch: inout ProductScratch
    ) -> Int {
        scratch.apply(voltages, batch, image, transposed: transposed, hasNoise: draws != nil)
        return accumulate(
            part: 0, of: 1, draws: draws, firstDraw: firstDraw, adc: adc, weight: weight,
            codes: codes, scratch: &scratch)
    }

    /// currents += weight · I: an ideal ADC.
    public static func accumulate(
        voltages: UnsafeBufferPointer<Float>, batch: Int, image: borrowing ProductImage,
        transposed: Bool, draws: EventDraws?, firstDraw: UInt64, weight: Float,
        currents: UnsafeMutableBufferPointer<Float>, scratch: inout ProductScratch
    ) {
        scratch.apply(voltages, batch, image, transposed: transposed, hasNoise: draws != nil)
        accumulate(
            part: 0, of: 1, draws: draws, firstDraw: firstDraw, weight: weight, currents: currents,
            scratch: &scratch)
    }

    /// The same for one of several images that were joined and `apply`-ed together: outputs and
    /// draws are those of the part alone.
    public static func accumulate(
        part: Int, of parts: Int, draws: EventDraws?, firstDraw: UInt64, adc: ADC, weight: Int32,
        codes: UnsafeMutableBufferPointer<Int32>, scratch: inout ProductScratch
    ) -> Int {
        var clipped = 0
        // Finite for any full scale: a current of 0 has code 0, every other one is clipped.
        let codesPerMicroampere = min(
            Float((1 + adc.error.gain) / adc.lsbMicroamperes), .greatestFiniteMagnitude)
        let offset = Float(adc.error.offsetLSB)
        let low = Float(adc.codeMin)
        let high = Float(adc.codeMax)
        scratch.forEachChunk(part, of: parts, draws, firstDraw, outputs: codes.count) { chunk in
            guard let base = codes.baseAddress else { return }
            clipped += nvcim_convert(
                chunk.mean, chunk.variance, chunk.stride, chunk.normals, codesPerMicroampere,
                offset, low, high, weight, base + chunk.first, chunk.rows, chunk.columns)
        }
        return clipped
    }

    /// The same with an ideal ADC.
    public static func accumulate(
        part: Int, of parts: Int, draws: EventDraws?, firstDraw: UInt64, weight: Float,
        currents: UnsafeMutableBufferPointer<Float>, scratch: inout ProductScratch
    ) {
        scratch.forEachChunk(part, of: parts, draws, firstDraw, outputs: currents.count) { chunk in
            guard let base = currents.baseAddress else { return }
            nvcim_add_currents(
                chunk.mean, chunk.variance, chunk.stride, chunk.normals, weight,
                base + chunk.first, chunk.rows, chunk.columns)
        }
    }
}

/// Some vectors' outputs of one part: rows × columns.
private struct OutputChunk {
    /// Of the first output, in the part.
    var first: Int
    var rows: Int
    var columns: Int
    var mean: UnsafePointer<Float>
    /// `nil`: no noise.
    var variance: UnsafePointer<Float>?
    /// From one vector to the next, in `mean` and `variance`.
    var stride: Int
    /// Dense.
    var normals: UnsafePointer<Float>?
}

extension ProductScratch {
    /// Mean and, with noise, variance of the currents of an image, batch × outputs.
    ///
    /// - Parameter known: squares of the voltages, where somebody has them.
    public mutating func apply(
        _ voltages: UnsafeBufferPointer<Float>, squares known: UnsafePointer<Float>? = nil,
        _ batch: Int, _ image: borrowing ProductImage, transposed: Bool, hasNoise: Bool
    ) {
        let inputs = transposed ? image.columns : image.rows
        let outputs = transposed ? image.rows : image.columns
        precondition(voltages.count >= batch * inputs)
        precondition(image.direction.map { ($0 == .transposed) == transposed } ?? true)
        (self.batch, self.outputs) = (batch, outputs)
        self.hasNoise = hasNoise && !image.variance.isEmpty
        guard let volts = voltages.baseAddress, batch > 0 else { return }
        reserve(inputs: known == nil ? batch * inputs : 0, outputs: batch * outputs)
        MatrixProduct.product(
            volts, image.mean, transposed: transposed, m: batch, n: outputs, k: inputs,
            into: &mean)
        guard self.hasNoise else { return }
        if let known {
            MatrixProduct.product(
                known, image.variance, transposed: transposed, m: batch, n: outputs, k: inputs,
                into: &variance)
        } else {
            nvcim_square(volts, &squares, batch * inputs)
            MatrixProduct.product(
                squares, image.variance, transposed: transposed, m: batch, n: outputs, k: inputs,
                into: &variance)
        }
        if !image.arrays.isEmpty {
            wires.add(of: image.arrays, voltages: volts, batch: batch, mean: mean, to: &variance)
        }
    }

    /// Hands out the outputs of a part with their normals.
    fileprivate mutating func forEachChunk(
        _ part: Int, of parts: Int, _ draws: EventDraws?, _ firstDraw: UInt64, outputs total: Int,
        _ body: (OutputChunk) -> Void
    ) {
        precondition(part < parts && outputs % parts == 0)
        let columns = outputs / parts
        precondition(total == batch * columns)
        guard total > 0 else { return }
        let rowsAtOnce = max(1, TileProduct.chunk / columns)
        if normals.count < rowsAtOnce * columns {
            normals = [Float](repeating: 0, count: rowsAtOnce * columns)
        }
        for row in stride(from: 0, to: batch, by: rowsAtOnce) {
            let rows = min(rowsAtOnce, batch - row)
            let first = row * columns
            if let draws, hasNoise {
                normals.withUnsafeMutableBufferPointer { normals in
                    draws.normals(
                        .productNoise, first: firstDraw + UInt64(first),
                        into: UnsafeMutableBufferPointer(rebasing: normals[..<(rows * columns)]))
                }
            }
            let offset = row * outputs + part * columns
            mean.withUnsafeBufferPointer { mean in
                variance.withUnsafeBufferPointer { variance in
                    normals.withUnsafeBufferPointer { normals in
                        guard let mean = mean.baseAddress, let variance = variance.baseAddress
                        else { return }
                        body(
                            OutputChunk(
                                first: first, rows: rows, columns: columns, mean: mean + offset,
                                variance: hasNoise ? variance + offset : nil, stride: outputs,
                                normals: hasNoise ? normals.baseAddress : nil))
                    }
                }
            }
        }
    }
}
