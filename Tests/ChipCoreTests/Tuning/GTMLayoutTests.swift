import ChipCore
import Physics
import Testing

@Suite("GTM: where its cells lie (T-1)")
struct GTMLayoutTests {
    struct Size: CustomTestStringConvertible, Sendable {
        let cells: Int
        var rows = 16
        var columns = 8
        /// Worked out by hand.
        let tiles: Int
        let conversions: Int
        var testDescription: String { "\(cells) cells in columns of \(rows)" }
    }

    /// A cell; a column; a column and a cell; three tiles to the last cell; one more; the largest,
    /// 781 columns of 128 and one of 32.
    @Test(arguments: [
        Size(cells: 1, tiles: 1, conversions: 1), Size(cells: 16, tiles: 1, conversions: 1),
        Size(cells: 17, tiles: 1, conversions: 2), Size(cells: 384, tiles: 3, conversions: 24),
        Size(cells: 385, tiles: 4, conversions: 25),
        Size(cells: 100_000, rows: 128, columns: 128, tiles: 7, conversions: 782),
    ])
    func columnAfterColumn(_ size: Size) throws {
        let spec = try TestSpec.chip(
            TestSpec.technology(), tiles: 1, rows: size.rows, columns: size.columns,
            gtmCells: size.cells, adcBits: 12)
        let bench = try TestBench(spec)
        try bench.takeLease()
        let first = bench.gtmTile
        #expect(spec.tiles - first == size.tiles)
        #expect(try bench.programReference(.gtm).cells == size.cells)
        let width = spec.banks[try #require(spec.gtmBank)].columns
        var written = 0
        for tile in 0 ..< size.tiles {
            for (cell, conductance) in try bench.conductances(tile: first + tile).enumerated() {
                let column = tile * width + cell % width
                let number = column * size.rows + cell / width
                guard (conductance == 20) == (number < size.cells) else {
                    Issue.record("cell \(number) conducts \(conductance) µS")
                    return
                }
                written += conductance == 20 ? 1 : 0
            }
        }
        #expect(written == size.cells)
        let sum = try bench.readReference()
        #expect(sum.cells == size.cells)
        #expect(sum.conversions == size.conversions)
        let nominal = Double(size.cells) * 20 * 0.2
        #expect(abs(sum.nominalMicroamperes / nominal - 1) < 1e-12)
        // Half an LSB of 2.5/4095 a column, and of a last one that is not full as much.
        let lsb = 2.5 / 4095 * Double(min(size.rows, size.cells)) * 20 * 0.2
        #expect(abs(sum.microamperes - nominal) <= Double(size.conversions) * lsb / 2)
    }

    /// No tile is wider than the bank that the GTM is made like, or than its cells need.
    @Test func aSmallGTMHasANarrowTile() throws {
        for (cells, columns) in [(1, 1), (16, 1), (17, 2), (128, 8), (129, 8)] {
            let spec = try TestSpec.chip(TestSpec.technology(), gtmCells: cells)
            let gtm = spec.banks[try #require(spec.gtmBank)]
            #expect((gtm.rows, gtm.columns) == (16, columns))
        }
    }
}
