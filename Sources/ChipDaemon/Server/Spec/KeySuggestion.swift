/// What a mistyped key was probably meant to be.
enum KeySuggestion {
    /// "; write on_resistance_ohm, with the unit" or the like; empty when nothing is near.
    static func hint(for key: String, among known: [String]) -> String {
        let stem = key.lowercased()
        if let whole = known.first(where: { $0.lowercased().hasPrefix(stem + "_") }) {
            return "; write \(whole), with the unit in the key"
        }
        if let other = known.first(where: { Self.stem($0) == Self.stem(stem) && $0 != key }),
            Self.stem(stem).contains("_")
        {
            return "; the unit is \(other.split(separator: "_").last ?? ""): write \(other)"
        }
        let near = known.map { (key: $0, distance: distance(stem, $0.lowercased())) }
            .min { $0.distance < $1.distance }
        if let near, near.distance <= max(2, key.count / 4) { return "; did you mean \(near.key)?" }
        return "; known keys: \(known.joined(separator: ", "))"
    }

    /// The key without its last word, which is the unit of those that have one.
    private static func stem(_ key: String) -> String {
        key.lowercased().split(separator: "_").dropLast().joined(separator: "_")
    }

    /// Levenshtein's distance.
    private static func distance(_ a: String, _ b: String) -> Int {
        let b = Array(b)
        var row = Array(0 ... b.count)
        for (i, left) in a.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, right) in b.enumerated() {
                let substituted = diagonal + (left == right ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(substituted, row[j] + 1, row[j + 1] + 1)
            }
        }
        return row[b.count]
    }
}
