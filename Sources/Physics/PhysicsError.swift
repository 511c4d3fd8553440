/// A parameter that a model refuses: while a chip is built or loaded, never while it computes.
public struct PhysicsError: Error, Hashable, CustomStringConvertible {
    public let quantity: String
    public let value: Double
    public let allowed: NumberRange

    public init(quantity: String, value: Double, allowed: NumberRange) {
        self.quantity = quantity
        self.value = value
        self.allowed = allowed
    }

    public var description: String {
        "\(quantity) is \(NumberRange.text(value)); allowed: \(allowed)"
    }
}

func require(_ quantity: String, _ value: Double, in allowed: NumberRange) throws(PhysicsError) {
    guard allowed.contains(value) else {
        throw PhysicsError(quantity: quantity, value: value, allowed: allowed)
    }
}

func require(_ quantity: String, _ value: Int, in allowed: ClosedRange<Int>) throws(PhysicsError) {
    guard allowed.contains(value) else {
        throw PhysicsError(
            quantity: quantity, value: Double(value),
            allowed: .from(Double(allowed.lowerBound), to: Double(allowed.upperBound)))
    }
}
