/// What a tile multiplies by once its wires count: I = M·V, exact at every node.
///
/// | case       | inputs V     | outputs I    | at the place of cell (i, j)   |
/// |------------|--------------|--------------|-------------------------------|
/// | forward    | word lines i | bit lines j  | M_ji: current j of 1 V on i   |
/// | transposed | bit lines j  | word lines i | M_ij: current i of 1 V on j   |
///
///     M = E_outᵀ·(S⁻¹ + Z)⁻¹·E_in                                   
///
/// S: the cells' conductances on a diagonal; Z: the impedance of the wires between the ports of
/// the cells; E: which cells are on a line. is how it is computed.
///
/// - Shape: rows × columns, row-major, as the cells, in both directions: it takes the place of the
///   conductances in a product.
/// - Units: µS.
/// - Postconditions: finite; ≥ 0 up to rounding; without resistances the conductances themselves;
///   the sum over an input no more than that of its conductances; the sum over the tile never
///   grows with a resistance.
/// - Invariant: with equal driver and sense resistances both directions have one matrix
///   (reciprocity); else they have not.
/// - Cost, accuracy, memory.
/// - Source: firmware-specs/device.md, (X-3) ….
public struct EffectiveMatrix: Sendable, Equatable {
    public let rows: Int
    public let columns: Int
    public let direction: ReadDirection
    public let values: [Double]

    public init(_ tile: WiredTile) {
        rows = tile.rows
        columns = tile.columns
        direction = tile.direction
        values = tile.atCells(tile.network.effectiveMatrix())
    }

    public subscript(row: Int, column: Int) -> Double { values[row * columns + column] }

    /// Floating-point operations of one solution.
    public static func operationCount(rows: Int, columns: Int) -> Double {
        CrossbarNetwork.operationCount(rows: rows, columns: columns)
    }
}
