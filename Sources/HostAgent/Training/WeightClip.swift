/// Keeps each layer's weights within a bound: `deviations` times the standard
/// deviation of its initial weights.
struct WeightClip {
    private let bounds: [(Tensor, Double)]

    init(_ network: Network, deviations: Double) {
        bounds = network.matrixLayers.map {
            ($0.weight, deviations * $0.initialDeviation)
        }
    }

    func apply() throws {
        for (weight, bound) in bounds { try weight.clamp(to: -bound ... bound) }
    }
}
