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

extension SecondComponent {
    /// Of all weights of a network on a chip, in codes.
    ///
    /// - Parameter byProducts: whether weights are what products show, which wires are part
    ///   of; else one read of each. Converters must be ideal then: one row alone would fall
    ///   below their steps.
    package init(
        of trained: Checkpoint, _ deployment: Deployment, on session: any ChipSession,
        byProducts: Bool
    ) throws {
        self.init()
        precondition(!byProducts || session.dataSheet.adcBits == 0)
        for place in deployment.places {
            let (_, layer) = try trained.network.place(of: place.layer)
            let codes = try WeightQuantisation.codes(of: layer, scale: place.scales.weight)
            let found =
                try byProducts
                ? session.weightsByProducts(place.matrix)
                : ReadBackWeights.codes(
                    session.readConductances(place.matrix, repeats: 1), place.matrix,
                    session.dataSheet(ofBank: place.matrix.bank))
            precondition(found.count == codes.values.count)
            for (code, value) in zip(codes.values, found) {
                add(ideal: Double(code), read: Double(value))
            }
        }
    }
}

extension ChipSession {
    /// Rows × columns in codes: what the largest input of each row, alone, brings to the
    /// outputs. Wires are linear: products of other inputs are sums of these.
    fileprivate func weightsByProducts(_ matrix: ChipMatrix) throws -> [Float] {
        let largest = 255
        let size = min(try dataSheet(ofBank: matrix.bank).batchMax, 256)
        return try stride(from: 0, to: matrix.rows, by: size).flatMap { first in
            let rows = first ..< min(first + size, matrix.rows)
            var inputs = [UInt8](repeating: 0, count: rows.count * matrix.rows)
            for row in rows { inputs[(row - first) * matrix.rows + row] = UInt8(largest) }
            let products = try multiply(
                matrix, InputCodes(shape: [rows.count, matrix.rows], values: inputs))
            return products.values.map { Float(Double($0) * products.lsb / Double(largest)) }
        }
    }
}
