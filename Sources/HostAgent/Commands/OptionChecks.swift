import ArgumentParser

/// Refuses an option's value outside its range, and what is no number; `nil`: it wasn't given.
func checkRange<Value: Comparable>(
    _ option: String, _ value: Value?, _ range: ClosedRange<Value>
) throws {
    try checkRange(option, value.map { [$0] } ?? [], range)
}

/// The same for an option that may be repeated.
func checkRange<Value: Comparable>(
    _ option: String, _ values: [Value], _ range: ClosedRange<Value>
) throws {
    /// "1" of 1.0 too.
    func text(_ bound: Value) -> String {
        let text = "\(bound)"
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }
    if let value = values.first(where: { !range.contains($0) }) {
        throw ValidationError(
            "\(option) must be \(text(range.lowerBound)) … \(text(range.upperBound)), not \(value)."
        )
    }
}

/// Refuses an option's value below the least one; `nil`: it wasn't given.
func checkRange(_ option: String, _ value: Int?, _ range: PartialRangeFrom<Int>) throws {
    if let value, !range.contains(value) {
        throw ValidationError("\(option) must be \(range.lowerBound) or more, not \(value).")
    }
}

/// Refuses standard deviations that a study, which names them to two decimals, can't tell
/// apart.
///
/// - Parameter quantity: " of σ/√2" where they are named by that.
func checkDistinct(sigmas: [Double], _ quantity: String = "") throws {
    if Set(sigmas.map { ($0 * 100).rounded() }).count < sigmas.count {
        throw ValidationError("--sigma names a value twice, to two decimals\(quantity).")
    }
}
