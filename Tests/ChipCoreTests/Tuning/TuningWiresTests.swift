import ChipCore
import Physics
import TestSupport
import Testing

@Suite("Tuning columns in wires, against a nodal analysis of the tile")
struct TuningWiresTests {
    private static func wires() throws -> WireResistances {
        try WireResistances(driverOhm: 1000, rowWireOhm: 50, columnWireOhm: 80, senseOhm: 500)
    }

    private func currents(
        _ nodal: NodalNetwork, _ rowVolts: [Double]
    ) -> [Double] {
        nodal.currents(
            nodal.potentials(
                rowVolts: rowVolts, columnVolts: Array(repeating: 0, count: nodal.columns)),
            intoColumns: true)
    }

    /// The sums are those of the whole tile, LTM columns and unused cells included.
    @Test func theLTMLoadsTheTileAsOtherColumnsDo() throws {
        let bench = try TestBench(
            TestSpec.chip(TestSpec.technology(), ltmColumns: 2, wires: Self.wires()))
        try bench.takeLease()
        let matrix = try bench.map(rows: 12, columns: 5, weightBits: 2, mapping: .offset)
        try bench.programReference(.ltm(matrix: matrix.id), microsiemens: 15)
        try bench.program(matrix.id, (0 ..< 60).map { Int16($0 % 3) - 1 })
        let codes = (0 ..< 12).map { UInt8($0 * 20) }
        let (values, product, _) = try bench.multiplyWithLTM(matrix.id, codes)
        let nodal = NodalNetwork(
            16, 10, try bench.conductances(tile: matrix.tiles[0]), try Self.wires())
        let currents = currents(nodal, codes.map { Double($0) * 0.2 / 255 } + [0, 0, 0, 0])
        let kappa = 3 / (18 * 0.2 / 255)
        let reference = product.referencePerInput * Double(codes.reduce(0) { $0 + Int($1) })
        for (index, value) in (values.map { Double($0) + reference }).enumerated() {
            #expect(abs(value - kappa * currents[index]) < 1e-4 * abs(value))
        }
        for (index, value) in try #require(product.ltm).products.enumerated() {
            #expect(abs(Double(value) - kappa * currents[8 + index]) < 1e-4 * Double(value))
        }
    }

    /// 40 cells in one tile of 16 × 3: two columns are read with all rows driven, the third with
    /// the eight rows that hold its cells; the cells of the others load the wires each time.
    @Test func theSumOfTheGTMIsThatOfItsTile() throws {
        let bench = try TestBench(
            TestSpec.chip(
                TestSpec.technology(), gtmCells: 40, wires: Self.wires(), withinChip: 0.1))
        try bench.takeLease()
        try bench.programReference(.gtm)
        let nodal = NodalNetwork(
            16, 3, try bench.conductances(tile: bench.gtmTile), try Self.wires())
        let full = currents(nodal, Array(repeating: 0.2, count: 16))
        let rest = currents(nodal, (0 ..< 16).map { $0 < 8 ? 0.2 : 0 })
        let expected = full[0] + full[1] + rest[2]
        let sum = try bench.readReference()
        #expect(abs(sum.microamperes - expected) < 1e-5 * expected)
        // What wires take is far more than that.
        #expect(sum.microamperes < 0.95 * sum.nominalMicroamperes)
    }
}
