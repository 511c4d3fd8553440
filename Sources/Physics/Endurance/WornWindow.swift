/// The window of a cell that has seen N pulses, and where an open-loop write aims in it.
///
///     g = G_off(N) + (g_t − G_off)·(G_on − G_off(N))/(G_on − G_off)                      (L-2)
///
/// The level axis shrinks linearly: the controller does not know that the window has closed.
///
/// - Units: µS.
/// - Source: firmware-specs/device.md (L-2); the linear scaling: CIM adaptation thesis §3.3.
struct WornWindow: Sendable {
    let on: Float
    let freshOff: Float
    private let closes: Bool
    private let endurance: Endurance
    private let freshRatio: Double
    /// G_off(N) of the first N: the cells of an operation share a few of them.
    private var offs: [Float] = []
    /// Entries worth their making (chosen: a tile of 128 × 128 cells asks for each once).
    private static let offsMax = 16_384

    init(_ technology: CellTechnology) {
        on = Float(technology.window.on.microsiemens)
        freshOff = Float(technology.window.off.microsiemens)
        endurance = technology.endurance
        freshRatio = technology.window.onOffRatio
        closes = technology.endurance.closesWindow && technology.window.off > .zero
    }

    /// The same, quick for cells that have seen at most `pulses`.
    func tabulated(upTo pulses: UInt32) -> WornWindow {
        guard closes, pulses < Self.offsMax else { return self }
        var window = self
        window.offs = (0 ... pulses).map { law($0) }
        return window
    }

    /// G_off(N).
    @inline(__always)
    func off(_ pulses: UInt32) -> Float {
        guard closes else { return freshOff }
        return Int(pulses) < offs.count ? offs[Int(pulses)] : law(pulses)
    }

    /// The least N at which no window is left; the largest number stands for none.
    var closing: UInt32 {
        guard closes, law(.max) >= on else { return .max }
        var (open, closed) = (UInt32(0), UInt32.max)
        while closed - open > 1 {
            let tried = open + (closed - open) / 2
            if law(tried) >= on { closed = tried } else { open = tried }
        }
        return closed
    }

    @inline(__always)
    func aim(_ target: Float, _ pulses: UInt32) -> Float {
        guard closes else { return target }
        let off = off(pulses)
        return off + (target - freshOff) * ((on - off) / (on - freshOff))
    }

    private func law(_ pulses: UInt32) -> Float {
        Float(Double(on) / endurance.onOffRatio(fresh: freshRatio, pulses: Double(pulses)))
    }
}
