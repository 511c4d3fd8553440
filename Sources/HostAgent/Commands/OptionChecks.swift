import ArgumentParser
import Foundation

/// Refuses an option's value outside its range; `nil`: it wasn't given.
func checkRange(_ option: String, _ value: Int?, _ range: ClosedRange<Int>) throws {
    if let value, !range.contains(value) {
        throw ValidationError(
            "\(option) must be \(range.lowerBound) … \(range.upperBound), not \(value).")
    }
}

/// Refuses an option's value below the least one; `nil`: it wasn't given.
func checkRange(_ option: String, _ value: Int?, _ range: PartialRangeFrom<Int>) throws {
    if let value, !range.contains(value) {
        throw ValidationError("\(option) must be \(range.lowerBound) or more, not \(value).")
    }
}

/// Refuses values outside their range, and what is no number.
func checkRange(_ option: String, _ values: [Double], _ range: ClosedRange<Double>) throws {
    if let value = values.first(where: { !range.contains($0) }) {
        let (low, high) = (range.lowerBound, range.upperBound)
        throw ValidationError(
            "\(option) must be \(low.formatted()) … \(high.formatted()), not \(value).")
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
