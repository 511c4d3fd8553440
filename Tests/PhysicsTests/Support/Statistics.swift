import Glibc

/// Bounds of the statistical tests. Seeds are fixed, so a test passes always or never; a bound is
/// what a correct law exceeds with one seed in a thousand. Figures from scipy.stats.
enum Bound {
    /// Two-sided quantile of the standard normal.
    static let normal = 3.290527
    /// Quantile of √n·D of Kolmogorov and Smirnov.
    static let kolmogorov = 1.949475
    /// Sample over true standard deviation of 10⁶ draws, from χ² with 10⁶ − 1 degrees of freedom.
    static let deviationOfMillion = 0.997674 ... 1.002327
    /// The same of 200 draws of known mean, from χ² with 200 degrees of freedom.
    static let deviationOf200 = 0.838632 ... 1.167095
}

/// Sample moments, in two passes over Double.
struct Moments {
    let count: Double
    let mean: Double
    let variance: Double
    let skewness: Double
    let excessKurtosis: Double

    init(_ values: [Float]) {
        let n = Double(values.count)
        let mean = values.reduce(0.0) { $0 + Double($1) } / n
        var m2 = 0.0
        var m3 = 0.0
        var m4 = 0.0
        for value in values {
            let d = Double(value) - mean
            let square = d * d
            m2 += square
            m3 += square * d
            m4 += square * square
        }
        count = n
        self.mean = mean
        variance = m2 / (n - 1)
        skewness = m3 / n / pow(m2 / n, 1.5)
        excessKurtosis = m4 / n / (m2 / n * (m2 / n)) - 3
    }

    var deviation: Double { variance.squareRoot() }
    /// Standard error of the mean.
    var error: Double { (variance / count).squareRoot() }
}

/// Largest distance between the sample's distribution and the standard normal one.
func kolmogorovDistanceToNormal(_ values: [Float]) -> Double {
    let n = Double(values.count)
    return values.sorted().enumerated().reduce(0.0) { largest, entry in
        let law = 0.5 * erfc(-Double(entry.element) / 2.0.squareRoot())
        let below = Double(entry.offset) / n
        return max(largest, abs(law - below), abs(below + 1 / n - law))
    }
}

/// Largest distance between the distributions of two samples.
func kolmogorovDistance(_ first: [Float], _ second: [Float]) -> Double {
    let a = first.sorted()
    let b = second.sorted()
    var i = 0
    var j = 0
    var largest = 0.0
    while i < a.count, j < b.count {
        let value = min(a[i], b[j])
        while i < a.count, a[i] <= value { i += 1 }
        while j < b.count, b[j] <= value { j += 1 }
        largest = max(largest, abs(Double(i) / Double(a.count) - Double(j) / Double(b.count)))
    }
    return largest
}

func correlation(_ a: [Float], _ b: [Float]) -> Double {
    let first = Moments(a)
    let second = Moments(b)
    let product = zip(a, b).reduce(0.0) {
        $0 + (Double($1.0) - first.mean) * (Double($1.1) - second.mean)
    }
    return product / (first.count - 1) / (first.deviation * second.deviation)
}
