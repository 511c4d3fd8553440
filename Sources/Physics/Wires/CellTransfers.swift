/// How the noise of one cell reaches the output on its own line, and what voltage that cell sees.
///
///     S_io = T_io·(α_io·V_i + λ_io·ΣI − κ_io·I_o)                   
///
/// | symbol | meaning                                                                    | unit |
/// |--------|----------------------------------------------------------------------------|------|
/// | S      | dI_o/dg_io: change of output o with the conductance of cell (i, o)          | V    |
/// | T      | transfer of a current across the cell to output o: the voltage of the cell   | 1    |
/// |        | with 1 V on terminal o alone                                                 |      |
/// | α      | potential of the input node at the cell, with 1 V on input i alone           | 1    |
/// | κ      | potential of the output node at the cell over I_o, all inputs at 1 V         | MΩ   |
/// | λ      | (potential of the input node − α)/ΣI, all inputs at 1 V                      | MΩ   |
///
/// T and α are exact. That the lines' potentials follow I_o and ΣI is the approximation, besides
/// that only the cells on the output's own line count: together within 3 % of the variance of the
/// exact adjoint solution (1.9 % at 64 × 64 RRAM, 0.1 … 0.7 % with PCM and FeFET).
///
/// - Shape: rows × columns, row-major, as the cells. Inputs and outputs as in `EffectiveMatrix`.
/// - Edge cases: an output without current has κ = 0, a tile without current λ = 0.
/// - Postconditions: 0 ≤ T ≤ 1, 0 ≤ α ≤ 1 up to rounding; 1, 1, 0, 0 without resistances.
/// - Cost: two walks over half the tile, twice the time of the matrix itself; nothing of its
///   solution is kept for them.
/// - Source: firmware-specs/device.md.
public struct CellTransfers: Sendable {
    public let rows: Int
    public let columns: Int
    public let direction: ReadDirection
    public let transfer: [Double]
    public let alpha: [Double]
    public let lambda: [Double]
    public let kappa: [Double]

    /// - Precondition: `effective` is the matrix of `tile`.
    public init(_ tile: WiredTile, effective: EffectiveMatrix) {
        precondition(effective.rows == tile.rows && effective.columns == tile.columns)
        precondition(effective.direction == tile.direction)
        (rows, columns, direction) = (tile.rows, tile.columns, tile.direction)
        let network = tile.network
        let matrix = tile.atNetwork(effective.values)
        let outputs = network.drivenBitLines(matrix)
        let inputs = network.mirrored.drivenBitLines(matrix.turned(network.rows, network.columns))
        let alpha = inputs.bitLine.turned(network.columns, network.rows)
        let all = network.allDriven(matrix)
        let total = all.currents.reduce(0, +)
        var lambda = alpha
        var kappa = alpha
        for cell in alpha.indices {
            let current = all.currents[cell / network.rows]
            kappa[cell] = current > 0 ? all.bitLine[cell] / current : 0
            lambda[cell] = total > 0 ? (all.wordLine[cell] - alpha[cell]) / total : 0
        }
        transfer = tile.atCells(zip(outputs.bitLine, outputs.wordLine).map { $0 - $1 })
        self.alpha = tile.atCells(alpha)
        self.lambda = tile.atCells(lambda)
        self.kappa = tile.atCells(kappa)
    }
}

extension CrossbarNetwork {
    /// Potentials at the cells of each bit line while its own terminal alone is at 1 V, everything
    /// else at ground: of its nodes and of the word-line nodes beside them.
    ///
    /// By reciprocity the currents that then leave through the drivers are the output's row of M.
    /// From there the walk leads to the bit line without solving anything.
    func drivenBitLines(_ matrix: [Double]) -> (bitLine: [Double], wordLine: [Double]) {
        let width = VoltageFront.width
        var bitLine = [Double](repeating: 0, count: rows * columns)
        var wordLine = bitLine
        for first in stride(from: 0, to: columns, by: width) {
            let end = min(first + width, columns)
            var front = VoltageFront(rows: rows)
            for output in first ..< end {
                for row in 0 ..< rows {
                    let current = matrix[output * rows + row]
                    front.flows[row * width + output - first] = current
                    front.volts[row * width + output - first] = driver * current
                }
            }
            for column in 0 ..< end {
                if column >= first {
                    let beside = (0 ..< rows).map { front.volts[$0 * width + column - first] }
                    let nodes = bitLinePotentials(column, rowPotentials: beside, terminal: 1)
                    for row in 0 ..< rows {
                        bitLine[column * rows + row] = nodes[row]
                        wordLine[column * rows + row] = beside[row]
                    }
                }
                front.cross(column, of: self, series: rowWire)
            }
        }
        return (bitLine, wordLine)
    }

    /// Potentials of all nodes with all sources at 1 V, and the output currents.
    ///
    /// All sources at 1 V are, but for a shift of all potentials, all terminals at −1 V: a source's
    /// current is the sum of its column of M.
    func allDriven(_ matrix: [Double]) -> (
        bitLine: [Double], wordLine: [Double], currents: [Double]
    ) {
        var flows = [Double](repeating: 0, count: rows)
        var currents = [Double](repeating: 0, count: columns)
        for column in 0 ..< columns {
            for row in 0 ..< rows {
                flows[row] += matrix[column * rows + row]
                currents[column] += matrix[column * rows + row]
            }
        }
        var potentials = flows.map { 1 - driver * $0 }
        var bitLine: [Double] = []
        var wordLine: [Double] = []
        for column in 0 ..< columns {
            let nodes = bitLinePotentials(column, rowPotentials: potentials, terminal: 0)
            bitLine += nodes
            wordLine += potentials
            for row in 0 ..< rows {
                flows[row] -=
                    conductances[column * rows + row] * (potentials[row] - nodes[row])
                potentials[row] -= rowWire * flows[row]
            }
        }
        return (bitLine, wordLine, currents)
    }
}
