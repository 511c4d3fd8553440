/// Single-shot programming: one pulse to a target, without looking.
///
///     g_p = max(0, g* + σ_p·G_on·z),   N ← N + 1                   (P-1)
///
/// with g* of (V-2) … (V-4). Order of one write: variation, programming noise, clip at 0, count.
///
/// | symbol | meaning                                  | unit     |
/// |--------|------------------------------------------|----------|
/// | σ_p    | programming noise relative to G_on       | unitless |
/// | z      | standard normal, new at each write       | unitless |
/// | N      | pulses the cell has seen; saturates      | pulses   |
///
/// - Random: `DrawField.openLoop`, one normal a cell: number firstCell + cell of the event.
/// - Cost: O(cells of the tile) for the draws.
/// - Source: physics §3, §5; tiny-shared-block study §4.1 for σ_p relative to G_on.
public struct OpenLoopProgramming: Sendable {
    private let variation: Variation
    private let noise: ReadNoise
    private let on: Float
    private let spread: Float

    public init(technology: CellTechnology, variation: Variation) {
        self.variation = variation
        noise = technology.readNoise
        on = Float(technology.window.on.microsiemens)
        spread = Float(technology.programmingNoise) * on
    }

    /// Writes `targets[k]` (µS) to cell `cells[k]` of the tile.
    ///
    /// - Parameter firstCell: chip-wide number of the tile's cell 0.
    public func write(
        cells: [Int32], targets: [Float], deviations: [Float], conductances: inout [Float],
        pulses: inout [UInt32], draws: EventDraws, firstCell: UInt64
    ) {
        precondition(cells.count == targets.count)
        precondition(deviations.count == conductances.count)
        precondition(pulses.count == conductances.count)
        guard let first = cells.min(), let last = cells.max() else { return }
        let normals = draws.normals(
            .openLoop, first: firstCell + UInt64(first), count: Int(last - first) + 1)
        for (cell, target) in zip(cells, targets) {
            let index = Int(cell)
            conductances[index] = landing(
                target: target, deviation: deviations[index], z: normals[Int(cell - first)])
            pulses[index].count()
        }
    }

    @inline(__always)
    func landing(target: Float, deviation: Float, z: Float) -> Float {
        let aim = variation.landing(target: target, deviation: deviation, on: on, noise: noise)
        return max(0, aim + spread * z)
    }
}

extension UInt32 {
    /// One more pulse; stays at the largest number.
    @inline(__always)
    mutating func count() {
        if self != .max { self += 1 }
    }
}
