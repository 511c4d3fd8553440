/// Broken lines of a tile: the cells on them carry no current, and make no noise.
///
/// - Shape: rows and columns of the tile, ascending.
public struct DeadLines: Sendable, Hashable {
    public let rows: [Int]
    public let columns: [Int]

    public init(rows: [Int], columns: [Int]) {
        self.rows = rows
        self.columns = columns
    }

    public static let none = DeadLines(rows: [], columns: [])
    public var isEmpty: Bool { rows.isEmpty && columns.isEmpty }

    /// Those of some columns, numbered from the first of them.
    public func inColumns(_ range: Range<Int>) -> DeadLines {
        if isEmpty { return self }
        return DeadLines(
            rows: rows, columns: columns.filter(range.contains).map { $0 - range.lowerBound })
    }

    /// Puts 0 in the place of the dead cells of a row-major array, which may be the upper left
    /// corner of the tile.
    public func silence(_ values: inout [Float], width: Int) {
        if isEmpty { return }
        let height = values.count / width
        for row in rows where row < height {
            for index in row * width ..< (row + 1) * width { values[index] = 0 }
        }
        for column in columns where column < width {
            for index in stride(from: column, to: values.count, by: width) { values[index] = 0 }
        }
    }
}
