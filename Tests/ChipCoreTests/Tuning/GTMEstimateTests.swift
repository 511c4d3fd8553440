import ChipCore
import Foundation
import Physics
import Testing

/// ε̂_B − ε_B of 1,000 chips, weight-proportional: mean 0 and the standard error of (T-6). Bounds
/// are 3.29 standard deviations of the mean and of the variance: 99.9 % each, on fixed serials.
@Suite("GTM: the estimate of ε_B")
struct GTMEstimateTests {
    private func errors(_ spec: ChipSpec, microsiemens: Double = 0, repeats: Int = 1) throws
        -> [Double]
    {
        try (1 ... 1000).map { (serial: UInt32) in
            let bench = try TestBench(spec, serial: serial)
            try bench.takeLease()
            try bench.programReference(.gtm, microsiemens: microsiemens)
            let sum = try bench.readReference(repeats: repeats)
            #expect(sum.cells == spec.banks[spec.gtmBank!].gtmCells)
            #expect(sum.clipped == 0)
            let between = Fabrication(serial: serial, variation: spec.variation).betweenChip
            return sum.microamperes / sum.nominalMicroamperes - 1 - between
        }
    }

    /// - Parameter kurtosis: of one error; the variance of n of them has the relative variance
    ///   (kurtosis − 1)/n.
    private func check(_ errors: [Double], _ expected: Double, kurtosis: Double = 3) {
        let count = Double(errors.count)
        let mean = errors.reduce(0, +) / count
        #expect(abs(mean) < 3.29 * expected / count.squareRoot())
        let variance = errors.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1)
        let bound = 3.29 * ((kurtosis - 1) / count).squareRoot()
        #expect(abs(variance / (expected * expected) - 1) < bound)
    }

    @Test func itIsUnbiasedWithinTheSpreadOfItsCells() throws {
        let errors = try errors(
            TestSpec.chip(
                TestSpec.technology(), tiles: 1, rows: 128, gtmCells: 1000, betweenChips: 0.1,
                withinChip: 0.2))
        check(errors, 0.2 / 1000.0.squareRoot())
    }

    /// se² = [σ_W² + (σ_p·G_on/w)² + (σ(w)/w)²·(1 + σ_W²)/R]/n + LSB²/(12·columns).
    @Test func programmingReadNoiseAndConverterAddToIt() throws {
        let errors = try errors(
            TestSpec.chip(
                TestSpec.technology(noise: 0.4, programming: 0.1), tiles: 1, rows: 128,
                gtmCells: 1000, adcBits: 10, betweenChips: 0.1, withinChip: 0.2),
            microsiemens: 12, repeats: 4)
        let programming = 0.1 * 20 / 12
        let cells = 0.2 * 0.2 + programming * programming + 0.4 * 0.4 * 1.04 / 4
        let lsb = 2.5 / 1023
        check(errors, (cells / 1000 + lsb * lsb / (12 * 8)).squareRoot())
    }

    // MARK: The converter's term

    /// 6 bits over 2.5·I₀: an LSB of 0.0397·I₀, of which ε_B spreads over 2.5 LSB, so that the
    /// part of an LSB that a sum leaves is uniform. 8 full columns of 16 cells.
    private static let lsb = 2.5 / 63
    private func coarse(withinChip: Double) throws -> ChipSpec {
        try TestSpec.chip(
            TestSpec.technology(), tiles: 1, gtmCells: 128, adcBits: 6, betweenChips: 0.1,
            withinChip: withinChip)
    }

    /// Without spread of the cells all columns round the same sum the same way: M is off by what
    /// one conversion is, LSB²/12 however many columns there are, and never by more than LSB/2.
    /// A uniform error has the kurtosis 9/5.
    @Test func columnsOfEqualCellsRoundAlike() throws {
        let errors = try errors(coarse(withinChip: 0))
        #expect(errors.allSatisfy { abs($0) <= Self.lsb / 2 * (1 + 1e-5) })
        check(errors, Self.lsb / 12.0.squareRoot(), kurtosis: 9.0 / 5)
    }

    /// σ_W = 0.4·√rows·LSB spreads the columns' sums by 0.4 LSB. What two columns leave then
    /// correlates by Σ_k 6/(πk)²·exp(−4π²k²·0.4²) = 0.0011, which adds 7 · 0.0011 to the term
    /// LSB²/(12·columns) of (T-6): a third of the variance, 340 % of it with columns that round
    /// alike, two thirds without the term; the bound is 15 %.
    @Test func columnsThatDifferRoundEachOnItsOwn() throws {
        let within = 0.4 * 16.0.squareRoot() * Self.lsb
        let errors = try errors(coarse(withinChip: within))
        let cells = within * within / 128
        check(errors, (cells + Self.lsb * Self.lsb / (12 * 8)).squareRoot())
    }
}
