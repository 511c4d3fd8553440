import ChipCore
import Physics
import Testing

/// What is kept of a tile for the next read is dropped when the tile is written.
@Suite("A reference written anew shows its new conductance")
struct RewrittenReferenceTests {
    private struct Setup {
        let bench: TestBench
        let matrix: UInt32

        /// One tile of data with two LTM columns, a GTM of 20 cells, all at 10 µS.
        init(_ wires: WireResistances) throws {
            bench = try TestBench(
                TestSpec.chip(
                    TestSpec.technology(), ltmColumns: 2, gtmCells: 20, wires: wires,
                    withinChip: 0.05))
            try bench.takeLease()
            matrix = try bench.map(rows: 16, columns: 8, weightBits: 2, mapping: .offset).id
            try bench.program(matrix, (0 ..< 128).map { Int16($0 % 3) - 1 })
            try write(microsiemens: 10)
        }

        func write(microsiemens: Double) throws {
            try bench.programReference(.gtm, microsiemens: microsiemens)
            try bench.programReference(.ltm(matrix: matrix), microsiemens: microsiemens)
        }

        func answers() throws -> (gtm: Double, ltm: [Float], data: [Float]) {
            let product = try bench.multiplyWithLTM(matrix, Array(repeating: 200, count: 16))
            return (
                try bench.readReference().microamperes, try #require(product.product.ltm).products,
                product.values
            )
        }
    }

    /// The same cells, without noise: deviations are in proportion, so that all sums go by 1.5; in
    /// wires by less, and the data columns feel it. Bit for bit as on a chip that was not asked
    /// before.
    @Test(arguments: [false, true])
    func afterAReadAndAProduct(hasWires: Bool) throws {
        let wires = hasWires ? try WireResistances.strong() : .ideal
        let (asked, fresh) = (try Setup(wires), try Setup(wires))
        let before = try asked.answers()
        try asked.write(microsiemens: 15)
        try fresh.write(microsiemens: 15)
        let (after, expected) = (try asked.answers(), try fresh.answers())
        #expect(after.gtm == expected.gtm)
        #expect(after.ltm == expected.ltm)
        #expect(after.data == expected.data)
        let ratios =
            [after.gtm / before.gtm] + zip(after.ltm, before.ltm).map { Double($0 / $1) }
        for ratio in ratios {
            if hasWires {
                #expect((1.05 ..< 1.49).contains(ratio))
            } else {
                #expect(abs(ratio - 1.5) < 1e-6)
            }
        }
        #expect((after.data == before.data) == !hasWires)
    }
}
