import Foundation
import Physics
import TestSupport
import Testing

@Suite("Wires: the exact effective matrix (X-1, X-5)")
struct EffectiveMatrixTests {
    @Test(
        "The circuit simulator's cases, where NVCIM_ORACLES names their folder",
        .enabled(if: CrossbarOracle.folder != nil, "NVCIM_ORACLES isn't set"),
        arguments: CrossbarOracle.names)
    func oracles(name: String) throws {
        let oracle = try CrossbarOracle(name: name)
        let (rows, columns) = (oracle.rows, oracle.columns)
        let resistances = try oracle.resistances()
        let matrix = EffectiveMatrix(
            WiredTile(
                rows: rows, columns: columns, conductances: oracle.conductances,
                resistances: resistances))
        let expected = (0 ..< rows).flatMap { row in
            oracle.effective.map { $0[row] }
        }
        #expect(largestRatioError(matrix.values, expected) < 1e-10)
        let currents = (0 ..< columns).map { column in
            (0 ..< rows).reduce(0) { $0 + matrix[$1, column] * oracle.inputs[$1] }
        }
        #expect(largestRatioError(currents, oracle.outputs) < 1e-10)
        let nodal = NodalNetwork(rows, columns, oracle.conductances, resistances)
        #expect(largestRatioError(matrix.values, nodal.forwardMatrix()) < 1e-9)
    }

    /// Every pattern of resistances that are 0, both directions, open cells, an open row and an
    /// open column.
    @Test(arguments: 0 ..< 16, [ReadDirection.forward, .transposed])
    func zerosAreExact(pattern: Int, direction: ReadDirection) throws {
        func ohm(_ bit: Int, _ value: Double) -> Double { pattern >> bit & 1 == 1 ? value : 0 }
        let resistances = try WireResistances(
            driverOhm: ohm(0, 700), rowWireOhm: ohm(1, 50), columnWireOhm: ohm(2, 120),
            senseOhm: ohm(3, 2000))
        for (rows, columns) in [(1, 1), (1, 6), (6, 1), (5, 4), (4, 7), (19, 18)] {
            var generator = SeededGenerator(state: UInt64(pattern * 100 + rows))
            var g = try randomConductances(
                .rram, count: rows * columns, open: 0.2, generator: &generator)
            if rows > 3, columns > 3 {
                for row in 0 ..< rows { g[row * columns + 1] = 0 }
                for column in 0 ..< columns { g[2 * columns + column] = 0 }
            }
            if rows * columns == 1 { g = [12.5] }
            let matrix = EffectiveMatrix(
                WiredTile(
                    rows: rows, columns: columns, conductances: g, resistances: resistances,
                    direction: direction))
            let nodal = NodalNetwork(rows, columns, g, resistances, direction)
            #expect(largestDifference(matrix.values, nodal.matrix(direction)) < 1e-11)
            if resistances == .ideal { #expect(matrix.values == g) }
        }
    }

    @Test func allOpenIsNothing() {
        let matrix = EffectiveMatrix(
            WiredTile(
                rows: 3, columns: 2, conductances: [Float](repeating: 0, count: 6),
                resistances: .published))
        #expect(matrix.values == [0, 0, 0, 0, 0, 0])
    }

    /// g/(1 + g·(R_driver + R_sense)).
    @Test(arguments: [0.0, 0.045, 4.5, 20, 1e4])
    func oneCell(g: Double) throws {
        let resistances = try WireResistances(
            driverOhm: 1500, rowWireOhm: 5, columnWireOhm: 10, senseOhm: 800)
        let matrix = EffectiveMatrix(
            WiredTile(rows: 1, columns: 1, conductances: [g], resistances: resistances))
        #expect(abs(matrix[0, 0] - g / (1 + g * 2300e-6)) <= 4e-15 * g)
    }

    /// One row of m equal cells: a uniform ladder, with 2·(cosh θ − 1) = R·y, y = g/(1 + g·R_s),
    /// has node potentials cosh((m − k − ½)·θ)/cosh((m − ½)·θ).
    @Test(arguments: [1, 2, 17, 200], [5.0, 400])
    func oneRowIsALadder(columns: Int, ohm: Double) throws {
        let resistances = try WireResistances(
            driverOhm: 0, rowWireOhm: ohm, columnWireOhm: 33, senseOhm: 1000)
        let matrix = EffectiveMatrix(
            WiredTile(
                rows: 1, columns: columns, conductances: [Double](repeating: 20, count: columns),
                resistances: resistances))
        let shunt = 20 / (1 + 20 * 1000e-6)
        let theta = acosh(1 + ohm * 1e-6 * shunt / 2)
        let m = Double(columns)
        for column in 0 ..< columns {
            let potential =
                cosh((m - Double(column) - 0.5) * theta) / cosh((m - 0.5) * theta)
            #expect(abs(matrix[0, column] / (shunt * potential) - 1) < 1e-11)
        }
    }

    static let shapes = [(16, 16), (48, 20), (20, 48), (33, 31)]

    @Test(arguments: Cells.published, shapes)
    func reciprocityAndPassivity(cells: Cells, shape: (Int, Int)) throws {
        let (rows, columns) = shape
        var generator = SeededGenerator(state: 7)
        let g = try randomConductances(cells, count: rows * columns, generator: &generator)
        func matrix(_ r: WireResistances, _ direction: ReadDirection) -> EffectiveMatrix {
            EffectiveMatrix(
                WiredTile(
                    rows: rows, columns: columns, conductances: g, resistances: r,
                    direction: direction))
        }
        let forward = matrix(.published, .forward)
        let backward = matrix(.published, .transposed)
        #expect(largestRatioError(backward.values, forward.values) < 1e-11)
        let uneven = try WireResistances(
            driverOhm: 300, rowWireOhm: 5, columnWireOhm: 10, senseOhm: 2500)
        let swapped = try WireResistances(
            driverOhm: 2500, rowWireOhm: 5, columnWireOhm: 10, senseOhm: 300)
        let transposed = matrix(uneven, .transposed)
        #expect(
            largestRatioError(transposed.values, matrix(swapped, .forward).values) < 1e-11)
        #expect(largestRatioError(transposed.values, matrix(uneven, .forward).values) > 1e-3)
        #expect(forward.values.allSatisfy { $0 >= 0 })
        for row in 0 ..< rows {
            let cells = row * columns ..< (row + 1) * columns
            #expect(
                forward.values[cells].reduce(0, +) < g[cells].reduce(0, +))
        }
        for column in 0 ..< columns {
            let cells = stride(from: column, to: rows * columns, by: columns)
            #expect(cells.reduce(0) { $0 + forward.values[$1] } < cells.reduce(0) { $0 + g[$1] })
        }
    }

    /// The largest tile of a chip, walked along its rows and along its columns.
    @Test func bothWaysThroughALargeTile() throws {
        var generator = SeededGenerator(state: 8)
        let g = try randomConductances(.rram, count: 256 * 256, generator: &generator)
        let matrices = [ReadDirection.forward, .transposed].map {
            EffectiveMatrix(
                WiredTile(
                    rows: 256, columns: 256, conductances: g, resistances: .published,
                    direction: $0))
        }
        #expect(largestRatioError(matrices[0].values, matrices[1].values) < 1e-13)
    }

    /// Rayleigh: the power that all sources at 1 V deliver never grows with a resistance.
    @Test(arguments: 0 ..< 4)
    func moreResistanceIsLessPower(part: Int) throws {
        var generator = SeededGenerator(state: 3)
        let g = try randomConductances(.rram, count: 20 * 12, generator: &generator)
        var last = Double.infinity
        for ohm in [0.0, 1e-6, 1e-3, 1, 10, 100, 1e3, 1e4] {
            func at(_ index: Int, _ value: Double) -> Double { index == part ? ohm : value }
            let matrix = EffectiveMatrix(
                WiredTile(
                    rows: 20, columns: 12, conductances: g,
                    resistances: try WireResistances(
                        driverOhm: at(0, 1000), rowWireOhm: at(1, 5), columnWireOhm: at(2, 10),
                        senseOhm: at(3, 1000))))
            let power = matrix.values.reduce(0, +)
            #expect(power < last)
            last = power
        }
    }

    /// Conductances c times larger are resistances c times larger.
    @Test func scales() throws {
        var generator = SeededGenerator(state: 4)
        let g = try randomConductances(.pcmTwo, count: 24 * 24, generator: &generator)
        let r = WireResistances.published
        let half = try WireResistances(
            driverOhm: r.driverOhm / 2, rowWireOhm: r.rowWireOhm / 2,
            columnWireOhm: r.columnWireOhm / 2, senseOhm: r.senseOhm / 2)
        let weak = EffectiveMatrix(
            WiredTile(
                rows: 24, columns: 24, conductances: g.map { $0 / 2 }, resistances: r))
        let strong = EffectiveMatrix(
            WiredTile(rows: 24, columns: 24, conductances: g, resistances: half))
        #expect(largestRatioError(weak.values.map { $0 * 2 }, strong.values) < 1e-11)
    }

    /// The longest wires that are allowed, and ends much larger and much smaller than the wires.
    @Test(arguments: [(0.0, 0.0), (1e6, 1e6), (0, 1e6), (1e6, 0)])
    func theLongestWires(ends: (Double, Double)) throws {
        let (rows, columns) = (40, 24)
        var generator = SeededGenerator(state: 5)
        let g = try randomConductances(.rram, count: rows * columns, generator: &generator)
        let limit = { (cells: Int) in
            min(1e4, pow(WireResistances.lengthMax / Double(cells), 2) * 0.999_999 / 20e-6)
        }
        let resistances = try WireResistances(
            driverOhm: ends.0, rowWireOhm: limit(columns), columnWireOhm: limit(rows),
            senseOhm: ends.1)
        try resistances.checkLength(rows: rows, columns: columns, on: .microsiemens(20))
        let matrix = EffectiveMatrix(
            WiredTile(
                rows: rows, columns: columns, conductances: g, resistances: resistances))
        let nodal = NodalNetwork(rows, columns, g, resistances)
        #expect(largestDifference(matrix.values, nodal.forwardMatrix()) < 1e-9)
    }
}
