/// A parameter that a model refuses: while a chip is built or loaded, never while it computes.
public enum PhysicsError: Error, Equatable, CustomStringConvertible {
    case outOfRange(quantity: String, value: Double, allowed: ClosedRange<Double>)
    case notPositive(quantity: String, value: Double)

    public var description: String {
        switch self {
        case .outOfRange(let quantity, let value, let allowed):
            "\(quantity) is \(value); allowed: \(allowed.lowerBound) … \(allowed.upperBound)"
        case .notPositive(let quantity, let value):
            "\(quantity) is \(value); allowed: more than 0"
        }
    }
}

func require(_ quantity: String, _ value: Double, in allowed: ClosedRange<Double>)
    throws(PhysicsError)
{
    guard allowed.contains(value) else {
        throw .outOfRange(quantity: quantity, value: value, allowed: allowed)
    }
}

func requirePositive(_ quantity: String, _ value: Double) throws(PhysicsError) {
    guard value > 0, value.isFinite else { throw .notPositive(quantity: quantity, value: value) }
}
