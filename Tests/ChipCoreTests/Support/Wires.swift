import ChipCore
import Physics
import Testing

extension TestBench {
    /// Times that the chip solved the wires of a tile.
    var wireSolutions: Int { chip.worker.withLock { $0.wireSolutions } }

    /// 20 × 12 weights on one tile of 24 × 16.
    static func single(_ technology: CellTechnology, wires: WireResistances) throws
        -> (TestBench, MatrixDescription)
    {
        let bench = try TestBench(
            TestSpec.chip(technology, tiles: 4, rows: 24, columns: 16, wires: wires))
        try bench.takeLease()
        let matrix = try bench.map(
            rows: 20, columns: 12, weightBits: 4, codeMax: 7, mapping: .offset,
            sensing: .singleEnded)
        #expect(matrix.tiles.count == 1)
        return (bench, matrix)
    }
}

extension WireResistances {
    /// Of which a small tile feels much.
    static func strong() throws -> WireResistances {
        try WireResistances(
            driverOhm: 600, rowWireOhm: 60, columnWireOhm: 90, senseOhm: 1800)
    }
}
