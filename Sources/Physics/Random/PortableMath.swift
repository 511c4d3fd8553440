/// Logarithm and power of two that are the same bits on every processor: only + − × ÷ in Double,
/// in a fixed order, without fused multiply-add and without the C library.
///
/// - Postconditions: relative error below 2e-15 against the exact functions.
/// - Source: 2 artanh((m − 1)/(m + 1)) on m in [√½, √2) and the exponential's series; both Taylor's.
enum PortableMath {
    /// - Precondition: x is a normal positive number.
    static func log2(_ x: Double) -> Double {
        precondition(x.isNormal)
        precondition(x > 0)
        var exponent = Double(x.exponent)
        var m = x.significand
        if m > 1.4142135623730951 {
            m *= 0.5
            exponent += 1
        }
        let s = (m - 1) / (m + 1)
        let q = s * s
        var series = 1.0 / 19
        for term in [17.0, 15, 13, 11, 9, 7, 5, 3, 1] { series = series * q + 1 / term }
        return exponent + 2 * s * series * 1.4426950408889634
    }

    /// 0 below 2^−1022.
    static func exp2(_ y: Double) -> Double {
        precondition(y < 1023)
        if y < -1022 { return 0 }
        let whole = y.rounded()
        let x = (y - whole) * 0.6931471805599453
        var series = 1.0
        for term in stride(from: 14.0, through: 1, by: -1) { series = series * x / term + 1 }
        return series * Double(sign: .plus, exponent: Int(whole), significand: 1)
    }

    /// x^p for x ≥ 0.
    static func power(_ x: Double, _ p: Double) -> Double {
        x < .leastNormalMagnitude ? (p == 0 ? 1 : 0) : exp2(p * log2(x))
    }
}
