/// The network of a tile as the solver walks through it: word lines driven at column 0, bit lines
/// sensed at the last row.
///
/// A bit line is a ladder. Seen from node i, all rows above it are a conductance α_i and a current:
///
///     α_0 = 0,  τ_i = 1/(1 + R_c·(α_i + g_i)),  α_{i+1} = τ_i·(α_i + g_i)     
///
/// and of the current that meets at the last node the share q = 1/(1 + R_s·(α + g)) reaches the
/// sense resistor. Nothing is divided by a resistance or by a conductance, so zeros are exact.
///
/// - Shape: per cell column-major: cell (i, k) at k·rows + i.
/// - Units: µS and MΩ.
struct CrossbarNetwork {
    let rows: Int
    let columns: Int
    let conductances: [Double]
    let driver: Double
    let rowWire: Double
    let columnWire: Double
    let sense: Double
    /// τ of each cell.
    let relief: [Double]
    /// q of each column.
    let senseRelief: [Double]

    init(
        rows: Int, columns: Int, conductances: [Double], driver: Double, rowWire: Double,
        columnWire: Double, sense: Double
    ) {
        precondition(rows > 0 && columns > 0)
        precondition(conductances.count == rows * columns)
        (self.rows, self.columns) = (rows, columns)
        (self.driver, self.rowWire) = (driver, rowWire)
        (self.columnWire, self.sense) = (columnWire, sense)
        self.conductances = conductances
        precondition(conductances.allSatisfy { $0 >= 0 && $0.isFinite })
        var relief = conductances
        var above = [Double](repeating: 0, count: columns)
        var joined = above
        // Row by row: the divisions of one column wait for each other.
        for row in 0 ..< rows {
            for column in 0 ..< columns {
                let cell = column * rows + row
                joined[column] = above[column] + conductances[cell]
                relief[cell] = 1 / (1 + columnWire * joined[column])
                above[column] = relief[cell] * joined[column]
            }
        }
        senseRelief = joined.map { 1 / (1 + sense * $0) }
        self.relief = relief
    }

    /// The same network walked the other way: its rows are these columns, from the last to the
    /// first, its columns these rows, from the last to the first.
    var mirrored: CrossbarNetwork {
        CrossbarNetwork(
            rows: columns, columns: rows, conductances: conductances.turned(rows, columns),
            driver: sense, rowWire: columnWire, columnWire: rowWire, sense: driver)
    }

    /// Potentials of the nodes of one bit line, V, between the potentials of its row nodes and
    /// that of the far end of its sense resistor.
    func bitLinePotentials(_ column: Int, rowPotentials: [Double], terminal: Double) -> [Double] {
        let base = column * rows
        var potentials = [Double](repeating: 0, count: rows)
        var above = 0.0
        var joined = 0.0
        for row in 0 ..< rows {
            potentials[row] = columnWire * above
            joined = above + conductances[base + row] * rowPotentials[row]
            above = relief[base + row] * joined
        }
        var potential = (sense * joined + terminal) * senseRelief[column]
        for row in stride(from: rows - 1, through: 0, by: -1) {
            let aboveAtRow = potentials[row]
            potentials[row] = potential
            if row > 0 { potential = relief[base + row - 1] * potential + aboveAtRow }
        }
        return potentials
    }
}

extension Array {
    /// The other matrix order and both axes reversed, of `fast` × `slow` elements: element
    /// (s, f) at s·fast + f becomes (fast − 1 − f)·slow + (slow − 1 − s).
    func turned(_ fast: Int, _ slow: Int) -> [Element] {
        precondition(count == fast * slow)
        return [Element](unsafeUninitializedCapacity: count) { target, filled in
            var index = 0
            for f in stride(from: fast - 1, through: 0, by: -1) {
                for s in stride(from: slow - 1, through: 0, by: -1) {
                    target.initializeElement(at: index, to: self[s * fast + f])
                    index += 1
                }
            }
            filled = count
        }
    }
}
