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
/// 2·n²·m² operations, nineteen times a new solution at 128 × 128, and leaves an error of second order:
/// at 10⁻⁵ it would hold for a change of three in a thousand.
///
///     |error of an entry| ≤ 2·max(|a_3|, |a_2|/ρ)/(ρ − 1),  ρ = β/h + √(1 + (β/h)²)   
///
/// M is analytic as long as every conductance has a positive real part: for |Im x| < β, the
/// smaller of π/(2·ν_max) and π, where cells that are older than the youngest have a singularity.
/// So its coefficients shrink like ρ⁻ᵏ; how large they are is read off the last two. Tested, the
/// bound is LOOSENESS times the error.
///
/// - Validity: while no cell is written, and from the reference age of the youngest cell on.
/// - Units: x without unit, µS; `errorBound` relative to the largest entry of the same output.
/// - Cost: four to eight solutions for a span; evaluating takes 8 operations a cell.
/// - Memory: four matrices of Float32.
/// - Source: physics §8, §6 for the bound that is asked for; trefethen2013atap §8 for the
///   coefficients of analytic functions.
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
        let second = (0 ..< nodes).map { chebyshev(2, point($0)) * 2 / Double(nodes) }
        let third = (0 ..< nodes).map { chebyshev(3, point($0)) * 2 / Double(nodes) }
        for cell in 0 ..< rows * columns {
            var (a2, a3) = (0.0, 0.0)
            for node in 0 ..< nodes {
                a2 += second[node] * solved[node].values[cell]
                a3 += third[node] * solved[node].values[cell]
            }
            let output = isForward ? cell % columns : cell / columns
            errors[output] = max(errors[output], abs(a3), abs(a2) / rho)
        }
        let worst = zip(errors, largest).reduce(0.0) { $1.1 > 0 ? max($0, $1.0 / $1.1) : $0 }
        return worst * 2 / (rho - 1) + 4 * Double(Float.ulpOfOne)
    }
}
