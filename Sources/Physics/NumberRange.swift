/// The numbers that a quantity may have. Where zero, or the lower bound, would be meaningless the
/// bound itself is left out.
public struct NumberRange: Sendable, Hashable, CustomStringConvertible {
    public let least: Double
    public let most: Double
    private let isLeastAllowed: Bool

    public static func from(_ least: Double, to most: Double) -> NumberRange {
        NumberRange(least: least, most: most, isLeastAllowed: true)
    }

    public static func above(_ least: Double, to most: Double) -> NumberRange {
        NumberRange(least: least, most: most, isLeastAllowed: false)
    }

    /// False for NaN.
    public func contains(_ value: Double) -> Bool {
        value <= most && (isLeastAllowed ? value >= least : value > least)
    }

    public var description: String {
        let least = isLeastAllowed ? Self.text(least) : "above \(Self.text(least))"
        if most == .infinity { return isLeastAllowed ? "\(least) or more" : least }
        return isLeastAllowed
            ? "\(least) … \(Self.text(most))" : "\(least), at most \(Self.text(most))"
    }

    /// Whole numbers without a fraction.
    static func text(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e6 ? "\(Int(value))" : "\(value)"
    }
}
