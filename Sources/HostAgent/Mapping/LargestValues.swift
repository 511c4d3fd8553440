/// The quantile p of many values that come in parts, exactly: the smallest value
/// that at least the share p of all doesn't exceed.
///
/// Of N values it is the m-th largest,
///
///     m = N − max(1, ⌈p·N⌉) + 1
///
/// so no more than 2·m are kept: few where p is near 1, whatever N.
public struct LargestValues {
    /// m.
    private let count: Int
    private var kept: [Float] = []
    /// No value up to this one can be among the m largest, but for ties.
    private var bound = -Float.infinity

    /// - Parameter total: N, how many values will be added.
    public init(_ p: Double, of total: Int) {
        precondition((0 ... 1).contains(p) && total >= 0)
        count = max(1, total - max(1, Int((p * Double(total)).rounded(.up))) + 1)
    }

    public mutating func add(_ values: [Float]) {
        for value in values where value > bound {
            kept.append(value)
            if kept.count == 2 * count { cut() }
        }
    }

    /// The quantile; 0 of nothing.
    public mutating func smallest() -> Float {
        if kept.count > count { cut() }
        return kept.min() ?? 0
    }

    private mutating func cut() {
        kept.sort(by: >)
        kept.removeLast(kept.count - count)
        bound = kept[count - 1]
    }
}
