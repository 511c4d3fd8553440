import Foundation
import Testing

/// What the documents of firmware-specs say of the code and of each other, as far as a program can
/// tell.
@Suite("The documents name what there is")
struct DocumentTests {
    private static let root = URL(fileURLWithPath: ShippedSpecs.folder).deletingLastPathComponent()

    private func text(_ name: String) throws -> String {
        try String(contentsOfFile: "\(ShippedSpecs.folder)/\(name)", encoding: .utf8)
    }

    /// All Swift sources under a folder of the repository, one after the other.
    private func sources(_ folder: String) throws -> String {
        let folder = Self.root.appendingPathComponent(folder)
        let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
        let paths = try #require(files).compactMap { ($0 as? URL)?.path }
        return try paths.filter { $0.hasSuffix(".swift") }
            .map { try String(contentsOfFile: $0, encoding: .utf8) }.joined()
    }

    private func numbers(_ text: String, _ pattern: String) throws -> Set<String> {
        let expression = try NSRegularExpression(pattern: pattern)
        let range = NSRange(text.startIndex..., in: text)
        return Set(
            expression.matches(in: text, range: range).compactMap { match in
                Range(match.range(at: 1), in: text).map { String(text[$0]) }
            })
    }

    @Test func everyLawStandsInTheCodeUnderItsNumber() throws {
        let laws = try numbers(text("device.md"), #"\*\*\(([A-Z]-\d+)\)\*\*"#)
        let cited = try numbers(sources("Sources/Physics"), #"\(([A-Z]-\d+)\)"#)
        #expect(laws.count > 25)
        #expect(laws.symmetricDifference(cited).sorted() == [])
    }

    @Test func everyCitedRuleOfTheWireIsThere() throws {
        let rules = try numbers(text("wire.md"), #"\*\*(W-\d+)\*\*"#)
        let cited = try numbers(
            sources("Sources") + sources("Tests") + text("wire.proto") + text("asyncapi.yaml"),
            #"\b(W-\d+)\b"#)
        #expect(!cited.isEmpty)
        #expect(cited.subtracting(rules).sorted() == [])
    }

    /// Cited in brackets, listed at the end of device.md, and in references.bib.
    @Test func everySourceIsCitedAndListed() throws {
        let parts = try text("device.md").components(separatedBy: "## Bibliography keys")
        try #require(parts.count == 2)
        let key = #"\b([a-z]+\d{4}[a-z]*)\b"#
        let brackets = try numbers(parts[0], #"\[([^\]\[]+)\]"#).joined(separator: " ")
        let keys = try numbers(text("references.bib"), #"@\w+\{(\w+),"#)
        #expect(keys.count > 5)
        #expect(try numbers(brackets, key) == keys)
        #expect(try numbers(parts[1], key) == keys)
    }

    /// The words of the second column begin a name of the code.
    @Test func theWordsOfTheGlossaryAreThoseOfTheCode() throws {
        let code = try sources("Sources")
        let rows = try text("glossary.md").split(separator: "\n").filter { $0.hasPrefix("| ") }
        var words: Set<String> = []
        for row in rows {
            let cells = row.split(separator: "|").map { String($0) }
            try words.formUnion(numbers(cells[1], "`(\\w+)`"))
        }
        #expect(words.count > 40)
        for word in words.sorted() {
            let name = try numbers(code, "\\b(\(word))(?=\\b|[A-Z])")
            #expect(!name.isEmpty, "\(word) is no word of the code")
        }
    }

    /// The commands of the table of §8 with their field numbers are those of wire.proto.
    @Test func theTableOfCommandsIsThatOfTheProto() throws {
        let rows = try text("wire.md").split(separator: "\n").filter { $0.hasPrefix("| ") }
        var table: [Int: String] = [:]
        for row in rows {
            let cells = row.split(separator: "|").map {
                $0.trimmingCharacters(in: .whitespaces)
            }
            guard cells.count == 8, let number = Int(cells[1]) else { continue }
            table[number] = cells[0]
        }
        let proto = try text("wire.proto")
        let start = try #require(proto.range(of: "oneof command {"))
        let end = try #require(
            proto.range(of: "}", range: start.upperBound ..< proto.endIndex))
        var commands: [Int: String] = [:]
        for line in proto[start.upperBound ..< end.lowerBound].split(separator: "\n") {
            let words = line.split(whereSeparator: { " =;".contains($0) })
            guard words.count == 3, let number = Int(words[2]) else { continue }
            commands[number] = words[1].replacingOccurrences(of: "simulated_", with: "")
                .replacingOccurrences(of: "_", with: ".")
        }
        #expect(!table.isEmpty)
        #expect(table == commands)
        let interface = try text("asyncapi.yaml")
        for name in table.values {
            let word = name.hasPrefix("lease.") ? "leases" : name
            #expect(interface.contains(word), "\(word) is missing in asyncapi.yaml")
        }
    }
}
