/// Open-loop trains of SET and RESET pulses of one amplitude, as instruments offer them.        (P-4)
///
/// Pulse k of a cell is (P-3) with the step s and the window after the k − 1 pulses before it. A
/// train is computed, not played. With soft bounds (γ₊ = γ₋ = 1) a pulse takes away the share s of
/// what is left to its bound, so that 40/s pulses leave e⁻⁴⁰ of it, less than a Float32 can tell:
/// - SET: the first 40/s pulses bring the cell to G_on, RESET: to G_off(N), which rises above it
///   afterwards and does not take it along. The others only count.
/// - SET and RESET in turn: what was before the last 40/s pulses in which there was a window is
///   forgotten. The cell begins them where it was, or at G_off(N) where that has risen above it.
///
/// With another γ all are played.
///
/// - Random: `DrawField.pulseTrain`; pulse k of those played draws lane k mod 4 of the cell's block
///   in event `draws.event + ⌊k/4⌋`.
/// - Postconditions: each cell has seen `pulses` more.
/// - Cost: O(cells · min(pulses, 40/s)).
/// - Source: firmware-specs/device.md (P-4), (L-4).
public struct PulseTrain: Sendable {
    public enum Direction: Sendable, Hashable {
        case set
        case reset
        /// SET, RESET, SET, RESET …: endurance cycling.
        case alternating
    }

    /// Longest train (chosen: beyond every published endurance it would end every cell).
    public static let pulsesRange = 1 ... 1_000_000_000
    /// Chosen: from steps that no instrument resolves to the whole window.
    public static let stepRange: ClosedRange<Double> = 1e-4 ... 1
    private static let memory = 40.0

    private let window: WornWindow
    private let law: SoftBoundsStep
    private let direction: Direction
    private let pulses: Int
    private let step: Double
    /// Pulses after which no window is left.
    private let closing: UInt32

    public init(technology: CellTechnology, direction: Direction, pulses: Int, step: Double) {
        precondition(Self.pulsesRange.contains(pulses))
        precondition(Self.stepRange.contains(step))
        window = WornWindow(technology)
        law = SoftBoundsStep(technology.writeVerify)
        self.direction = direction
        self.pulses = pulses
        self.step = step
        closing = window.closing
    }

    /// Pulses of each cell that are played one by one.
    public var playedPulses: Int {
        law.forgets ? min(pulses, Int((Self.memory / step).rounded(.up))) : pulses
    }

    /// Event numbers that the train takes.
    public var events: Int { (playedPulses + 3) / 4 }

    /// - Parameters:
    ///   - conductances: in: g(t) now, aged by the caller; out: g after the train.
    ///   - lives: `nil`: no cell of the tile can reach the end of its life.
    ///   - shouldStop: asked before each event's pulses.
    /// - Returns: false where it was stopped; conductances and pulses mean nothing then.
    public func play(
        cells: [Int32], conductances: inout [Float], pulses seen: inout [UInt32],
        lives: CellLives?, draws: EventDraws, firstCell: UInt64, shouldStop: () -> Bool
    ) -> Bool {
        precondition(conductances.count == seen.count)
        let starts = cells.map { seen[Int($0)] }
        let skipped = starts.map { self.skipped(seen: $0) }
        for (entry, cell) in cells.enumerated() where skipped[entry] > 0 {
            seen[Int(cell)].count(by: skipped[entry])
            conductances[Int(cell)] = max(conductances[Int(cell)], window.off(seen[Int(cell)]))
        }
        var normals: [Float] = []
        for pulse in 0 ..< playedPulses {
            if pulse % 4 == 0 {
                if shouldStop() { return false }
                normals = draws.later(by: pulse / 4).cellNormals(
                    .pulseTrain, firstCell: firstCell, cells: cells)
            }
            for (entry, cell) in cells.enumerated() {
                let index = Int(cell)
                let off = window.off(seen[index])
                seen[index].count()
                guard off < window.on else { continue }
                conductances[index] = law.pulsed(
                    conductances[index], direction: sign(pulse: skipped[entry] + pulse),
                    step: Float(step), on: window.on, off: off,
                    z: normals[4 * entry + pulse % 4])
            }
        }
        for (entry, cell) in cells.enumerated() {
            let index = Int(cell)
            seen[index] = starts[entry]
            seen[index].count(by: pulses)
            if let stuck = lives?.stuck(cell: index, seen: seen[index]) {
                conductances[index] = stuck
            }
        }
        return true
    }

    /// Pulses of a cell before those that are played.
    private func skipped(seen: UInt32) -> Int {
        guard direction == .alternating, playedPulses < pulses else { return 0 }
        let open = closing > seen ? Int(closing - seen) : 0
        return max(0, min(pulses, open) - playedPulses)
    }

    private func sign(pulse: Int) -> Float {
        switch direction {
        case .set: 1
        case .reset: -1
        case .alternating: pulse % 2 == 0 ? 1 : -1
        }
    }
}
