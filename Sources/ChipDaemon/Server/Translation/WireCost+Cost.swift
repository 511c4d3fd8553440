internal import Physics
internal import Protocol

extension WireCost {
    init(_ cost: Cost) {
        self.init()
        latencyNs = cost.latencyNanoseconds
        energyPj = cost.energyPicojoules
        pulses = cost.pulses
    }
}
