/// What a product needs of a tile in its wires to draw read noise: three matrices and three sums.
///
///     Var I_o = Σ_i a_io·V_i² + ΣI·Σ_i b_io·V_i − I_o·Σ_i c_io·V_i
///               + A_o·ΣI² + C_o·I_o² − B_o·ΣI·I_o                   
///
///     a = σ²T²α²,  b = 2σ²T²αλ,  c = 2σ²T²ακ,
///     A = Σ_i σ²T²λ²,  B = 2Σ_i σ²T²λκ,  C = Σ_i σ²T²κ²
///
/// It is Σ_i σ²(g_io)·S_io², expanded so that a product takes V² · a, V · b and V · c. I: the
/// noise-free outputs of this tile, before another tile is subtracted; ΣI over all of them.
///
/// - Shape: `squares`, `sums`, `outputs` (a, b, c): rows × columns, row-major, as the cells, to be
///   used as the conductances are, transposed for a transposed read; A, B, C one an output.
/// - Units: V, µA; µS² for a, µS²·MΩ for b and c, µS²·MΩ² for A, B and C.
/// - Edge cases: rounding of Float32 may leave a variance of 0 at −10⁻⁶ of its largest term:
///   clip it at 0. Without resistances b, c and the sums vanish and a = σ²(g).
/// - Cost: 3 products instead of 1.
/// - Memory: 12 bytes a cell.
/// - Source: firmware-specs/device.md.
public struct WireNoise: Sendable {
    public let rows: Int
    public let columns: Int
    public let direction: ReadDirection
    public let squares: [Float]
    public let sums: [Float]
    public let outputs: [Float]
    /// A of each output.
    public let sumSquares: [Float]
    /// B of each output.
    public let sumOutputs: [Float]
    /// C of each output.
    public let outputSquares: [Float]

    /// - Parameter conductances: of the tile that `transfers` were found for, µS. With transfers
    ///   from before all cells lost 1 % the variance comes out up to 3 % too small: find both anew,
    ///   or take `between`.
    public init(
        transfers: CellTransfers, conductances: [Float], noise: ReadNoise, dead: DeadLines = .none
    ) {
        let (rows, columns) = (transfers.rows, transfers.columns)
        precondition(conductances.count == rows * columns)
        let isForward = transfers.direction == .forward
        var deviations = conductances.map { noise.deviation($0) }
        dead.silence(&deviations, width: columns)
        var squares = [Float](repeating: 0, count: rows * columns)
        var (sums, outputs) = (squares, squares)
        var totals = [SIMD3<Double>](repeating: .zero, count: isForward ? columns : rows)
        for cell in 0 ..< rows * columns {
            let deviation = Double(deviations[cell]) * transfers.transfer[cell]
            let variance = deviation * deviation
            let alpha = transfers.alpha[cell]
            let (lambda, kappa) = (transfers.lambda[cell], transfers.kappa[cell])
            squares[cell] = Float(variance * alpha * alpha)
            sums[cell] = Float(2 * variance * alpha * lambda)
            outputs[cell] = Float(2 * variance * alpha * kappa)
            totals[isForward ? cell % columns : cell / columns] +=
                variance * SIMD3(lambda * lambda, 2 * lambda * kappa, kappa * kappa)
        }
        (self.rows, self.columns, direction) = (rows, columns, transfers.direction)
        (self.squares, self.sums, self.outputs) = (squares, sums, outputs)
        sumSquares = totals.map { Float($0.x) }
        sumOutputs = totals.map { Float($0.y) }
        outputSquares = totals.map { Float($0.z) }
    }

    /// The noise of the outputs of some columns in the rows from 0: inputs outside stand at 0 V,
    /// the noise of their cells stays in A, B and C.
    func block(rows: Int, columns: Range<Int>) -> WireNoise {
        if rows == self.rows, columns == 0 ..< self.columns { return self }
        return WireNoise(self, rows: rows, columns: columns)
    }

    private init(_ whole: WireNoise, rows: Int, columns: Range<Int>) {
        func cut(_ values: [Float]) -> [Float] {
            values.block(rows: rows, columns: columns, stride: whole.columns)
        }
        (self.rows, self.columns, direction) = (rows, columns.count, whole.direction)
        squares = cut(whole.squares)
        (sums, outputs) = (cut(whole.sums), cut(whole.outputs))
        let range = whole.direction == .forward ? columns : 0 ..< rows
        sumSquares = Array(whole.sumSquares[range])
        sumOutputs = Array(whole.sumOutputs[range])
        outputSquares = Array(whole.outputSquares[range])
    }

    private init(_ from: WireNoise, _ to: WireNoise, share: Float) {
        func mix(_ path: KeyPath<WireNoise, [Float]>) -> [Float] {
            zip(from[keyPath: path], to[keyPath: path]).map { $0 + share * ($1 - $0) }
        }
        (rows, columns, direction) = (from.rows, from.columns, from.direction)
        (squares, sums, outputs) = (mix(\.squares), mix(\.sums), mix(\.outputs))
        (sumSquares, sumOutputs) = (mix(\.sumSquares), mix(\.sumOutputs))
        outputSquares = mix(\.outputSquares)
    }

    /// Between the noise at two ages, linear in x = ln(age), `share` = 0 … 1 of the way.
    ///
    /// - Postconditions: over a span in which the variance changes by the share d it is right
    ///   within d²/8: 0.1 % over a span of an `EffectiveMatrixCourse`.
    public static func between(_ from: WireNoise, _ to: WireNoise, share: Float) -> WireNoise {
        precondition(from.rows == to.rows && from.columns == to.columns)
        precondition(from.direction == to.direction)
        precondition((0 ... 1).contains(share))
        return WireNoise(from, to, share: share)
    }

    /// for one vector in Double: what a product kernel is held to.
    ///
    /// - Returns: the variance of each output, µA², clipped at 0.
    public func variances(voltages: [Double], currents: [Double]) -> [Double] {
        let isForward = direction == .forward
        let (inputs, count) = isForward ? (rows, columns) : (columns, rows)
        precondition(voltages.count == inputs && currents.count == count)
        let total = currents.reduce(0, +)
        return (0 ..< count).map { output in
            let current = currents[output]
            var sum =
                Double(sumSquares[output]) * total * total
                + Double(outputSquares[output]) * current * current
                - Double(sumOutputs[output]) * total * current
            for (input, volts) in voltages.enumerated() {
                let cell = isForward ? input * columns + output : output * columns + input
                sum +=
                    Double(squares[cell]) * volts * volts + Double(sums[cell]) * volts * total
                    - Double(outputs[cell]) * volts * current
            }
            return max(0, sum)
        }
    }
}
