/// One array of a product in its wires: the block of a tile that a matrix fills, the upper left
/// corner.
///
/// The cells outside the block stand at 0 V and load the wires all the same: M, its noise and ΣI
/// are those of the whole tile.
///
/// - Shape: rows × columns, row-major, as the cells.
/// - Units: µS.
public struct WiredArray: Sendable {
    public let rows: Int
    public let columns: Int
    public let direction: ReadDirection
    /// M on the block.
    public let mean: [Float]
    /// The noise of the block's outputs; `nil`: the cells have none.
    let noise: WireNoise?
    /// Σ_o M_oi over all outputs of the tile, of each input of the block: ΣI = Σ_i V_i·totals_i.
    let totals: [Float]

    /// - Parameters:
    ///   - matrix: M of the tile, tileRows × tileColumns.
    ///   - noise: of the tile.
    public init(
        rows: Int, columns: Int, tileRows: Int, tileColumns: Int, direction: ReadDirection,
        matrix: [Float], noise: WireNoise?
    ) {
        precondition(rows <= tileRows && columns <= tileColumns)
        precondition(matrix.count == tileRows * tileColumns)
        (self.rows, self.columns, self.direction) = (rows, columns, direction)
        mean = matrix.corner(rows: rows, columns: columns, stride: tileColumns)
        self.noise = noise.map {
            precondition($0.rows == tileRows && $0.columns == tileColumns)
            precondition($0.direction == direction)
            return $0.corner(rows: rows, columns: columns)
        }
        let isForward = direction == .forward
        var totals = [Float](repeating: 0, count: isForward ? rows : columns)
        for row in 0 ..< (isForward ? rows : tileRows) {
            for column in 0 ..< (isForward ? tileColumns : columns) {
                totals[isForward ? row : column] += matrix[row * tileColumns + column]
            }
        }
        self.totals = totals
    }
}

extension [Float] {
    /// The upper left corner of a row-major array.
    package func corner(rows: Int, columns: Int, stride: Int) -> [Float] {
        if columns == stride { return Array(self[..<(rows * columns)]) }
        var corner: [Float] = []
        corner.reserveCapacity(rows * columns)
        for row in 0 ..< rows { corner += self[row * stride ..< row * stride + columns] }
        return corner
    }
}
