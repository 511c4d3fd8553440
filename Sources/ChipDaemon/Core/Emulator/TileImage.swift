package import Physics

/// A product image kept for reuse, with what else a product needs of the tiles.
///
/// Invariant: within `holdSeconds` of `time` no conductance differs from the law by more than
/// `relativeErrorMax`; in wires no entry of M by more than that share of the largest entry of its
/// output (`TileWires`).
///
/// - Memory: 8 bytes a cell of the block; in wires 16, of a pair 40.
package struct TileImage: Sendable {
    /// A tenth of the step of a 13-bit ADC (chosen).
    package static let relativeErrorMax = 1e-5

    /// The first tile and column; the direction counts only in wires.
    package struct Key: Hashable, Sendable {
        package var tile: Int
        package var firstColumn: Int
        package var direction: ReadDirection
    }

    package var tiles: Set<Int>
    package var image: ProductImage
    /// Σ_j g_ij and Σ_i g_ij over all tiles of the image, µS: for the energy of the currents, of
    /// which they give an upper bound in wires (K-2).
    package var rowSums: [Float]
    package var columnSums: [Float]
    package var time: ChipInstant
    package var holdSeconds: Double

    package func holds(at now: ChipInstant) -> Bool {
        now.seconds(since: time) <= holdSeconds
    }
}

extension Worker {
    /// The image of some columns in the rows from 0 of one tile, or of a pair subtracted before
    /// the ADC.
    package mutating func image(
        of tiles: [Int], rows: Int, columns: Range<Int>, bank: BankSpec, direction: ReadDirection,
        at time: ChipInstant
    ) -> TileImage {
        let hasWires = spec.wires != .ideal
        let key = TileImage.Key(
            tile: tiles[0], firstColumn: columns.lowerBound,
            direction: hasWires ? direction : .forward)
        if let known = images[key], known.holds(at: time) { return known }
        let parts = tiles.map { tile in
            agedConductances(ofTile: tile, in: state, at: time)
                .block(rows: rows, columns: columns, stride: bank.bitLines)
        }
        let image =
            hasWires
            ? wiredImage(
                of: tiles, rows: rows, columns: columns, bank: bank, direction: direction, at: time)
            : Self.image(
                of: parts, rows: rows, columns: columns.count, noise: bank.technology.readNoise,
                dead: tiles.map { deadLines(ofTile: $0).inColumns(columns) })
        var rowSums = [Float](repeating: 0, count: rows)
        var columnSums = [Float](repeating: 0, count: columns.count)
        for part in parts {
            for row in 0 ..< rows {
                for column in 0 ..< columns.count {
                    let conductance = part[row * columns.count + column]
                    rowSums[row] += conductance
                    columnSums[column] += conductance
                }
            }
        }
        let made = TileImage(
            tiles: Set(tiles), image: image, rowSums: rowSums, columnSums: columnSums, time: time,
            holdSeconds: holdSeconds(
                ofTiles: tiles, bank: bank, at: time,
                relative: hasWires ? TileWires.holdErrorMax : TileImage.relativeErrorMax))
        images[key] = made
        return made
    }

    private static func image(
        of parts: [[Float]], rows: Int, columns: Int, noise: ReadNoise, dead: [DeadLines]
    ) -> ProductImage {
        parts.count == 2
            ? ProductImage(
                rows: rows, columns: columns, positive: parts[0], negative: parts[1], noise: noise,
                dead: (dead[0], dead[1]))
            : ProductImage(
                rows: rows, columns: columns, conductances: parts[0], noise: noise, dead: dead[0])
    }

    func deadLines(ofTile tile: Int) -> DeadLines { state.faults[tile]?.deadLines ?? .none }
}
