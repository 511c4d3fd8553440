import Physics
import TestSupport
import Testing

/// Products of a block of a tile in its wires, against sums in Double over the whole tile.
@Suite("Multiply: in wires (X-1, X-7)")
struct WiredProductTests {
    private struct Tile {
        let matrix: EffectiveMatrix
        let noise: WireNoise

        init(_ rows: Int, _ columns: Int, _ direction: ReadDirection, seed: UInt64) throws {
            var generator = SeededGenerator(state: seed)
            let g = try randomConductances(.rram, count: rows * columns, generator: &generator)
            let tile = WiredTile(
                rows: rows, columns: columns, conductances: g,
                resistances: try WireResistances(
                    driverOhm: 500, rowWireOhm: 20, columnWireOhm: 40, senseOhm: 1500),
                direction: direction)
            matrix = EffectiveMatrix(tile)
            noise = WireNoise(
                transfers: CellTransfers(tile, effective: matrix),
                conductances: g.map { Float($0) }, noise: try Cells.rram.technology().readNoise)
        }

        func array(_ rows: Int, _ columns: Int, isQuiet: Bool) -> WiredArray {
            WiredArray(
                rows: rows, columns: 0 ..< columns, tileRows: matrix.rows,
                tileColumns: matrix.columns,
                direction: matrix.direction, matrix: matrix.values.map { Float($0) },
                noise: isQuiet ? nil : noise)
        }

        /// Currents of all outputs of the tile.
        func currents(_ volts: [Double]) -> [Double] {
            let isForward = matrix.direction == .forward
            return (0 ..< (isForward ? matrix.columns : matrix.rows)).map { output in
                volts.indices.reduce(0) {
                    $0 + volts[$1] * (isForward ? matrix[$1, output] : matrix[output, $1])
                }
            }
        }
    }

    @Test(
        arguments: [(14, 9, 14, 9), (14, 9, 6, 5), (9, 20, 8, 20)],
        [(ReadDirection.forward, 1), (.forward, 2), (.transposed, 1), (.transposed, 2)])
    func currentsAndVariances(shape: (Int, Int, Int, Int), kind: (ReadDirection, Int)) throws {
        let (tileRows, tileColumns, rows, columns) = shape
        let (direction, count) = kind
        let tiles = try (0 ..< count).map {
            try Tile(tileRows, tileColumns, direction, seed: UInt64($0 + 1))
        }
        func image(isQuiet: Bool) -> ProductImage {
            let arrays = tiles.map { $0.array(rows, columns, isQuiet: isQuiet) }
            return ProductImage(arrays[0], minus: count == 2 ? arrays[1] : nil)
        }
        let isForward = direction == .forward
        let (inputs, outputs) = isForward ? (rows, columns) : (columns, rows)
        let batch = 40
        let voltages = TileProductTests.voltages(batch * inputs)
        let draws = EventDraws(serial: 51, event: 3)
        let plain = TileProductTests.currents(
            voltages, batch: batch, image: image(isQuiet: true), transposed: !isForward,
            draws: draws)
        let noisy = TileProductTests.currents(
            voltages, batch: batch, image: image(isQuiet: false), transposed: !isForward,
            draws: draws)
        let normals = draws.normals(.productNoise, first: 0, count: batch * outputs)
        for vector in 0 ..< batch {
            var volts = voltages[vector * inputs ..< (vector + 1) * inputs].map { Double($0) }
            volts += Array(repeating: 0, count: (isForward ? tileRows : tileColumns) - inputs)
            let currents = tiles.map { $0.currents(volts) }
            let variances = zip(tiles, currents).map {
                $0.noise.variances(voltages: volts, currents: $1)
            }
            for output in 0 ..< outputs {
                let index = vector * outputs + output
                let mean = currents[0][output] - (count == 2 ? currents[1][output] : 0)
                let scale = currents.reduce(0) { $0 + $1[output] }
                #expect(abs(Double(plain[index]) - mean) <= 1e-6 * scale)
                let variance = variances.reduce(0) { $0 + $1[output] }
                let expected = mean + variance.squareRoot() * Double(normals[index])
                #expect(
                    abs(Double(noisy[index]) - expected)
                        <= 2e-6 * scale + 1e-5 * variance.squareRoot())
            }
        }
    }
}
