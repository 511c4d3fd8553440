internal import Glibc

/// The step Δ of the least squared error of a symmetric uniform quantiser:
///
///     E(Δ) = Σ_i (w_i − Δ·q_i)²,   q_i = clip(round(w_i / Δ), −M, M)
///
/// For given codes q the best step is A/B and its error Σw² − A²/B, with
/// A = Σ w_i·q_i and B = Σ q_i². As Δ falls from above, the codes change only where
/// |w_i| = (m − ½)·Δ, m = 1 … M, and each change adds |w_i| to A and 2m − 1 to B.
/// The nearest codes are the best ones for any step, so the largest A²/B of all the
/// codes met on the way is the least E of all steps: the search is exact.
public enum LeastSquaresStep {
    /// Changes of codes that are searched exactly; sorting them takes memory. Chosen.
    static let changesMax = 1 << 22
    /// Refinements beyond that; none makes the error larger. Chosen.
    static let refinementsMax = 100

    /// Δ > 0; 1/M where all values are zero.
    ///
    /// - Cost: O(n·M·log(n·M)). Where n·M is above 2²² the best of 100 steps is
    ///   refined instead, Δ ← A/B until it stays: no small change improves it, and its
    ///   error is within some n^(−½) of the least.
    public static func step(of values: [Float], codeMax: Int) -> Double {
        precondition(codeMax >= 1)
        let sizes = values.map { Double(abs($0)) }.filter { $0 > 0 }
        guard let largest = sizes.max() else { return 1 / Double(codeMax) }
        return sizes.count <= changesMax / codeMax
            ? exact(sizes, codeMax: codeMax) : refined(sizes, largest: largest, codeMax: codeMax)
    }

    private static func exact(_ sizes: [Double], codeMax: Int) -> Double {
        var changes: [(step: Double, code: Int)] = []
        changes.reserveCapacity(sizes.count * codeMax)
        for size in sizes {
            for code in 1 ... codeMax { changes.append((size / (Double(code) - 0.5), code)) }
        }
        changes.sort { $0.step > $1.step }
        var (a, b, best, bestStep) = (0.0, 0.0, -1.0, 0.0)
        for change in changes {
            a += change.step * (Double(change.code) - 0.5)
            b += Double(2 * change.code - 1)
            if a * a / b > best { (best, bestStep) = (a * a / b, a / b) }
        }
        return bestStep
    }

    private static func refined(_ sizes: [Double], largest: Double, codeMax: Int) -> Double {
        func sums(_ step: Double) -> (a: Double, b: Double) {
            sizes.reduce(into: (0, 0)) { sums, size in
                let code = min(Double(codeMax), rint(size / step))
                sums.0 += size * code
                sums.1 += code * code
            }
        }
        // E = Σw² − 2ΔA + Δ²B.
        func gain(_ step: Double) -> Double {
            let (a, b) = sums(step)
            return 2 * step * a - step * step * b
        }
        let widest = largest / Double(codeMax)
        var step =
            (1 ... 100).map { index in
                let step = widest * Double(index) / 100
                return (step: step, gain: gain(step))
            }
            .max { $0.gain < $1.gain }?.step ?? widest
        for _ in 0 ..< refinementsMax {
            let (a, b) = sums(step)
            if abs(a / b - step) <= 1e-9 * step { break }
            step = a / b
        }
        return step
    }
}
