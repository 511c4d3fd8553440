internal import CBLAS

extension CrossbarNetwork {
    /// The exact matrix of the network: output current k of 1 V on row i, at k·rows + i, µS.
    ///
    /// Let x be the potentials at the far end of the rows, behind the last column, where no current
    /// leaves. Walking back to the drivers finds the currents N·x of all bit lines and the
    /// voltages B·x of all sources, so
    ///
    ///     M = N·B⁻¹                                                   
    ///
    /// - Cost: with n rows and m columns, 11·n²·m operations for the walk and (2/3)·n³ + 2·n²·m
    ///   for the linear system, along the side that makes it less: 13⅔·n³ for a square tile. Block
    ///   elimination needs n³·m + n²·m², one power more: no block is ever inverted here.
    /// - Accuracy: walking towards the drivers, every voltage grows, so no digit is lost in N or B;
    ///   the condition of B costs at most the factor e^length. At 256 × 256 with the
    ///   published resistances walks along rows and along columns differ by 10⁻¹⁴ relative.
    /// - Memory: n² + 2·n·m numbers of Double besides the network: 1.5 MiB at 256 × 256.
    func effectiveMatrix() -> [Double] {
        if columns < rows { return mirrored.walked().turned(columns, rows) }
        return walked()
    }

    /// Operations of `effectiveMatrix()`, as stated there.
    static func operationCount(rows: Int, columns: Int) -> Double {
        let n = Double(min(rows, columns))
        let m = Double(max(rows, columns))
        return 13 * n * n * m + 2 * n * n * n / 3
    }

    private func walked() -> [Double] {
        let width = VoltageFront.width
        // Row-major B and N: for the library, which is column-major, Bᵀ and Nᵀ.
        var sources = [Double](repeating: 0, count: rows * rows)
        var outputs = [Double](repeating: 0, count: columns * rows)
        for first in stride(from: 0, to: rows, by: width) {
            let lanes = 0 ..< min(width, rows - first)
            var front = VoltageFront(rows: rows)
            for lane in lanes { front.volts[(first + lane) * width + lane] = 1 }
            for column in stride(from: columns - 1, through: 0, by: -1) {
                front.cross(column, of: self, series: column == 0 ? driver : rowWire)
                for lane in lanes { outputs[column * rows + first + lane] = front.currents[lane] }
            }
            for row in 0 ..< rows {
                for lane in lanes {
                    sources[row * rows + first + lane] = front.volts[row * width + lane]
                }
            }
        }
        // Bᵀ·Mᵀ = Nᵀ.
        precondition(MatrixProduct.isSingleThreaded)
        var order = Int32(rows)
        var count = Int32(columns)
        var pivots = [Int32](repeating: 0, count: rows)
        var status: Int32 = 0
        var leading = order
        var leadingOutputs = order
        dgesv_(
            &order, &count, &sources, &leading, &pivots, &outputs, &leadingOutputs, &status)
        precondition(status == 0, "a passive network has one solution")
        return outputs
    }
}
