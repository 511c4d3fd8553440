/// Open-loop trains of SET and RESET pulses of one amplitude, as instruments offer them.
///
/// Pulse k of a cell is (P-3) with the step s and the window after the k − 1 pulses before it. A
/// train is computed, not played: with soft bounds (γ = 1) a pulse takes away the share s of what
/// is left to the bound, so that only the last 40/s pulses can be seen in the conductance (e⁻⁴⁰ of
/// what was before them is left); the others only count. With another γ all are played. (P-4)
///
/// - Random: `DrawField.pulseTrain`; pulse k, counted from the end of the train, draws lane k mod 4
///   of the cell's block in event `draws.event + ⌊k/4⌋`.
/// - Cost: O(cells · min(pulses, 40/s)).
/// - Source: physics §4, §5.
public struct PulseTrain: Sendable {
    public enum Direction: Sendable, Hashable {
        case set
        case reset
        /// SET, RESET, SET, RESET …: endurance cycling.
        case alternating
    }

    /// Longest train (chosen: beyond every published endurance it would end every cell).
    public static let pulsesRange = 1 ... 1_000_000_000
    public static let stepRange: ClosedRange<Double> = 1e-4 ... 1
    /// e⁻⁴⁰ is below the spacing of Float32 and Double numbers.
    private static let memory = 40.0

    private let window: WornWindow
    private let law: SoftBoundsStep
    private let direction: Direction
    private let pulses: Int
    private let step: Double

    public init(technology: CellTechnology, direction: Direction, pulses: Int, step: Double) {
        precondition(Self.pulsesRange.contains(pulses))
        precondition(Self.stepRange.contains(step))
        window = WornWindow(technology)
        law = SoftBoundsStep(technology.writeVerify)
        self.direction = direction
        self.pulses = pulses
        self.step = step
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
    public func play(
        cells: [Int32], conductances: inout [Float], pulses seen: inout [UInt32],
        lives: CellLives?, draws: EventDraws, firstCell: UInt64
    ) {
        precondition(conductances.count == seen.count)
        let skipped = pulses - playedPulses
        for cell in cells { seen[Int(cell)].count(by: skipped) }
        var normals: [Float] = []
        for left in stride(from: playedPulses - 1, through: 0, by: -1) {
            if left % 4 == 3 || left == playedPulses - 1 {
                normals = draws.later(by: left / 4).cellNormals(
                    .pulseTrain, firstCell: firstCell, cells: cells)
            }
            let sign = self.sign(pulse: pulses - 1 - left)
            for (entry, cell) in cells.enumerated() {
                let index = Int(cell)
                let off = window.off(seen[index])
                seen[index].count()
                guard off < window.on else { continue }
                conductances[index] = law.pulsed(
                    conductances[index], direction: sign, step: Float(step), on: window.on,
                    off: off, z: normals[4 * entry + left % 4])
            }
        }
        guard let lives else { return }
        for cell in cells {
            if let stuck = lives.stuck(cell: Int(cell), seen: seen[Int(cell)]) {
                conductances[Int(cell)] = stuck
            }
        }
    }

    private func sign(pulse: Int) -> Float {
        switch direction {
        case .set: 1
        case .reset: -1
        case .alternating: pulse % 2 == 0 ? 1 : -1
        }
    }
}
