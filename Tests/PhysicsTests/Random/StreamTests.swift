import Physics
import Testing

@Suite("Random: quality and independence of the streams")
struct StreamTests {
    static let count = 1 << 20
    static let fields: [DrawField] = [
        .betweenChip, .withinChip, .driftCoefficient, .openLoop, .writeVerify, .cellRead,
        .productNoise,
    ]

    static func stream(
        _ field: DrawField, serial: UInt32 = 11, event: UInt64 = 5, first: UInt64 = 0,
        count: Int = count
    ) -> [Float] {
        EventDraws(serial: serial, event: event).normals(field, first: first, count: count)
    }

    /// Standard errors of the moments of n normal draws: 1/√n, √(2/n), √(6/n), √(24/n).
    @Test(arguments: [(UInt32(0), UInt64(1)), (11, 5), (.max, .max)])
    func momentsAndDistribution(serial: UInt32, event: UInt64) {
        let values = Self.stream(.productNoise, serial: serial, event: event)
        let moments = Moments(values)
        let root = moments.count.squareRoot()
        #expect(abs(moments.mean) * root < Bound.normal)
        #expect(abs(moments.variance - 1) * root < Bound.normal * 2.0.squareRoot())
        #expect(abs(moments.skewness) * root < Bound.normal * 6.0.squareRoot())
        #expect(abs(moments.excessKurtosis) * root < Bound.normal * 24.0.squareRoot())
        #expect(kolmogorovDistanceToNormal(values) * root < Bound.kolmogorov)
    }

    /// Shares beyond ±t from scipy.stats.norm.sf; binomial bounds.
    @Test(arguments: [
        (Float(1), 0.317_310_507_863), (2, 0.045_500_263_896), (3, 0.002_699_796_063),
        (4, 6.334_248_367e-5), (5, 5.733_031_438e-7),
    ])
    func tails(threshold: Float, share: Double) {
        let draws = 8 * Self.count
        var beyond = 0
        for part in 0 ..< UInt64(8) {
            beyond += Self.stream(.cellRead, first: part << 20).count { abs($0) > threshold }
        }
        let expected = share * Double(draws)
        let bound = Bound.normal * (expected * (1 - share)).squareRoot() + 1
        #expect(abs(Double(beyond) - expected) < bound)
    }

    /// 4.5 standard errors: 99.9 % for the 100 or so pairs together.
    static func areIndependent(_ a: [Float], _ b: [Float]) -> Bool {
        let bound = 4.5 / Double(a.count).squareRoot()
        let squares = correlation(a.map { $0 * $0 }, b.map { $0 * $0 })
        return abs(correlation(a, b)) < bound && abs(squares) < bound
    }

    @Test func fieldsAreIndependent() {
        let streams = Self.fields.map { Self.stream($0, count: 1 << 18) }
        for (index, first) in streams.enumerated() {
            for second in streams[(index + 1)...] { #expect(Self.areIndependent(first, second)) }
        }
    }

    @Test func serialsAndEventsAreIndependent() {
        let base = Self.stream(.cellRead, count: 1 << 18)
        #expect(Self.areIndependent(base, Self.stream(.cellRead, serial: 12, count: 1 << 18)))
        #expect(Self.areIndependent(base, Self.stream(.cellRead, event: 6, count: 1 << 18)))
        #expect(
            Self.areIndependent(base, Self.stream(.cellRead, event: 5 + 1 << 32, count: 1 << 18)))
    }

    /// Neighbours in a block share words; neighbours across blocks do not.
    @Test(arguments: [1, 2, 3, 4, 8, 32])
    func neighboursAreIndependent(lag: Int) {
        let values = Self.stream(.withinChip, count: 1 << 18)
        #expect(Self.areIndependent(Array(values.dropLast(lag)), Array(values.dropFirst(lag))))
    }

    static let pieces: [(first: UInt64, count: Int)] = [
        (0, 10), (1, 3), (5, 70), (30, 4), (1 << 34 - 7, 40),
    ]

    @Test(arguments: pieces)
    func aPieceIsTheSameAsThePartOfTheWhole(first: UInt64, count: Int) {
        let start = first - min(first, 13)
        let whole = Self.stream(.openLoop, first: start, count: count + 40)
        let piece = Self.stream(.openLoop, first: first, count: count)
        #expect(piece == Array(whole[Int(first - start)...].prefix(count)))
    }
}
