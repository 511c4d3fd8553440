/// A tile as a list of resistors between nodes, solved by Cholesky's method on the band of the
/// whole nodal matrix: an independent check. A resistance of 0 makes one node of two.
package struct NodalNetwork {
    package let rows: Int
    package let columns: Int
    /// Node of each cell on its word line and on its bit line, of each row's and column's terminal.
    package let wordLine: [Int]
    package let bitLine: [Int]
    private let rowTerminal: [Int]
    private let columnTerminal: [Int]
    private let resistors: [(Int, Int, Double)]
    /// Unknown of a node, `nil` for a terminal.
    private let unknown: [Int?]
    private let band: Int
    private let factor: [[Double]]

    /// - Parameters:
    ///   - conductances: rows × columns, row-major, µS.
    ///   - rowEnd: Ω, between column 0 and a row's terminal; columnEnd: between the last row and a
    ///     column's terminal.
    package init(
        rows: Int, columns: Int, conductances: [Double], rowEnd: Double, rowWire: Double,
        columnWire: Double, columnEnd: Double
    ) {
        let cells = rows * columns
        var parent = Array(0 ..< 2 * cells + rows + columns)
        func root(_ node: Int) -> Int { parent[node] == node ? node : root(parent[node]) }
        var list: [(Int, Int, Double)] = []
        func connect(_ a: Int, _ b: Int, ohm: Double) {
            if ohm == 0 { parent[root(a)] = root(b) } else { list.append((a, b, 1e6 / ohm)) }
        }
        for row in 0 ..< rows {
            for column in 0 ..< columns {
                let cell = row * columns + column
                if column + 1 < columns { connect(2 * cell, 2 * cell + 2, ohm: rowWire) }
                if row + 1 < rows {
                    connect(2 * cell + 1, 2 * (cell + columns) + 1, ohm: columnWire)
                }
                list.append((2 * cell, 2 * cell + 1, conductances[cell]))
            }
            connect(2 * row * columns, 2 * cells + row, ohm: rowEnd)
        }
        for column in 0 ..< columns {
            let last = (rows - 1) * columns + column
            connect(2 * last + 1, 2 * cells + rows + column, ohm: columnEnd)
        }
        (self.rows, self.columns) = (rows, columns)
        wordLine = (0 ..< cells).map { root(2 * $0) }
        bitLine = (0 ..< cells).map { root(2 * $0 + 1) }
        rowTerminal = (0 ..< rows).map { root(2 * cells + $0) }
        columnTerminal = (0 ..< columns).map { root(2 * cells + rows + $0) }
        resistors = list.map { (root($0.0), root($0.1), $0.2) }
        var numbers = [Int?](repeating: nil, count: parent.count)
        let terminals = Set(rowTerminal + columnTerminal)
        var count = 0
        for node in 0 ..< 2 * cells where root(node) == node && !terminals.contains(node) {
            numbers[node] = count
            count += 1
        }
        unknown = numbers
        var band = 0
        for (a, b, _) in resistors {
            if let i = numbers[a], let j = numbers[b] { band = max(band, abs(i - j)) }
        }
        self.band = band
        // Row i of the lower triangle: column j at band + j − i.
        var matrix = [[Double]](
            repeating: [Double](repeating: 0, count: band + 1), count: count)
        for (a, b, g) in resistors where a != b {
            for node in [a, b] { if let i = numbers[node] { matrix[i][band] += g } }
            if let i = numbers[a], let j = numbers[b] {
                matrix[max(i, j)][band - abs(i - j)] -= g
            }
        }
        factor = Self.cholesky(matrix, band)
    }

    private static func cholesky(_ matrix: [[Double]], _ band: Int) -> [[Double]] {
        var l = matrix
        for i in l.indices {
            var row = l[i]
            let first = max(0, i - band)
            for j in first ..< i {
                var sum = row[band + j - i]
                l[j].withUnsafeBufferPointer { other in
                    for k in first ..< j { sum -= row[band + k - i] * other[band + k - j] }
                }
                row[band + j - i] = sum / l[j][band]
            }
            let pivot = row[..<band].reduce(row[band]) { $0 - $1 * $1 }
            precondition(pivot > 0)
            row[band] = pivot.squareRoot()
            l[i] = row
        }
        return l
    }

    /// Potentials of all nodes with the terminals at these potentials.
    package func potentials(rowVolts: [Double], columnVolts: [Double]) -> [Double] {
        var potentials = [Double](repeating: 0, count: unknown.count)
        for (row, node) in rowTerminal.enumerated() { potentials[node] = rowVolts[row] }
        for (column, node) in columnTerminal.enumerated() {
            potentials[node] = columnVolts[column]
        }
        var x = [Double](repeating: 0, count: factor.count)
        for (a, b, g) in resistors {
            if let i = unknown[a], unknown[b] == nil { x[i] += g * potentials[b] }
            if let i = unknown[b], unknown[a] == nil { x[i] += g * potentials[a] }
        }
        for i in x.indices {
            for j in max(0, i - band) ..< i { x[i] -= factor[i][band + j - i] * x[j] }
            x[i] /= factor[i][band]
        }
        for i in x.indices.reversed() {
            x[i] /= factor[i][band]
            for j in max(0, i - band) ..< i { x[j] -= factor[i][band + j - i] * x[i] }
        }
        for node in potentials.indices { if let i = unknown[node] { potentials[node] = x[i] } }
        return potentials
    }

    /// Currents out of the network into the terminals of the columns, or of the rows, µA.
    package func currents(_ potentials: [Double], intoColumns: Bool) -> [Double] {
        (intoColumns ? columnTerminal : rowTerminal).map { terminal in
            resistors.reduce(0) { sum, resistor in
                let (a, b, g) = resistor
                if a == b { return sum }
                if a == terminal { return sum + g * (potentials[b] - potentials[a]) }
                if b == terminal { return sum + g * (potentials[a] - potentials[b]) }
                return sum
            }
        }
    }

    private static func unit(_ count: Int, _ index: Int) -> [Double] {
        (0 ..< count).map { $0 == index ? 1 : 0 }
    }

    package func rowDriven(_ row: Int) -> [Double] {
        potentials(
            rowVolts: Self.unit(rows, row), columnVolts: Array(repeating: 0, count: columns))
    }

    package func columnDriven(_ column: Int) -> [Double] {
        potentials(
            rowVolts: Array(repeating: 0, count: rows), columnVolts: Self.unit(columns, column))
    }

    /// rows × columns: current of column j with 1 V on row i.
    package func forwardMatrix() -> [Double] {
        (0 ..< rows).flatMap { currents(rowDriven($0), intoColumns: true) }
    }

    /// rows × columns: current of row i with 1 V on column j.
    package func transposedMatrix() -> [Double] {
        let byColumn = (0 ..< columns).map { currents(columnDriven($0), intoColumns: false) }
        return (0 ..< rows).flatMap { row in byColumn.map { $0[row] } }
    }
}
