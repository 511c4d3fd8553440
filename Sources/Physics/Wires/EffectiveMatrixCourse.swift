import Glibc

/// The effective matrix of a tile while its cells drift: four exact solutions, and a polynomial
/// between them that is good for a stated stretch of time.
///
///     M(x) ≈ Σ_k a_k·T_k(u),  k = 0 … 3,  u = (x − middle)/h,  x = ln(age of the youngest cell)
///
///
/// The four matrices are exact at the Chebyshev points of a span 2h of x, of which the last are in
/// the future: drift is a law, so the conductances that the tile will have are known. Each cell
/// follows its own ν_i; the polynomial replaces the age only.
///
/// Why not an update from the change of each cell? Its first-order term ∂M_oi/∂g_kl·dg_kl alone is
/// 2·n²·m² operations, nineteen times a new solution at 128 × 128, and leaves an error of second
/// order: at 10⁻⁵ it would hold for a change of three in a thousand.
///
///     |error of an entry| ≤ 2·max(|a_3|, |a_2|/ρ, |a_1|/ρ²)/(ρ − 1)             
///     ρ = β/h + √(1 + (β/h)²)
///
/// M is analytic as long as every conductance has a positive real part: for |Im x| < β, the
/// smaller of π/(2·ν_max) and π, where cells that are older than the youngest have a singularity.
/// So its coefficients decay like ρ⁻ᵏ. That is a theorem; how large they are is read off three of
/// them, and assumed of the rest. Over 360,000 cells drawn to break it the bound was 3 times the
/// error or more; for the tiles of the tests it is 3 … 35 times the largest error (median 9).
///
/// - Validity: while no cell is written, and from the reference age of the youngest cell on. Where
///   nothing drifts one `EffectiveMatrix` is enough.
/// - Units: x without unit, µS; `errorBound` relative to the largest entry of the same output.
/// - Cost: four solutions a span, eight if the first guess of its length fails; evaluating
///   takes 7 operations a cell. With a bound of 5·10⁻⁶ a span is 0.42: 52 % more age.
/// - Memory: four matrices of Float32.
/// - Source: firmware-specs/device.md, (X-9), "Wires" for the bound that is asked for;
///   trefethen2013atap §8 for the coefficients of analytic functions.
public struct EffectiveMatrixCourse: Sendable {
    public let rows: Int
    public let columns: Int
    public let direction: ReadDirection
    /// The stretch of x for which the bound holds; outside it a new course is needed.
    public let span: ClosedRange<Double>
    /// The error of any entry over the largest entry of its output, at most.
    public let errorBound: Double
    private let matrices: [[Float]]

    static let nodes = 4

    /// - Parameters:
    ///   - start: x now.
    ///   - driftCoefficientMax: the largest ν of the cells.
    ///   - tolerance: what `errorBound` may be; above 10⁻⁶.
    ///   - solution: the exact matrix with the conductances at x.
    public init(
        from start: Double, driftCoefficientMax: Double, tolerance: Double = 5e-6,
        solution: (Double) throws -> EffectiveMatrix
    ) rethrows {
        precondition(driftCoefficientMax >= 0)
        precondition(tolerance > 1e-6)
        let strip = min(.pi / 2 / driftCoefficientMax, .pi)
        // ρ for which coefficients that shrink by it from the largest entry on meet the tolerance.
        let decay = pow(4 / tolerance, 0.25)
        var half = 2 * strip / (decay - 1 / decay)
        while true {
            let points = (0 ..< Self.nodes).map { start + half * (1 + Self.point($0)) }
            let solved = try points.map(solution)
            let bound = Self.bound(solved, decay: strip / half)
            precondition(bound.isFinite)
            if bound <= tolerance {
                (rows, columns) = (solved[0].rows, solved[0].columns)
                direction = solved[0].direction
                span = start ... start + 2 * half
                errorBound = bound
                matrices = solved.map { $0.values.map { Float($0) } }
                return
            }
            half *= max(0.1, 0.9 * pow(tolerance / bound, 0.25))
        }
    }

    /// Whether the bound holds at x; if not, it is used up.
    public func covers(_ x: Double) -> Bool { span.contains(x) }

    /// The matrix at x, µS: rows × columns, row-major.
    ///
    /// - Precondition: `covers(x)`.
    public func values(at x: Double, into out: inout [Float]) {
        precondition(covers(x))
        precondition(out.count == rows * columns)
        let half = (span.upperBound - span.lowerBound) / 2
        let u = half > 0 ? (x - span.lowerBound) / half - 1 : 0
        let weights = (0 ..< Self.nodes).map { Float(Self.weight($0, at: u)) }
        let (w0, w1, w2, w3) = (weights[0], weights[1], weights[2], weights[3])
        let (m0, m1, m2, m3) = (matrices[0], matrices[1], matrices[2], matrices[3])
        for cell in out.indices {
            out[cell] = w0 * m0[cell] + w1 * m1[cell] + w2 * m2[cell] + w3 * m3[cell]
        }
    }

    /// Chebyshev point of the first kind, in −1 … 1.
    private static func point(_ node: Int) -> Double {
        cos(.pi * (Double(node) + 0.5) / Double(nodes))
    }

    private static func chebyshev(_ degree: Int, _ u: Double) -> Double {
        cos(Double(degree) * acos(min(max(u, -1), 1)))
    }

    private static func weight(_ node: Int, at u: Double) -> Double {
        (1 ..< nodes).reduce(1.0) { sum, degree in
            sum + 2 * chebyshev(degree, point(node)) * chebyshev(degree, u)
        } / Double(nodes)
    }

    /// with the rounding of matrices kept in Float32, for the worst output.
    private static func bound(_ solved: [EffectiveMatrix], decay stripOverHalf: Double) -> Double {
        let (rows, columns) = (solved[0].rows, solved[0].columns)
        let rho = stripOverHalf + (1 + stripOverHalf * stripOverHalf).squareRoot()
        let isForward = solved[0].direction == .forward
        var errors = [Double](repeating: 0, count: isForward ? columns : rows)
        // The largest entry of an output at its smallest over the points.
        var largest = [Double](repeating: .infinity, count: errors.count)
        for matrix in solved {
            var entries = [Double](repeating: 0, count: errors.count)
            for cell in matrix.values.indices {
                let output = isForward ? cell % columns : cell / columns
                entries[output] = max(entries[output], matrix.values[cell])
            }
            for output in entries.indices {
                largest[output] = min(largest[output], entries[output])
            }
        }
        // Row k: a_k from the matrices at the points, over ρ^(3 − k).
        let weights = (1 ... 3).map { degree in
            (0 ..< nodes).map {
                chebyshev(degree, point($0)) * 2 / Double(nodes) / pow(rho, Double(3 - degree))
            }
        }
        for cell in 0 ..< rows * columns {
            let output = isForward ? cell % columns : cell / columns
            for weight in weights {
                var sum = 0.0
                for node in 0 ..< nodes { sum += weight[node] * solved[node].values[cell] }
                errors[output] = max(errors[output], abs(sum))
            }
        }
        let worst = zip(errors, largest).reduce(0.0) { $1.1 > 0 ? max($0, $1.0 / $1.1) : $0 }
        return worst * 2 / (rho - 1) + 4 * Double(Float.ulpOfOne)
    }
}
