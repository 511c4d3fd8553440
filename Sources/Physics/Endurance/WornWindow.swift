/// The window of a cell that has seen N pulses, and where an open-loop write aims in it.
///
///     g = G_off(N) + (g_t − G_off)·(G_on − G_off(N))/(G_on − G_off)                      (L-2)
///
/// The level axis shrinks linearly: the controller does not know that the window has closed.
///
/// - Units: µS.
/// - Source: physics §5; the linear scaling: CIM adaptation thesis §3.3.
struct WornWindow: Sendable {
    let on: Float
    let freshOff: Float
    private let endurance: Endurance
    private let freshRatio: Double

    init(_ technology: CellTechnology) {
        on = Float(technology.window.on.microsiemens)
        freshOff = Float(technology.window.off.microsiemens)
        endurance = technology.endurance
        freshRatio = technology.window.onOffRatio
    }

    /// G_off(N).
    @inline(__always)
    func off(_ pulses: UInt32) -> Float {
        guard endurance.closesWindow, freshOff > 0 else { return freshOff }
        return Float(
            Double(on) / endurance.onOffRatio(fresh: freshRatio, pulses: Double(pulses)))
    }

    @inline(__always)
    func aim(_ target: Float, _ pulses: UInt32) -> Float {
        guard endurance.closesWindow, freshOff > 0 else { return target }
        let off = off(pulses)
        return off + (target - freshOff) * ((on - off) / (on - freshOff))
    }
}
