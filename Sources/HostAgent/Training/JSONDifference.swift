internal import Foundation

/// A field in which two texts of JSON differ.
struct JSONDifference: Equatable {
    /// "plan.variation.withinChip".
    let path: String
    let first: String
    let second: String

    /// The differences of two texts; what isn't a JSON object differs as a whole, and so do
    /// objects inside that haven't the same fields, being of different kinds. A field that
    /// one of the two lacks is "none" there.
    ///
    /// - Parameter name: of the whole, where paths begin.
    static func all(_ name: String, between first: String, and second: String) -> [JSONDifference] {
        all(name, first, second, isInside: false)
    }

    private static func all(
        _ name: String, _ first: String, _ second: String, isInside: Bool
    ) -> [JSONDifference] {
        if first == second { return [] }
        guard let one = object(first), let other = object(second),
            !isInside || Set(one.keys) == Set(other.keys)
        else { return [JSONDifference(path: name, first: first, second: second)] }
        return Set(one.keys).union(other.keys).sorted().flatMap { key in
            all("\(name).\(key)", text(one[key]), text(other[key]), isInside: true)
        }
    }

    /// "plan.epochs 3, plan.seed 1": the paths, without a prefix, with one side's values.
    static func text(
        _ differences: [JSONDifference], without prefix: String = "",
        _ value: (JSONDifference) -> String
    ) -> String {
        differences.map { "\($0.path.trimmingPrefix(prefix)) \(value($0))" }
            .joined(separator: ", ")
    }

    private static func object(_ text: String) -> [String: Any]? {
        (try? JSONSerialization.jsonObject(with: Data(text.utf8))) as? [String: Any]
    }

    private static func text(_ value: Any?) -> String {
        guard let value else { return "none" }
        guard
            let data = try? JSONSerialization.data(
                withJSONObject: value, options: [.fragmentsAllowed, .sortedKeys])
        else { preconditionFailure("what came from JSON is JSON") }
        return String(decoding: data, as: UTF8.self)
    }
}
