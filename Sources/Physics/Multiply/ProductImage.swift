/// What a product needs of the cells of a tile at one instant: mean and variance of the current
/// of each cell at 1 V.
///
///     single        mean g            variance σ²(g)
///     differential  mean g⁺ − g⁻      variance σ²(g⁺) + σ²(g⁻)      (M-4)
///
/// - Shape: rows × columns, row-major; row i is driven by word line i.
/// - Units: µS and µS². `variance` is empty where there is no read noise.
/// - Source: physics §7.
public struct ProductImage: Sendable {
    public let rows: Int
    public let columns: Int
    public let mean: [Float]
    public let variance: [Float]

    /// - Precondition: dead cells have the conductance 0.
    public init(
        rows: Int, columns: Int, conductances: [Float], noise: ReadNoise, dead: DeadLines = .none
    ) {
        precondition(conductances.count == rows * columns)
        self.rows = rows
        self.columns = columns
        mean = conductances
        variance = noise.variances(conductances, dead, width: columns)
    }

    /// - Precondition: dead cells have the conductance 0.
    public init(
        rows: Int, columns: Int, positive: [Float], negative: [Float], noise: ReadNoise,
        dead: (positive: DeadLines, negative: DeadLines) = (.none, .none)
    ) {
        precondition(positive.count == rows * columns)
        precondition(negative.count == rows * columns)
        self.rows = rows
        self.columns = columns
        var mean = positive
        for index in mean.indices { mean[index] -= negative[index] }
        self.mean = mean
        var variance = noise.variances(positive, dead.positive, width: columns)
        let other = noise.variances(negative, dead.negative, width: columns)
        for index in variance.indices { variance[index] += other[index] }
        self.variance = variance
    }
}

extension ReadNoise {
    /// Empty without noise.
    fileprivate func variances(_ conductances: [Float], _ dead: DeadLines, width: Int) -> [Float] {
        if self == .none { return [] }
        var variances = conductances.map { g in
            let deviation = deviation(g)
            return deviation * deviation
        }
        dead.silence(&variances, width: width)
        return variances
    }
}
