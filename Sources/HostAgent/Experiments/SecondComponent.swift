/// The share of variance of the second principal component of the pairs (ideal weight,
/// weight read back), PC2: how far a chip's weights deviate, in one figure. 0: none.
///
///     PC2 = (T − √(T² − 4(AB − C²)))/2T,   T = A + B
///     A = Var q, B = Var r, C = Cov(q, r)
///
/// - Source: Bhattacharjee et al., batch-norm adaptation of crossbars, 2023, §4.1.
public struct SecondComponent: Sendable {
    private var count = 0.0
    private var sums = (first: 0.0, second: 0.0)
    private var squares = (first: 0.0, both: 0.0, second: 0.0)

    public init() {}

    public mutating func add(ideal: Double, read: Double) {
        count += 1
        sums.first += ideal
        sums.second += read
        squares.first += ideal * ideal
        squares.both += ideal * read
        squares.second += read * read
    }

    /// 0 … 0.5.
    ///
    /// - Precondition: at least two different pairs.
    public var share: Double {
        let a = squares.first / count - sums.first * sums.first / (count * count)
        let b = squares.second / count - sums.second * sums.second / (count * count)
        let c = squares.both / count - sums.first * sums.second / (count * count)
        let trace = a + b
        precondition(trace > 0)
        return (trace - max(0, trace * trace - 4 * (a * b - c * c)).squareRoot()) / 2 / trace
    }
}
