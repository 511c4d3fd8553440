internal import Foundation

/// Bounds that a right chip passes in 999 runs of 1,000.
enum Bound {
    /// Two-sided quantile of the standard normal law at 99.9 %, shared out among `figures` of which
    /// the farthest is looked at (Šidák).
    static func normal(among figures: Int = 1) -> Double {
        let tail = (1 - pow(0.999, 1 / Double(figures))) / 2
        var (low, high) = (0.0, 10.0)
        for _ in 0 ..< 60 {
            let middle = (low + high) / 2
            if erfc(middle / 2.squareRoot()) / 2 > tail { low = middle } else { high = middle }
        }
        return low
    }

    /// Largest relative distance of a standard deviation with so many degrees of freedom; the
    /// normal law in place of χ², for 100 and more.
    static func deviation(_ freedom: Int) -> Double {
        normal() / (2 * Double(freedom)).squareRoot()
    }

    /// The χ² bounds of the ratio of a sample's standard deviation to the law's, for few degrees of
    /// freedom (Wilson and Hilferty: within 1 % from 15 on).
    static func chiSquare(_ freedom: Int) -> ClosedRange<Double> {
        let c = 2 / (9 * Double(freedom))
        func ratio(_ z: Double) -> Double { pow(1 - c + z * c.squareRoot(), 1.5) }
        return ratio(-normal()) ... ratio(normal())
    }

    /// Of a share p counted among n; three more where the normal law is too narrow.
    static func share(_ p: Double, among n: Int) -> Double {
        normal() * (p * (1 - p) / Double(n)).squareRoot() + 3 / Double(n)
    }
}

/// Mean and standard deviation of a sample.
struct Moments {
    let count: Int
    let mean: Double
    let deviation: Double

    /// - Precondition: at least two values.
    init(_ values: some Collection<Double>) {
        precondition(values.count > 1)
        count = values.count
        let mean = values.reduce(0, +) / Double(values.count)
        self.mean = mean
        let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        deviation = (squares / Double(values.count - 1)).squareRoot()
    }

    var standardError: Double { deviation / Double(count).squareRoot() }
}

extension Collection where Element == Double {
    var mean: Double { reduce(0, +) / Double(count) }

    /// Not a number where one of them is none, so that a bound is missed.
    var largest: Double { contains { $0.isNaN } ? .nan : self.max() ?? .nan }

    /// - Precondition: not empty.
    var median: Double {
        let sorted = sorted()
        return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
    }
}

/// Mean and standard deviation of max(0, g + σ·z), z ~ N(0, 1).
func clippedNormal(_ g: Double, _ sigma: Double) -> (mean: Double, deviation: Double) {
    guard sigma > 0 else { return (g, 0) }
    let u = g / sigma
    let above = erfc(-u / 2.squareRoot()) / 2
    let density = exp(-u * u / 2) / (2 * Double.pi).squareRoot()
    let mean = g * above + sigma * density
    let square = (g * g + sigma * sigma) * above + g * sigma * density
    return (mean, max(0, square - mean * mean).squareRoot())
}

/// SplitMix64: weights and inputs of the report are the same in every run.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    /// Standard normal (Box and Muller).
    mutating func normal() -> Double {
        let radius = (-2 * log(1 - Double.random(in: 0 ..< 1, using: &self))).squareRoot()
        return radius * cos(2 * Double.pi * Double.random(in: 0 ..< 1, using: &self))
    }
}
