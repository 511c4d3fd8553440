/// Counts of values in equal bins, as shares of all.
public struct Histogram: Sendable {
    /// One more than bins.
    public let edges: [Double]
    public let shares: [Double]

    /// Values outside the range count into the outermost bins.
    public init(_ values: [Double], range: ClosedRange<Double>, bins: Int) {
        precondition(bins > 0 && range.upperBound > range.lowerBound)
        let width = (range.upperBound - range.lowerBound) / Double(bins)
        edges = (0 ... bins).map { range.lowerBound + Double($0) * width }
        var counts = [Int](repeating: 0, count: bins)
        for value in values {
            let bin = ((value - range.lowerBound) / width).rounded(.down)
            counts[Int(min(max(bin, 0), Double(bins - 1)))] += 1
        }
        shares = counts.map { Double($0) / Double(max(1, values.count)) }
    }
}
