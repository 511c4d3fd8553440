/// What a product needs of the cells of a tile at one instant: mean and variance of the current
/// of each cell at 1 V.
///
///     single        mean g            variance σ²(g)
///     differential  mean g⁺ − g⁻      variance σ²(g⁺) + σ²(g⁻)      (M-4)
///
/// In wires the mean is M instead of g, the variance a, and `arrays` holds what needs
/// beside: such an image is good for one direction.
///
/// - Shape: rows × columns, row-major; row i is driven by word line i.
/// - Units: µS and µS². `variance` is empty where there is no read noise.
/// - Source: firmware-specs/device.md (M-4), (X-7).
public struct ProductImage: Sendable {
    public let rows: Int
    public let columns: Int
    public let mean: [Float]
    public let variance: [Float]
    /// Empty without wires, and where there is no read noise.
    let arrays: [WiredArray]
    /// `nil`: both.
    let direction: ReadDirection?

    /// - Precondition: dead cells have the conductance 0.
    public init(
        rows: Int, columns: Int, conductances: [Float], noise: ReadNoise, dead: DeadLines = .none
    ) {
        precondition(conductances.count == rows * columns)
        self.rows = rows
        self.columns = columns
        (arrays, direction) = ([], nil)
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
        (arrays, direction) = ([], nil)
        var mean = positive
        for index in mean.indices { mean[index] -= negative[index] }
        self.mean = mean
        var variance = noise.variances(positive, dead.positive, width: columns)
        let other = noise.variances(negative, dead.negative, width: columns)
        for index in variance.indices { variance[index] += other[index] }
        self.variance = variance
    }

    /// Images of the same inputs side by side, so that one product serves all: their outputs
    /// follow each other. `nil`: they have wires or are not of one size.
    ///
    /// - Parameter transposed: the inputs are columns.
    public init?(joining images: [ProductImage], transposed: Bool) {
        guard let first = images.first,
            images.allSatisfy({
                $0.rows == first.rows && $0.columns == first.columns && $0.direction == nil
                    && $0.variance.count == first.variance.count
            })
        else { return nil }
        rows = transposed ? first.rows * images.count : first.rows
        columns = transposed ? first.columns : first.columns * images.count
        (arrays, direction) = ([], nil)
        func joined(_ planes: [[Float]]) -> [Float] {
            if transposed || planes[0].isEmpty { return planes.flatMap { $0 } }
            var joined: [Float] = []
            joined.reserveCapacity(planes.reduce(0) { $0 + $1.count })
            for row in 0 ..< first.rows {
                for plane in planes {
                    joined += plane[row * first.columns ..< (row + 1) * first.columns]
                }
            }
            return joined
        }
        mean = joined(images.map(\.mean))
        variance = joined(images.map(\.variance))
    }

    /// One array in its wires, or two that are subtracted.
    ///
    /// - Precondition: both have noise, or neither.
    public init(_ array: WiredArray, minus other: WiredArray? = nil) {
        (rows, columns, direction) = (array.rows, array.columns, array.direction)
        let all = [array] + (other.map { [$0] } ?? [])
        var (mean, variance) = (array.mean, array.noise?.squares ?? [])
        if let other {
            precondition(other.rows == rows && other.columns == columns)
            precondition(other.direction == direction)
            precondition((other.noise == nil) == (array.noise == nil))
            for index in mean.indices { mean[index] -= other.mean[index] }
            for index in variance.indices { variance[index] += other.noise?.squares[index] ?? 0 }
        }
        (self.mean, self.variance) = (mean, variance)
        arrays = array.noise == nil ? [] : all
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
