internal import Physics
internal import Yams

/// One mapping of a spec file, read key by key and refused as a whole at the first mistake.
///
/// Every key must be known, present and in range: a spec with a mistyped key would otherwise run
/// with a default that nobody chose. Quantities carry their unit in the key, so that a file can
/// be read, and checked, without its documentation.
struct SpecReader {
    /// The file as given, for sentences.
    let file: String
    /// The keys that lead here, "banks[0].device"; empty at the root.
    let path: String
    /// Each value is a mapping of `value` and `source`.
    let isSourced: Bool
    private let mapping: Node.Mapping

    init(_ node: Node, file: String, path: String = "", isSourced: Bool = false, keys: [String])
        throws(SpecError)
    {
        guard case .mapping(let mapping) = node else {
            throw SpecError(
                Self.place(file, node.mark) + "\(path.isEmpty ? "the file" : path) is "
                    + "\(Self.kind(node)), but must be a mapping of keys to values")
        }
        self.file = file
        self.path = path
        self.isSourced = isSourced
        self.mapping = mapping
        for (key, _) in mapping {
            let name = key.string ?? Self.kind(key)
            guard keys.contains(name) else {
                throw SpecError(
                    Self.place(file, key.mark) + "\(full(name)) is not a key here"
                        + KeySuggestion.hint(for: name, among: keys))
            }
        }
    }

    /// The root of a file's text.
    static func root(of text: String, file: String) throws(SpecError) -> Node {
        do {
            guard let node = try compose(yaml: text) else {
                throw SpecError("\(file): the file is empty")
            }
            return node
        } catch let error as SpecError {
            throw error
        } catch YamlError.duplicatedKeysInMapping(let keys, let context) {
            throw SpecError(
                Self.place(file, context.mark)
                    + "a key stands twice: \(keys.sorted().map(Self.quoted).joined(separator: ", "))"
            )
        } catch {
            throw SpecError("\(file): not valid YAML: \(Self.oneLine("\(error)"))")
        }
    }

    // MARK: Values

    func number(_ key: String, _ allowed: NumberRange) throws(SpecError) -> Double {
        let scalar = try scalar(key)
        let value = scalar.string == ".inf" ? Double.infinity : Double(scalar.string)
        guard let value, value.isFinite || scalar.string == ".inf" else {
            throw refusal(scalar, key, allowed: "a number, \(allowed)")
        }
        guard allowed.contains(value) else { throw refusal(scalar, key, allowed: "\(allowed)") }
        return value
    }

    func integer(_ key: String, _ allowed: ClosedRange<Int>) throws(SpecError) -> Int {
        let scalar = try scalar(key)
        let range = "\(allowed.lowerBound) … \(allowed.upperBound)"
        guard let value = Int(scalar.string) else {
            throw refusal(scalar, key, allowed: "a whole number, \(range)")
        }
        guard allowed.contains(value) else { throw refusal(scalar, key, allowed: range) }
        return value
    }

    /// A whole number or the word.
    func integer(_ key: String, _ allowed: ClosedRange<Int>, orWord word: String)
        throws(SpecError) -> Int?
    {
        let scalar = try scalar(key)
        if scalar.string == word { return nil }
        guard let value = Int(scalar.string), allowed.contains(value) else {
            throw refusal(
                scalar, key,
                allowed: "\(allowed.lowerBound) … \(allowed.upperBound), or \(word)")
        }
        return value
    }

    /// A name: letters, digits, full stops and hyphens, at most 64.
    func name(_ key: String) throws(SpecError) -> String {
        let scalar = try scalar(key)
        guard Self.isName(scalar.string) else {
            throw refusal(
                scalar, key, allowed: "1 to 64 letters, digits, full stops and hyphens")
        }
        return scalar.string
    }

    /// - Parameter other: what is allowed beside the words, for the sentence.
    func choice<Value>(
        _ key: String, _ choices: KeyValuePairs<String, Value>, orElse other: String? = nil
    ) throws(SpecError) -> Value {
        let scalar = try scalar(key)
        guard let chosen = choices.first(where: { $0.key == scalar.string }) else {
            let list = choices.map(\.key).joined(separator: ", ")
            throw refusal(scalar, key, allowed: list + (other.map { ", or \($0)" } ?? ""))
        }
        return chosen.value
    }

    func contains(_ key: String) -> Bool { mapping[key] != nil }

    func isMapping(_ key: String) throws(SpecError) -> Bool {
        if case .mapping = try node(key) { return true }
        return false
    }

    // MARK: Structure

    /// The same mapping, whose values are mappings of `value` and `source`.
    var sourced: SpecReader {
        SpecReader(file: file, path: path, isSourced: true, mapping: mapping)
    }

    private init(file: String, path: String, isSourced: Bool, mapping: Node.Mapping) {
        self.file = file
        self.path = path
        self.isSourced = isSourced
        self.mapping = mapping
    }

    func child(_ key: String, isSourced: Bool? = nil, keys: [String]) throws(SpecError)
        -> SpecReader
    {
        try SpecReader(
            node(key), file: file, path: full(key), isSourced: isSourced ?? self.isSourced,
            keys: keys)
    }

    func children(_ key: String, keys: [String]) throws(SpecError) -> [SpecReader] {
        let node = try node(key)
        guard case .sequence(let sequence) = node, !sequence.isEmpty else {
            throw SpecError(
                Self.place(file, node.mark) + "\(full(key)) must be a list with at least one entry")
        }
        var readers: [SpecReader] = []
        for (index, entry) in sequence.enumerated() {
            readers.append(
                try SpecReader(
                    entry, file: file, path: "\(full(key))[\(index)]", isSourced: isSourced,
                    keys: keys))
        }
        return readers
    }

    func node(_ key: String) throws(SpecError) -> Node {
        guard let node = mapping[key] else {
            throw SpecError(Self.place(file, mapping.mark) + "the key \(full(key)) is missing")
        }
        return node
    }

    /// Refuses a value for a reason that one key alone does not show.
    func refusal(_ key: String, _ why: String) -> SpecError {
        SpecError(Self.place(file, mapping[key]?.mark ?? mapping.mark) + "\(full(key)) \(why)")
    }

    private func scalar(_ key: String) throws(SpecError) -> Node.Scalar {
        var node = try node(key)
        if isSourced {
            let pair = try SpecReader(
                node, file: file, path: full(key), keys: ["value", "source"])
            let source = try pair.scalarHere("source")
            guard source.string.contains(where: { !$0.isWhitespace }) else {
                throw refusal(source, "\(key).source", allowed: "where the value comes from")
            }
            node = try pair.node("value")
        }
        guard case .scalar(let scalar) = node else {
            throw SpecError(
                Self.place(file, node.mark) + "\(full(key)) is \(Self.kind(node)), but must be "
                    + "one value")
        }
        return scalar
    }

    private func scalarHere(_ key: String) throws(SpecError) -> Node.Scalar {
        let node = try node(key)
        guard case .scalar(let scalar) = node else {
            throw SpecError(
                Self.place(file, node.mark) + "\(full(key)) is \(Self.kind(node)), but must be "
                    + "text")
        }
        return scalar
    }

    private func refusal(_ scalar: Node.Scalar, _ key: String, allowed: String) -> SpecError {
        SpecError(
            Self.place(file, scalar.mark)
                + "\(full(key)) is \(Self.quoted(scalar.string)); allowed: "
                + allowed)
    }

    private func full(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

    private static func place(_ file: String, _ mark: Mark?) -> String {
        mark.map { "\(file):\($0.line): " } ?? "\(file): "
    }

    private static func kind(_ node: Node) -> String {
        switch node {
        case .scalar(let scalar): quoted(scalar.string)
        case .mapping: "a mapping"
        case .sequence: "a list"
        case .alias: "an alias"
        }
    }

    static func isName(_ text: String) -> Bool {
        (1 ... 64).contains(text.utf8.count)
            && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || ".-".contains($0)) }
            && text.first != "."
    }

    /// At most 64 characters, none of which moves a terminal's cursor.
    private static func quoted(_ text: String) -> String {
        let shown = text.unicodeScalars.prefix(64).map { scalar in
            scalar.properties.generalCategory == .control
                ? "\\u{\(String(scalar.value, radix: 16))}" : String(scalar)
        }.joined()
        return "\"\(shown)\(text.unicodeScalars.count > 64 ? "…" : "")\""
    }

    private static func oneLine(_ text: String) -> String {
        text.split(whereSeparator: \.isNewline).joined(separator: " ")
    }
}
