/// How many pulses each cell of a tile lives, fixed at fabrication.
///
///     life_i = λ·(−ln u_i)^(1/k),   u_i uniform in (0, 1)                                (L-4)
///
/// Pulse number N + 1 of a cell with N ≥ life_i leaves it stuck, whatever was to be written: at
/// G_on with probability p_on, else at the fresh G_off. A stuck cell does not drift, but its reads
/// are noisy.
///
/// - Shape: one entry a cell.
/// - Random: `DrawField.lifetime` of event 0; cell c takes words 2(c mod 2) and 2(c mod 2) + 1 of
///   block ⌊c/2⌋: the life and which way it fails.
/// - Source: firmware-specs/device.md (L-4).
public struct CellLives: Sendable {
    /// ⌈life⌉; the largest number stands for a life that no counter reaches.
    public private(set) var pulses: [UInt32]
    private var failsOn: [Bool]
    private let on: Float
    private let off: Float

    public init(
        serial: UInt32, technology: CellTechnology, firstCell: UInt64, count: Int
    ) {
        let endurance = technology.endurance
        let key = DrawKey(serial: serial, field: .lifetime).word
        let isOnBelow = UInt64((endurance.stuckOnShare * 4_294_967_296).rounded())
        var lives: [UInt32] = []
        var failsOn: [Bool] = []
        lives.reserveCapacity(count)
        failsOn.reserveCapacity(count)
        var words = SIMD4<UInt32>()
        for cell in firstCell ..< firstCell + UInt64(count) {
            if cell == firstCell || cell & 1 == 0 {
                let block = cell >> 1
                words = Philox.block(
                    counter: SIMD4(
                        UInt32(truncatingIfNeeded: block), UInt32(truncatingIfNeeded: block >> 32),
                        0, 0),
                    key: SIMD2(UInt32(truncatingIfNeeded: key), UInt32(key >> 32)))
            }
            let lane = Int(cell & 1) * 2
            lives.append(Self.life(words[lane], endurance))
            failsOn.append(UInt64(words[lane + 1]) < isOnBelow)
        }
        pulses = lives
        self.failsOn = failsOn
        on = Float(technology.window.on.microsiemens)
        off = Float(technology.window.off.microsiemens)
    }

    /// Cells that no number of pulses ends.
    public init(endless count: Int, _ technology: CellTechnology) {
        pulses = Array(repeating: .max, count: count)
        failsOn = Array(repeating: false, count: count)
        on = Float(technology.window.on.microsiemens)
        off = Float(technology.window.off.microsiemens)
    }

    /// The same with some cells stuck after their first pulse, whatever life was drawn for them.
    public func breaking(on: [UInt32], off: [UInt32]) -> CellLives {
        var broken = self
        for (cells, isOn) in [(on, true), (off, false)] {
            for cell in cells {
                broken.pulses[Int(cell)] = 0
                broken.failsOn[Int(cell)] = isOn
            }
        }
        return broken
    }

    private static func life(_ word: UInt32, _ endurance: Endurance) -> UInt32 {
        guard endurance.limitsLife else { return .max }
        let u = (Double(word) + 0.5) / 4_294_967_296
        let life =
            endurance.lifetimeScale
            * PortableMath.power(
                -PortableMath.log2(u) * 0.6931471805599453, 1 / endurance.lifetimeShape)
        return life >= 4_294_967_295 ? .max : UInt32(life.rounded(.up))
    }

    /// Whether a cell is stuck after it has seen `seen` pulses.
    public func isStuck(cell: Int, seen: UInt32) -> Bool { seen > pulses[cell] }

    public func failsOn(cell: Int) -> Bool { failsOn[cell] }

    /// The conductance at which the cell is stuck after `seen` pulses, µS; `nil`: it lives.
    @inline(__always)
    public func stuck(cell: Int, seen: UInt32) -> Float? {
        guard seen > pulses[cell] else { return nil }
        return failsOn[cell] ? on : off
    }
}
