import Physics
import Testing

/// The share of variance of the second principal component of the pairs (ideal weight, read-back
/// weight): the figure of merit of Bhattacharjee et al. 2023, §4.1.
@Suite("Encoding: second principal component of weights read back")
struct PrincipalComponentTests {
    struct Figure: CustomTestStringConvertible, Sendable {
        let name: String
        var cells: Cells
        /// Simulated outside this project.
        let share: Double
        /// Bhattacharjee et al. 2023, §4.1.
        let published: Double
        var testDescription: String { name }
    }

    static func feFET(_ relative: Double) -> Cells {
        var cells = Cells.feFET
        cells.readRelative = relative
        return cells
    }

    static let figures = [
        Figure(name: "FeFET 0.05", cells: feFET(0.05), share: 5.7e-4, published: 6.9e-4),
        Figure(name: "FeFET 0.10", cells: feFET(0.10), share: 2.25e-3, published: 2.71e-3),
        Figure(name: "FeFET 0.15", cells: feFET(0.15), share: 5.0e-3, published: 6.03e-3),
        Figure(name: "PCM-i", cells: .pcmOne, share: 9.5e-3, published: 9.61e-3),
        Figure(name: "PCM-ii", cells: .pcmTwo, share: 2.85e-3, published: 3.16e-3),
        Figure(name: "RRAM", cells: .rram, share: 4.4e-3, published: 5.59e-3),
    ]

    /// Smaller eigenvalue of the covariance matrix over its trace.
    static func share(_ a: [Float], _ b: [Float]) -> Double {
        let first = Moments(a)
        let second = Moments(b)
        let covariance = correlation(a, b) * first.deviation * second.deviation
        let trace = first.variance + second.variance
        let difference = first.variance - second.variance
        let root = (difference * difference + 4 * covariance * covariance).squareRoot()
        return (trace - root) / 2 / trace
    }

    /// Gaussian weights clipped at four deviations, magnitude 0 … 255 on two cells of four bits,
    /// differential, cells at their levels, read once.
    @Test(arguments: figures)
    func theShareIsThatOfThePaper(_ figure: Figure) throws {
        let count = 400_000
        let technology = try figure.cells.technology()
        let encoding = try WeightEncoding(
            mapping: .differential, slices: 2, bitsPerSlice: 4, codeMax: 255)
        let codes = EventDraws(serial: 100, event: 1).normals(.openLoop, first: 0, count: count)
            .map { Int((min(max($0, -4), 4) / 4 * 255).rounded()) }
        var weights = [Float](repeating: 0, count: count)
        for slice in 0 ..< 2 {
            for polarity in 0 ..< 2 {
                let levels = (0 ..< 16).map {
                    Float(technology.window.level($0, bits: 4).microsiemens)
                }
                let read = CellRead.read(
                    conductances: codes.map {
                        levels[encoding.level(code: $0, slice: slice, polarity: polarity)]
                    },
                    noise: technology.readNoise, repeats: 1,
                    draws: EventDraws(serial: 100, event: 2),
                    firstCell: UInt64((2 * slice + polarity) * count))
                encoding.addWeights(
                    plane: read, slice: slice, polarity: polarity, window: technology.window,
                    into: &weights)
            }
        }
        let share = Self.share(codes.map { Float($0) }, weights)
        #expect(abs(share / figure.share - 1) < 0.03)
        #expect(abs(share / figure.published - 1) < 0.3)
    }
}
