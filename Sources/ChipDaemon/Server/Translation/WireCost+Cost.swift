internal import Physics
internal import Protocol

extension WireCost {
    init(_ cost: Cost) {
        self.init()
        latencyNs = cost.latencyNanoseconds
        energyPj = cost.energyPicojoules
        pulses = cost.pulses
        parts = cost.ordered.map { component, part in
            var wire = WireCost.Part()
            wire.component = WireCost.Component(rawValue: component.rawValue) ?? .unspecified
            wire.latencyNs = part.latencyNanoseconds
            wire.energyPj = part.energyPicojoules
            return wire
        }
    }
}
