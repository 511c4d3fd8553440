internal import CKernels
internal import Glibc

/// Structural relaxation of a programmed cell: the power law of drift.
///
///     g(t) = g_p · (age / t₀)^(−ν)      for age ≥ t₀               (D-1)
///     g(t) = g_p                        for age < t₀
///     ν_i ~ N(ν, σ_ν²), clipped at 0, fixed at fabrication         (D-2)
///
/// | symbol | meaning                                          | unit     |
/// |--------|--------------------------------------------------|----------|
/// | g_p    | conductance after the last programming           | S        |
/// | age    | chip time since the last programming pulse       | s        |
/// | t₀     | reference age                                    | s        |
/// | ν, σ_ν | drift coefficient, its spread over cells         | unitless |
///
/// - Validity: ν and σ_ν in `coefficientRange`, t₀ in `referenceAgeRange`.
/// - Edge cases: the law diverges as the age goes to 0; below t₀ the value is held.
/// - Postconditions: the result lies in 0 … g_p and never rises with age.
/// - Source: bhattacharjee2023bn, Table 1; firmware-specs/device.md (D-1), (D-2).
public struct PowerLawDrift: Sendable, Hashable {
    public let coefficient: Double
    public let coefficientSpread: Double
    public let referenceAgeSeconds: Double

    /// Chosen: the published coefficients end at 0.1.
    public static let coefficientRange = NumberRange.from(0, to: 0.2)
    /// Seconds (chosen).
    public static let referenceAgeRange = NumberRange.above(0, to: 1e6)

    public init(coefficient: Double, coefficientSpread: Double, referenceAgeSeconds: Double)
        throws(PhysicsError)
    {
        try require("drift coefficient ν", coefficient, in: Self.coefficientRange)
        try require("spread of the drift coefficient", coefficientSpread, in: Self.coefficientRange)
        try require("reference age t₀ in s", referenceAgeSeconds, in: Self.referenceAgeRange)
        self.init(unchecked: coefficient, coefficientSpread, referenceAgeSeconds)
    }

    private init(unchecked coefficient: Double, _ spread: Double, _ referenceAge: Double) {
        self.coefficient = coefficient
        coefficientSpread = spread
        referenceAgeSeconds = referenceAge
    }

    public static let none = PowerLawDrift(unchecked: 0, 0, 1)

    public func conductance(programmed: Conductance, coefficient: Double, ageSeconds: Double)
        -> Conductance
    {
        precondition(ageSeconds >= 0)
        precondition(coefficient >= 0)
        if ageSeconds <= referenceAgeSeconds { return programmed }
        return Conductance(
            siemens: programmed.siemens * pow(ageSeconds / referenceAgeSeconds, -coefficient))
    }

    /// (D-1) for a whole tile: cell i has the age `agesSeconds[instants[i]]`.
    ///
    /// - Postconditions: within 2e-6 relative of the scalar law in Double (Float32 exponent of up
    ///   to 16 octaves).
    /// - Cost: one table look-up and one exponential series a cell, vectorised.
    public func age(
        conductances: [Float], coefficients: [Float], instants: [UInt32], agesSeconds: [Double],
        into out: inout [Float]
    ) {
        precondition(coefficients.count == conductances.count)
        precondition(instants.count == conductances.count)
        precondition(out.count == conductances.count)
        precondition(instants.allSatisfy { $0 < agesSeconds.count })
        let log2Ages = agesSeconds.map { age in
            Float(log2(max(age, referenceAgeSeconds) / referenceAgeSeconds))
        }
        out.withUnsafeMutableBufferPointer { out in
            guard let base = out.baseAddress else { return }
            nvcim_drift(conductances, coefficients, instants, log2Ages, base, out.count)
        }
    }

    /// How long conductances taken at an age may be used before one of them is off by more than
    /// `relative`: ν_max·Δage/age ≤ relative, with ν_max = ν + 6 σ_ν (a cell beyond it is met
    /// once in 10⁹). Below t₀ they hold until t₀ too.
    public func holdSeconds(youngestAgeSeconds: Double, relative: Double) -> Double {
        let coefficientMax = coefficient + 6 * coefficientSpread
        if coefficientMax == 0 { return .infinity }
        let factor = 1 + relative / coefficientMax
        return max(youngestAgeSeconds, referenceAgeSeconds) * factor - youngestAgeSeconds
    }
}
