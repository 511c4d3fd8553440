internal import Protocol

/// The currents of a tile in its wires, from Kirchhoff's law at every node: two nodes a cell, solved
/// by conjugate gradients with the diagonal as preconditioner.
///
/// Row i is fed at its first node, column j drained at its last; with `isTransposed` the drivers
/// stand at the columns' last nodes, the sense amplifiers at the rows' first.
///
/// - Units: µS, V, µA.
/// - Precondition: no resistance is 0.
struct NodalNetwork {
    let rows: Int
    let columns: Int
    /// Row-major.
    let cells: [Double]
    let wires: WireWires
    let isTransposed: Bool

    /// Of the preconditioned residual, relative to its start (chosen).
    private static let residual = 1e-11
    private static let stepsMax = 20_000

    private var count: Int { rows * columns }
    private var rowEnd: Double { 1e6 / (isTransposed ? wires.senseOhm : wires.driverOhm) }
    private var columnEnd: Double { 1e6 / (isTransposed ? wires.driverOhm : wires.senseOhm) }
    private var alongRow: Double { 1e6 / wires.rowWireOhm }
    private var alongColumn: Double { 1e6 / wires.columnWireOhm }

    /// Currents out of the columns, or of the rows, for voltages at the others.
    ///
    /// - Returns: nil where the iteration does not settle.
    func currents(_ volts: [Double]) -> [Double]? {
        var source = [Double](repeating: 0, count: 2 * count)
        for row in 0 ..< rows where !isTransposed { source[row * columns] = rowEnd * volts[row] }
        for column in 0 ..< columns where isTransposed {
            source[count + (rows - 1) * columns + column] = columnEnd * volts[column]
        }
        guard let potentials = solve(source) else { return nil }
        return isTransposed
            ? (0 ..< rows).map { rowEnd * potentials[$0 * columns] }
            : (0 ..< columns).map { columnEnd * potentials[count + (rows - 1) * columns + $0] }
    }

    private func solve(_ source: [Double]) -> [Double]? {
        let diagonal = apply([Double](repeating: 1, count: 2 * count), diagonalOnly: true)
        var x = [Double](repeating: 0, count: 2 * count)
        var r = source
        var z = zip(r, diagonal).map { $0 / $1 }
        var p = z
        var product = dot(r, z)
        let goal = Self.residual * Self.residual * product
        for _ in 0 ..< Self.stepsMax {
            if product <= goal { return x }
            let q = apply(p, diagonalOnly: false)
            let step = product / dot(p, q)
            for index in x.indices {
                x[index] += step * p[index]
                r[index] -= step * q[index]
                z[index] = r[index] / diagonal[index]
            }
            let next = dot(r, z)
            let share = next / product
            product = next
            for index in p.indices { p[index] = z[index] + share * p[index] }
        }
        return nil
    }

    /// What flows out of every node at these potentials.
    private func apply(_ v: [Double], diagonalOnly: Bool) -> [Double] {
        var out = [Double](repeating: 0, count: 2 * count)
        func join(_ a: Int, _ b: Int, _ g: Double) {
            out[a] += g * (v[a] - (diagonalOnly ? 0 : v[b]))
            out[b] += g * (v[b] - (diagonalOnly ? 0 : v[a]))
        }
        for row in 0 ..< rows {
            out[row * columns] += rowEnd * v[row * columns]
            for column in 0 ..< columns {
                let cell = row * columns + column
                join(cell, count + cell, cells[cell])
                if column + 1 < columns { join(cell, cell + 1, alongRow) }
                if row + 1 < rows { join(count + cell, count + cell + columns, alongColumn) }
                if row == rows - 1 { out[count + cell] += columnEnd * v[count + cell] }
            }
        }
        return out
    }

    private func dot(_ a: [Double], _ b: [Double]) -> Double {
        var sum = 0.0
        for index in a.indices { sum += a[index] * b[index] }
        return sum
    }
}
