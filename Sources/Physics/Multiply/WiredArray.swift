/// One array of a product in its wires: a block of a tile, some of its columns in the rows from 0.
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
        rows: Int, columns: Range<Int>, tileRows: Int, tileColumns: Int, direction: ReadDirection,
        matrix: [Float], noise: WireNoise?
    ) {
        precondition(rows <= tileRows && columns.upperBound <= tileColumns)
        precondition(matrix.count == tileRows * tileColumns)
        (self.rows, self.columns, self.direction) = (rows, columns.count, direction)
        mean = matrix.block(rows: rows, columns: columns, stride: tileColumns)
        self.noise = noise.map {
            precondition($0.rows == tileRows && $0.columns == tileColumns)
            precondition($0.direction == direction)
            return $0.block(rows: rows, columns: columns)
        }
        let isForward = direction == .forward
        var totals = [Float](repeating: 0, count: isForward ? rows : columns.count)
        for row in 0 ..< (isForward ? rows : tileRows) {
            for column in isForward ? 0 ..< tileColumns : columns {
                totals[isForward ? row : column - columns.lowerBound] +=
                    matrix[row * tileColumns + column]
            }
        }
        self.totals = totals
    }
}

extension [Float] {
    /// Some columns of the rows from 0 of a row-major array.
    package func block(rows: Int, columns: Range<Int>, stride: Int) -> [Float] {
        if columns == 0 ..< stride { return Array(self[..<(rows * stride)]) }
        var block: [Float] = []
        block.reserveCapacity(rows * columns.count)
        for row in 0 ..< rows {
            block += self[row * stride + columns.lowerBound ..< row * stride + columns.upperBound]
        }
        return block
    }
}
