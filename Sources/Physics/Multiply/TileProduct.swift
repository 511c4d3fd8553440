internal import CKernels

/// Reusable memory of one worker.
public struct ProductScratch {
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
        if normals.isEmpty { normals = [Float](repeating: 0, count: TileProduct.chunk) }
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
/// - Source: physics §7.
public enum TileProduct {
    /// Outputs whose noise is drawn and converted while it is in the nearest cache (chosen).
    fileprivate static let chunk = 2048

    /// codes += weight · ADC(I). Returns how many conversions were clipped.
    public static func accumulate(
        voltages: UnsafeBufferPointer<Float>, batch: Int, image: borrowing ProductImage,
        transposed: Bool, draws: EventDraws?, firstDraw: UInt64, adc: ADC, weight: Int32,
        codes: UnsafeMutableBufferPointer<Int32>, scratch: inout ProductScratch
    ) -> Int {
        var clipped = 0
        // Finite for any full scale: a current of 0 has code 0, every other one is clipped.
        let codesPerMicroampere = min(
            Float((1 + adc.error.gain) / adc.lsbMicroamperes), .greatestFiniteMagnitude)
        let offset = Float(adc.error.offsetLSB)
        let low = Float(adc.codeMin)
        let high = Float(adc.codeMax)
        forEachChunk(
            voltages, batch, image, transposed, draws, firstDraw, outputs: codes.count, &scratch
        ) { range, mean, variance, normals in
            guard let base = codes.baseAddress else { return }
            clipped += nvcim_convert(
                mean, variance, normals, codesPerMicroampere, offset, low, high, weight,
                base + range.lowerBound, range.count)
        }
        return clipped
    }

    /// currents += weight · I: an ideal ADC.
    public static func accumulate(
        voltages: UnsafeBufferPointer<Float>, batch: Int, image: borrowing ProductImage,
        transposed: Bool, draws: EventDraws?, firstDraw: UInt64, weight: Float,
        currents: UnsafeMutableBufferPointer<Float>, scratch: inout ProductScratch
    ) {
        forEachChunk(
            voltages, batch, image, transposed, draws, firstDraw, outputs: currents.count, &scratch
        ) { range, mean, variance, normals in
            guard let base = currents.baseAddress else { return }
            nvcim_add_currents(
                mean, variance, normals, weight, base + range.lowerBound, range.count)
        }
    }

    /// Computes mean and variance of all outputs, then hands them out with their normals.
    private static func forEachChunk(
        _ voltages: UnsafeBufferPointer<Float>, _ batch: Int, _ image: borrowing ProductImage,
        _ transposed: Bool, _ draws: EventDraws?, _ firstDraw: UInt64, outputs total: Int,
        _ scratch: inout ProductScratch,
        _ body: (
            Range<Int>, UnsafePointer<Float>, UnsafePointer<Float>?, UnsafePointer<Float>?
        ) -> Void
    ) {
        let inputs = transposed ? image.columns : image.rows
        let outputs = transposed ? image.rows : image.columns
        precondition(voltages.count >= batch * inputs)
        precondition(total == batch * outputs)
        precondition(image.direction.map { ($0 == .transposed) == transposed } ?? true)
        guard let volts = voltages.baseAddress, total > 0 else { return }
        scratch.reserve(inputs: batch * inputs, outputs: total)
        MatrixProduct.product(
            volts, image.mean, transposed: transposed, m: batch, n: outputs, k: inputs,
            into: &scratch.mean)
        guard let draws, !image.variance.isEmpty else {
            body(0 ..< total, scratch.mean, nil, nil)
            return
        }
        nvcim_square(volts, &scratch.squares, batch * inputs)
        MatrixProduct.product(
            scratch.squares, image.variance, transposed: transposed, m: batch, n: outputs,
            k: inputs, into: &scratch.variance)
        if !image.arrays.isEmpty {
            scratch.wires.add(
                of: image.arrays, voltages: volts, batch: batch, mean: scratch.mean,
                to: &scratch.variance)
        }
        for first in stride(from: 0, to: total, by: chunk) {
            let range = first ..< min(first + chunk, total)
            scratch.normals.withUnsafeMutableBufferPointer { normals in
                draws.normals(
                    .productNoise, first: firstDraw + UInt64(first),
                    into: UnsafeMutableBufferPointer(rebasing: normals[..<range.count]))
            }
            scratch.mean.withUnsafeBufferPointer { mean in
                scratch.variance.withUnsafeBufferPointer { variance in
                    scratch.normals.withUnsafeBufferPointer { normals in
                        guard let mean = mean.baseAddress, let variance = variance.baseAddress
                        else {
                            return
                        }
                        body(range, mean + first, variance + first, normals.baseAddress)
                    }
                }
            }
        }
    }
}
