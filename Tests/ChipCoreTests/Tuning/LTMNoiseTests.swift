import ChipCore
import Physics
import Testing

/// Bounds are 3.29 standard deviations of each figure: 99.9 %, on fixed seeds.
@Suite("LTM columns: read noise")
struct LTMNoiseTests {
    private static let batch = 2000

    private func product(rows: Int, columns: Int, ltmColumns: Int) throws
        -> (data: [Float], ltm: [Float])
    {
        let bench = try TestBench(
            TestSpec.chip(TestSpec.technology(noise: 0.1), ltmColumns: ltmColumns))
        try bench.takeLease()
        let matrix = try bench.map(rows: rows, columns: columns, weightBits: 2, mapping: .offset)
        try bench.programReference(.ltm(matrix: matrix.id))
        try bench.program(matrix.id, Array(repeating: 1, count: rows * columns))
        let product = try bench.multiplyWithLTM(
            matrix.id, Array(repeating: 255, count: rows * Self.batch), batch: Self.batch)
        return (product.values, try #require(product.product.ltm).products)
    }

    /// Var = Σ V²·σ²(g), each column and vector with a draw of its own.
    @Test func isThatOfTheirCells() throws {
        let sums = try product(rows: 16, columns: 8, ltmColumns: 2).ltm
        // κ·I of one column: 16 cells of 20 µS ± 10 % at 255 codes, 3 / 18 µS.
        let scale = 255.0 * 3 / 18
        let deviations = sums.map { (Double($0) / scale - 320) / (2 * 4) }
        let variance = deviations.reduce(0) { $0 + $1 * $1 } / Double(deviations.count)
        #expect(abs(variance - 1) < 3.29 * (2 / Double(deviations.count)).squareRoot())
        for lag in [1, 2, 4] {
            #expect(Self.correlates(deviations, Array(deviations.dropFirst(lag))) == false)
        }
    }

    /// Two row tiles, so that each sum has two draws. A draw that data and LTM columns share would
    /// give a correlation of 1/2 and more: of outputs at the same place of the batch, in which
    /// order their draws are numbered, or of those of one vector.
    @Test(arguments: [(1, 4), (8, 2)])
    func isNotThatOfTheDataColumns(columns: Int, ltmColumns: Int) throws {
        let product = try product(rows: 32, columns: columns, ltmColumns: ltmColumns)
        let data = Self.standardised(product.data)
        let ltm = Self.standardised(product.ltm)
        #expect(!Self.correlates(data, ltm))
        for column in 0 ..< columns {
            for other in 0 ..< ltmColumns {
                #expect(
                    !Self.correlates(
                        (0 ..< Self.batch).map { data[$0 * columns + column] },
                        (0 ..< Self.batch).map { ltm[$0 * ltmColumns + other] }))
            }
        }
    }

    /// All columns hold one level: their outputs have one mean and one variance.
    private static func standardised(_ values: [Float]) -> [Double] {
        let count = Double(values.count)
        let mean = values.reduce(0) { $0 + Double($1) } / count
        let variance = values.reduce(0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / count
        return values.map { (Double($0) - mean) / variance.squareRoot() }
    }

    private static func correlates(_ a: [Double], _ b: [Double]) -> Bool {
        let sum = zip(a, b).reduce(0) { $0 + $1.0 * $1.1 }
        return abs(sum) >= 3.29 * Double(min(a.count, b.count)).squareRoot()
    }
}
