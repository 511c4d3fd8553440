import Physics
import Testing

/// Known answers from another implementation of Philox and of Floyd's sample.
@Suite("Random: which elements fail (R-4)")
struct FaultDrawsTests {
    static let high: UInt64 = 1 << 63 + 5

    @Test func knownAnswers() {
        #expect(
            FaultDraws(seed: 42).distinct(6, of: 100) == [25, 54, 61, 84, 90, 96])
        #expect(FaultDraws(seed: Self.high).distinct(5, of: 6) == [0, 1, 3, 4, 5])
        #expect(
            FaultDraws(seed: 7).distinct(3, of: 1_000_000_000)
                == [178_759_395, 215_003_240, 720_210_940])
        #expect(FaultDraws(seed: 42).each(probability: 0.1, of: 60, max: 60) == [21, 55])
        #expect(
            FaultDraws(seed: Self.high).each(probability: 0.5, of: 12, max: 12)
                == [0, 1, 2, 3, 5, 6, 8])
    }

    @Test(arguments: [0, 1, 7, 99, 100])
    func countsAreExact(count: Int) {
        let drawn = FaultDraws(seed: 5).distinct(count, of: 100)
        #expect(drawn.count == count)
        #expect(zip(drawn, drawn.dropFirst()).allSatisfy { $0 < $1 })
        #expect(drawn.allSatisfy { (0 ..< 100).contains($0) })
    }

    /// 20,000 samples of 3 of 10: every element is in 30 % of them (χ², 9 degrees of freedom,
    /// 99.9 %; a sample without replacement has less than binomial spread).
    @Test func everyElementIsEquallyLikely() {
        var counts = [Int](repeating: 0, count: 10)
        for seed in 0 ..< UInt64(20_000) {
            for element in FaultDraws(seed: seed).distinct(3, of: 10) { counts[element] += 1 }
        }
        let square = counts.reduce(0.0) { $0 + (Double($1) - 6_000) * (Double($1) - 6_000) / 6_000 }
        #expect(square < 27.88)
    }

    /// Binomial bounds at 99.9 %.
    @Test(arguments: [0.0, 1e-3, 0.1, 0.5, 1])
    func eachFailsWithItsProbability(probability: Double) {
        let count = 100_000
        let failed = FaultDraws(seed: 9).each(
            probability: probability, of: count, max: count
        ).count
        let spread = (Double(count) * probability * (1 - probability)).squareRoot()
        #expect(abs(Double(failed) - Double(count) * probability) <= Bound.normal * spread)
    }

    @Test func aLimitEndsTheWork() {
        #expect(FaultDraws(seed: 9).each(probability: 1, of: 1 << 40, max: 3) == [0, 1, 2, 3])
    }
}
