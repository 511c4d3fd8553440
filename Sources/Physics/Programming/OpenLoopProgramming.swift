/// Single-shot programming: one pulse to a target, without looking.
///
///     g_p = max(0, g* + σ_p·G_on·z),   N ← N + 1                   (P-1)
///
/// with g* of (V-2) … (V-4). Order of one write: the target on the worn window (L-2), variation,
/// programming noise, clip at 0, stuck (L-4), count.
///
/// | symbol | meaning                                  | unit     |
/// |--------|------------------------------------------|----------|
/// | σ_p    | programming noise relative to G_on       | unitless |
/// | z      | standard normal, new at each write       | unitless |
/// | N      | pulses the cell has seen; saturates      | pulses   |
///
/// - Random: `DrawField.openLoop`, one normal a cell: number firstCell + cell of the event.
/// - Cost: O(cells of the tile) for the draws.
/// - Source: firmware-specs/device.md (P-1), (L-2); qin2024tsb §4.1 for σ_p relative to G_on.
public struct OpenLoopProgramming: Sendable {
    private let variation: Variation
    private let noise: ReadNoise
    private let window: WornWindow
    private let spread: Float

    public init(technology: CellTechnology, variation: Variation) {
        self.variation = variation
        noise = technology.readNoise
        window = WornWindow(technology)
        spread = Float(technology.programmingNoise) * window.on
    }

    /// Writes `targets[k]` (µS) to cell `cells[k]` of the tile.
    ///
    /// - Parameters:
    ///   - lives: `nil`: no cell of the tile can have reached the end of its life.
    ///   - firstCell: chip-wide number of the tile's cell 0.
    public func write(
        cells: [Int32], targets: [Float], deviations: [Float], conductances: inout [Float],
        pulses: inout [UInt32], lives: CellLives? = nil, draws: EventDraws, firstCell: UInt64
    ) {
        precondition(cells.count == targets.count)
        precondition(deviations.count == conductances.count)
        precondition(pulses.count == conductances.count)
        guard let first = cells.min(), let last = cells.max() else { return }
        let normals = draws.normals(
            .openLoop, first: firstCell + UInt64(first), count: Int(last - first) + 1)
        let window = window.tabulated(upTo: pulses.max() ?? 0)
        for (cell, target) in zip(cells, targets) {
            let index = Int(cell)
            let landing = landing(
                aim: window.aim(target, pulses[index]), deviation: deviations[index],
                z: normals[Int(cell - first)])
            pulses[index].count()
            conductances[index] = lives?.stuck(cell: index, seen: pulses[index]) ?? landing
        }
    }

    @inline(__always)
    func landing(aim: Float, deviation: Float, z: Float) -> Float {
        let landing = variation.landing(
            target: aim, deviation: deviation, on: window.on, noise: noise)
        return max(0, landing + spread * z)
    }
}

extension UInt32 {
    /// One more pulse; stays at the largest number.
    @inline(__always)
    mutating func count() {
        if self != .max { self += 1 }
    }

    mutating func count(by pulses: Int) {
        self = UInt32(clamping: UInt64(self) + UInt64(pulses))
    }
}
