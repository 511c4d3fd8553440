internal import Glibc

/// Figures of one kind, one for each chip or seed.
public struct Sample: Codable, Equatable, Sendable {
    public let values: [Double]

    /// - Precondition: at least one value.
    public init(_ values: [Double]) {
        precondition(!values.isEmpty)
        self.values = values
    }

    /// Of values that stand in groups of `count`, as a step returns those of a chip, the values
    /// k, k + count, k + 2·count, …
    ///
    /// - Precondition: 0 ≤ k < count, and all groups are whole.
    public func figure(_ k: Int, of count: Int) -> Sample {
        precondition((0 ..< count).contains(k) && values.count % count == 0)
        return Sample(stride(from: k, to: values.count, by: count).map { values[$0] })
    }

    public var mean: Double { values.reduce(0, +) / Double(values.count) }
    public var least: Double { values.min() ?? 0 }

    /// The standard deviation of the values, s = √(Σ(x − x̄)²/(n − 1)); 0 of one.
    public var deviation: Double {
        guard values.count > 1 else { return 0 }
        let mean = mean
        let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        return (squares / Double(values.count - 1)).squareRoot()
    }

    /// Half the width of the interval that holds the true mean with 95 %
    /// confidence: t·s/√n, t of Student's law with n − 1 degrees of freedom. `nil`
    /// of one value, which says nothing about it.
    public var confidence95: Double? {
        guard values.count > 1 else { return nil }
        return Self.student975(freedom: values.count - 1) * deviation
            / Double(values.count).squareRoot()
    }

    /// Of shares: mean and confidence in per cent, "92.10 ± 0.35"; the mean alone of one value.
    public func percent(digits: Int) -> String {
        Format.decimal(mean * 100, digits)
            + (confidence95.map { " ± \(Format.decimal($0 * 100, digits))" } ?? "")
    }

    /// The 97.5 % point of Student's law: exact for one and two degrees of freedom,
    /// else by expansion around the normal law, within 0.2 % (three) and 0.01 %
    /// (from six on).
    ///
    /// - Source: Abramowitz, Stegun, "Handbook of mathematical functions", 26.7.5;
    ///   z = Φ⁻¹(0.975).
    public static func student975(freedom: Int) -> Double {
        precondition(freedom >= 1)
        let z = 1.959_963_984_540_054
        let n = Double(freedom)
        switch freedom {
        case 1: return tan(.pi * 0.475)
        case 2: return 0.95 * (2 / (1 - 0.95 * 0.95)).squareRoot()
        default:
            let (z3, z5, z7, z9) = (pow(z, 3), pow(z, 5), pow(z, 7), pow(z, 9))
            return z + (z3 + z) / (4 * n)
                + (5 * z5 + 16 * z3 + 3 * z) / (96 * n * n)
                + (3 * z7 + 19 * z5 + 17 * z3 - 15 * z) / (384 * n * n * n)
                + (79 * z9 + 776 * z7 + 1482 * z5 - 1920 * z3 - 945 * z)
                / (92160 * n * n * n * n)
        }
    }
}
