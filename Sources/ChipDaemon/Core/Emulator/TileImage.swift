package import Physics

/// A product image kept for reuse, with what else a product needs of the tiles.
///
/// Invariant: within `holdSeconds` of `time` no conductance differs from the law by more than
/// `relativeErrorMax`.
package struct TileImage: Sendable {
    /// A tenth of the step of a 13-bit ADC (physics §6).
    package static let relativeErrorMax = 1e-5

    package var tiles: Set<Int>
    package var image: ProductImage
    /// Σ_j g_ij and Σ_i g_ij over all tiles of the image, µS: for the energy of the currents.
    package var rowSums: [Float]
    package var columnSums: [Float]
    package var time: ChipInstant
    package var holdSeconds: Double

    package func holds(at now: ChipInstant) -> Bool {
        now.seconds(since: time) <= holdSeconds
    }
}

extension Worker {
    /// The image of `rows` × `columns` cells of one tile, or of a pair subtracted before the ADC.
    package mutating func image(
        of tiles: [Int], rows: Int, columns: Int, bank: BankSpec, at time: ChipInstant
    ) -> TileImage {
        if let known = images[tiles[0]], known.holds(at: time) { return known }
        let parts = tiles.map { tile in
            agedConductances(ofTile: tile, in: state, at: time)
                .corner(rows: rows, columns: columns, stride: bank.columns)
        }
        let noise = bank.technology.readNoise
        let dead = tiles.map { state.faults[$0]?.deadLines ?? .none }
        let image =
            parts.count == 2
            ? ProductImage(
                rows: rows, columns: columns, positive: parts[0], negative: parts[1], noise: noise,
                dead: (dead[0], dead[1]))
            : ProductImage(
                rows: rows, columns: columns, conductances: parts[0], noise: noise, dead: dead[0])
        var rowSums = [Float](repeating: 0, count: rows)
        var columnSums = [Float](repeating: 0, count: columns)
        for part in parts {
            for row in 0 ..< rows {
                for column in 0 ..< columns {
                    let conductance = part[row * columns + column]
                    rowSums[row] += conductance
                    columnSums[column] += conductance
                }
            }
        }
        let youngest = tiles.compactMap { state.tiles[$0]?.youngestAgeSeconds(at: time) }.min()
        let made = TileImage(
            tiles: Set(tiles), image: image, rowSums: rowSums, columnSums: columnSums, time: time,
            holdSeconds: youngest.map {
                bank.technology.drift.holdSeconds(
                    youngestAgeSeconds: $0, relative: TileImage.relativeErrorMax)
            } ?? .infinity)
        images[tiles[0]] = made
        return made
    }
}

extension [Float] {
    /// The upper left corner of a row-major array.
    func corner(rows: Int, columns: Int, stride: Int) -> [Float] {
        if columns == stride { return Array(self[..<(rows * columns)]) }
        var corner: [Float] = []
        corner.reserveCapacity(rows * columns)
        for row in 0 ..< rows { corner += self[row * stride ..< row * stride + columns] }
        return corner
    }
}
