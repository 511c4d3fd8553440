/// A table for people (Markdown) and for programs (CSV).
public struct ResultTable: Equatable, Sendable {
    public let title: String
    public let header: [String]
    public let rows: [[String]]
    /// What the figures mean; a line each, below the table.
    public let notes: [String]

    /// - Precondition: every row is as long as the header.
    public init(title: String, header: [String], rows: [[String]], notes: [String] = []) {
        precondition(rows.allSatisfy { $0.count == header.count })
        self.title = title
        self.header = header
        self.rows = rows
        self.notes = notes
    }

    /// Comma-separated values (RFC 4180, lines ended by LF), the header first.
    public var csv: String {
        ([header] + rows).map { row in
            row.map { cell in
                cell.contains(where: { ",\"\n".contains($0) })
                    ? "\""
                        + cell.split(separator: "\"", omittingEmptySubsequences: false)
                        .joined(separator: "\"\"") + "\"" : cell
            }.joined(separator: ",") + "\n"
        }.joined()
    }

    /// Title, table and notes.
    public var markdown: String {
        func line(_ cells: [String]) -> String { "| \(cells.joined(separator: " | ")) |\n" }
        return "# \(title)\n\n" + line(header) + line(header.map { _ in "---" })
            + rows.map(line).joined() + notes.map { "\n\($0)\n" }.joined()
    }
}
