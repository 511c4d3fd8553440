/// What wires add to the variance of a product, beside Σ_i a·V_i², of each array
///
///     ΣI·Σ_i b·V_i − I_o·Σ_i c·V_i + A_o·ΣI² − B_o·ΣI·I_o + C_o·I_o²
///
/// - Shape: voltages batch × inputs, variances batch × outputs, row-major.
/// - Units: V, µA, µA².
/// - Edge cases: a sum that rounding left below 0 becomes 0.
/// - Cost: two matrix products an array, and one for the currents of the first of two.
struct WireVariance {
    private var sums: [Float] = []
    private var outputs: [Float] = []
    private var currents: [Float] = []
    private var totals: [Float] = []

    /// - Parameter mean: the noise-free result: of one array its currents, of two the difference.
    mutating func add(
        of arrays: [WiredArray], voltages: UnsafePointer<Float>, batch: Int,
        mean: UnsafePointer<Float>, to variance: UnsafeMutablePointer<Float>
    ) {
        let isForward = arrays[0].direction == .forward
        let (rows, columns) = (arrays[0].rows, arrays[0].columns)
        let (inputCount, outputCount) = isForward ? (rows, columns) : (columns, rows)
        reserve(batch: batch, elements: batch * outputCount)
        func product(_ matrix: [Float], into out: UnsafeMutablePointer<Float>) {
            MatrixProduct.product(
                voltages, matrix, transposed: !isForward, m: batch, n: outputCount, k: inputCount,
                into: out)
        }
        for (index, array) in arrays.enumerated() {
            guard let noise = array.noise else { continue }
            if arrays.count == 1 {
                currents.withUnsafeMutableBufferPointer { currents in
                    currents.baseAddress?.update(from: mean, count: batch * outputCount)
                }
            } else if index == 0 {
                product(array.mean, into: &currents)
            } else {
                // What the first array has more than the difference.
                for element in 0 ..< batch * outputCount { currents[element] -= mean[element] }
            }
            product(noise.sums, into: &sums)
            product(noise.outputs, into: &outputs)
            MatrixProduct.product(
                voltages, array.totals, transposed: true, m: batch, n: 1, k: inputCount,
                into: &totals)
            add(noise, batch, outputCount, to: variance)
        }
        for element in 0 ..< batch * outputCount {
            variance[element] = max(0, variance[element])
        }
    }

    private func add(
        _ noise: WireNoise, _ batch: Int, _ outputCount: Int,
        to variance: UnsafeMutablePointer<Float>
    ) {
        for vector in 0 ..< batch {
            let total = totals[vector]
            let first = vector * outputCount
            for output in 0 ..< outputCount {
                let element = first + output
                let current = currents[element]
                let byTotal =
                    sums[element] + noise.sumSquares[output] * total
                    - noise.sumOutputs[output] * current
                let byCurrent = noise.outputSquares[output] * current - outputs[element]
                variance[element] += total * byTotal + current * byCurrent
            }
        }
    }

    private mutating func reserve(batch: Int, elements: Int) {
        if sums.count < elements {
            sums = [Float](repeating: 0, count: elements)
            (outputs, currents) = (sums, sums)
        }
        if totals.count < batch { totals = [Float](repeating: 0, count: batch) }
    }
}
