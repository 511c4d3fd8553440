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

    public init(rows: Int, columns: Int, conductances: [Float], noise: ReadNoise) {
        precondition(conductances.count == rows * columns)
        self.rows = rows
        self.columns = columns
        mean = conductances
        variance = noise == .none ? [] : conductances.map { noise.variance($0) }
    }

    public init(rows: Int, columns: Int, positive: [Float], negative: [Float], noise: ReadNoise) {
        precondition(positive.count == rows * columns)
        precondition(negative.count == rows * columns)
        self.rows = rows
        self.columns = columns
        var mean = positive
        for index in mean.indices { mean[index] -= negative[index] }
        self.mean = mean
        if noise == .none {
            variance = []
        } else {
            var variance = positive
            for index in variance.indices {
                variance[index] = noise.variance(positive[index]) + noise.variance(negative[index])
            }
            self.variance = variance
        }
    }
}

extension ReadNoise {
    @inline(__always)
    fileprivate func variance(_ g: Float) -> Float {
        let deviation = deviation(g)
        return deviation * deviation
    }
}
