/// Simulated time and energy of something, or of its parts.
public struct OperationCost: Codable, Equatable, Sendable {
    public var latencyNanoseconds: Double
    public var energyPicojoules: Double

    public init(latencyNanoseconds: Double = 0, energyPicojoules: Double = 0) {
        self.latencyNanoseconds = latencyNanoseconds
        self.energyPicojoules = energyPicojoules
    }

    /// Without the pulses.
    public init(_ cost: ChipCost) {
        self.init(
            latencyNanoseconds: cost.latencyNanoseconds, energyPicojoules: cost.energyPicojoules)
    }

    /// One after the other.
    public static func + (a: OperationCost, b: OperationCost) -> OperationCost {
        OperationCost(
            latencyNanoseconds: a.latencyNanoseconds + b.latencyNanoseconds,
            energyPicojoules: a.energyPicojoules + b.energyPicojoules)
    }

    public static func * (a: OperationCost, times: Double) -> OperationCost {
        OperationCost(
            latencyNanoseconds: a.latencyNanoseconds * times,
            energyPicojoules: a.energyPicojoules * times)
    }
}

/// What a layer costs in a step of training: an image each, but for the update.
public struct LayerCost: Codable, Equatable, Sendable {
    public var layer: String
    public var weights: Int
    /// The layer's product.
    public var forward: OperationCost
    /// Its transposed product: errors from the layer's output to its input. Nothing for
    /// the first layer, where none are needed.
    public var activationGradient: OperationCost
    /// ∂L/∂W of the layer, outside the chip.
    public var weightGradient: OperationCost
    /// Writing all its weights.
    public var update: OperationCost

    public init(
        layer: String, weights: Int, forward: OperationCost, activationGradient: OperationCost,
        weightGradient: OperationCost, update: OperationCost
    ) {
        self.layer = layer
        self.weights = weights
        self.forward = forward
        self.activationGradient = activationGradient
        self.weightGradient = weightGradient
        self.update = update
    }
}
