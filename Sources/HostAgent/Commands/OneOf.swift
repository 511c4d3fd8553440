import ArgumentParser

/// The case that `text` names.
func oneOf<Value: RawRepresentable<String> & CaseIterable>(
    _ type: Value.Type, _ text: String, _ what: String
) throws -> Value {
    guard let value = Value(rawValue: text) else {
        let names = Value.allCases.map(\.rawValue).joined(separator: ", ")
        throw ValidationError("\(what) must be one of \(names), not '\(text)'.")
    }
    return value
}
