internal import CKernels

/// Sixteen voltage vectors on the row nodes of one column, walking through a tile column by column.
///
///     f ← f + g∘(v − c(v)),   v ← v + R·f                         
///
/// v: potentials of the row nodes; f: currents in the row wires; c(v): potentials of the bit line
/// that v drives; R: the resistance that comes next in the rows.
///
/// - Shape: rows × 16, row-major.
/// - Cost: 11 operations a cell and vector.
struct VoltageFront {
    static let width = 16

    private let rows: Int
    var volts: [Double]
    var flows: [Double]
    private var scratch: [Double]
    /// Bit-line currents of the column that was crossed last, µA.
    private(set) var currents: [Double]

    init(rows: Int) {
        self.rows = rows
        volts = [Double](repeating: 0, count: rows * Self.width)
        flows = volts
        scratch = volts
        currents = [Double](repeating: 0, count: Self.width)
    }

    mutating func cross(_ column: Int, of network: CrossbarNetwork, series: Double) {
        precondition(rows == network.rows)
        let columnWire = network.columnWire
        let sense = network.sense
        let senseRelief = network.senseRelief[column]
        network.conductances.withUnsafeBufferPointer { conductances in
            network.relief.withUnsafeBufferPointer { relief in
                guard let g = conductances.baseAddress, let tau = relief.baseAddress else { return }
                nvcim_wire_step(
                    g + column * rows, tau + column * rows, senseRelief, columnWire, sense, series,
                    &volts, &flows, &scratch, &currents, rows)
            }
        }
    }
}
