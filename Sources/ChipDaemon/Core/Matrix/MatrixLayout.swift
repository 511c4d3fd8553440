package import Physics

/// Where the cells of a logical matrix lie.
///
/// A matrix of R × C weights is cut into ⌈R/rows⌉ row blocks and ⌈C/columns⌉ column blocks; each
/// block takes one tile for every bit slice and polarity. Weight (r, c) lies at row r mod rows,
/// column c mod columns of the tiles of its block.
///
/// - Order of `tiles`: row block, column block, slice, polarity; the last moves fastest.
package struct MatrixLayout: Sendable {
    package let rows: Int
    package let columns: Int
    package let tileRows: Int
    package let tileColumns: Int
    /// Columns of a tile with those beside the data's.
    package let tileBitLines: Int
    package let slices: Int
    package let polarities: Int

    package init(
        rows: Int, columns: Int, tileRows: Int, tileColumns: Int, tileBitLines: Int? = nil,
        slices: Int, polarities: Int
    ) {
        precondition(rows > 0)
        precondition(columns > 0)
        self.rows = rows
        self.columns = columns
        self.tileRows = tileRows
        self.tileColumns = tileColumns
        self.tileBitLines = tileBitLines ?? tileColumns
        self.slices = slices
        self.polarities = polarities
    }

    package init(_ matrix: MatrixDescription, bank: BankSpec) {
        self.init(
            rows: matrix.rows, columns: matrix.columns, tileRows: bank.rows,
            tileColumns: bank.columns, tileBitLines: bank.bitLines, slices: matrix.slices,
            polarities: matrix.mapping == .differential ? 2 : 1)
    }

    package var rowBlocks: Int { (rows + tileRows - 1) / tileRows }
    package var columnBlocks: Int { (columns + tileColumns - 1) / tileColumns }
    package var planes: Int { slices * polarities }
    package var tilesNeeded: Int { rowBlocks * columnBlocks * planes }

    /// Index into the matrix's list of tiles.
    package func tileIndex(rowBlock: Int, columnBlock: Int, slice: Int, polarity: Int) -> Int {
        ((rowBlock * columnBlocks + columnBlock) * slices + slice) * polarities + polarity
    }

    package func blockRows(_ rowBlock: Int) -> Int { min(tileRows, rows - rowBlock * tileRows) }
    package func blockColumns(_ columnBlock: Int) -> Int {
        min(tileColumns, columns - columnBlock * tileColumns)
    }

    /// A part of the matrix that lies in one block.
    package struct Patch: Sendable {
        package var rowBlock: Int
        package var columnBlock: Int
        /// In matrix coordinates.
        package var rows: Range<Int>
        package var columns: Range<Int>
    }

    /// The region cut along the block borders, row blocks first.
    ///
    /// - Precondition: the region is not empty and lies inside the matrix.
    package func patches(of region: Region) -> [Patch] {
        let rowRange = region.row ..< region.row + region.rows
        let columnRange = region.column ..< region.column + region.columns
        precondition(!rowRange.isEmpty)
        precondition(!columnRange.isEmpty)
        precondition(rowRange.upperBound <= rows)
        precondition(columnRange.upperBound <= columns)
        var patches: [Patch] = []
        for rowBlock in rowRange.lowerBound / tileRows ... (rowRange.upperBound - 1) / tileRows {
            let inRows = rowRange.clamped(to: rowBlock * tileRows ..< (rowBlock + 1) * tileRows)
            for columnBlock in columnRange.lowerBound / tileColumns
                ... (columnRange.upperBound - 1) / tileColumns
            {
                let inColumns = columnRange.clamped(
                    to: columnBlock * tileColumns ..< (columnBlock + 1) * tileColumns)
                patches.append(
                    Patch(
                        rowBlock: rowBlock, columnBlock: columnBlock, rows: inRows,
                        columns: inColumns))
            }
        }
        return patches
    }

    /// Index of weight (row, column) in its tiles, row-major.
    package func cell(row: Int, column: Int) -> Int {
        (row % tileRows) * tileBitLines + column % tileColumns
    }
}

extension Region {
    /// The region with "all" spelled out, or a fault that names what is out of range.
    package func resolved(rows: Int, columns: Int) throws(ChipFault) -> Region {
        if self.rows == 0 && self.columns == 0 {
            guard row == 0 && column == 0 else {
                throw .field(
                    "region", "0 × 0 at (\(row), \(column))", allowed: "rows and columns given")
            }
            return Region(rows: rows, columns: columns)
        }
        guard self.rows > 0, self.columns > 0, row >= 0, column >= 0,
            row <= rows - self.rows, column <= columns - self.columns
        else {
            throw .field(
                "region", "\(self.rows) × \(self.columns) at (\(row), \(column))",
                allowed: "a rectangle inside \(rows) × \(columns)")
        }
        return self
    }
}

extension WeightEncoding {
    /// The encoding of a mapped matrix: `map` has checked its numbers.
    package init(_ matrix: MatrixDescription) {
        do {
            try self.init(
                mapping: matrix.mapping, slices: matrix.slices,
                bitsPerSlice: matrix.bitsPerSlice, codeMax: matrix.codeMax)
        } catch {
            preconditionFailure("matrix \(matrix.id) was mapped with a wrong encoding: \(error)")
        }
    }
}
