/// How gradients move the shadows of the layers that learn.
protocol Learner {
    /// What gradients are gathered of.
    var parameters: [Tensor] { get }
    /// Products whose gradients are as the rule needs them.
    func products(_ measured: any MatrixProducts) -> any MatrixProducts
    /// Class scores on their way to the loss.
    func scores(_ scores: Tensor) throws -> Tensor
    /// Takes a step by the gradients gathered, and clears them.
    ///
    /// - Parameter share: of the rate.
    func update(share: Double) throws -> [WAGELayerStep]
}

/// Adam, by about so many codes a step, layer by layer; biases learn too.
struct AdamLearner: Learner {
    private let layers: [LearningLayer]
    /// One for each layer: their steps differ by the scales of the codes.
    private let weights: [Optimiser]
    private let biases: Optimiser
    private let ratesCodes: [Double]
    private let rateBias: Double

    /// - Parameter ratesCodes: of each layer.
    init(_ layers: [LearningLayer], ratesCodes: [Double], rateBias: Double) throws {
        self.layers = layers
        self.ratesCodes = ratesCodes
        self.rateBias = rateBias
        weights = try layers.map { try Optimiser(.adam, parameters: [$0.layer.weight]) }
        biases = try Optimiser(.adam, parameters: layers.compactMap(\.layer.bias))
    }

    var parameters: [Tensor] { layers.flatMap { $0.layer.tensors.map(\.tensor) } }
    func products(_ measured: any MatrixProducts) -> any MatrixProducts { measured }
    func scores(_ scores: Tensor) -> Tensor { scores }

    func update(share: Double) throws -> [WAGELayerStep] {
        for (index, layer) in layers.enumerated() {
            let step = ratesCodes[index] * layer.place.scales.weight
            try weights[index].update(rate: share * step)
            try layer.clampShadow()
        }
        try biases.update(rate: share * rateBias)
        return []
    }
}

/// WAGE on the grid of the codes: a step moves weights by whole codes where gradients
/// have 8 bits. Biases stay.
struct WAGELearner: Learner {
    private let wage: WAGE
    private let layers: [LearningLayer]
    private let optimiser: WAGEOptimiser
    private let rate: Double

    init(_ wage: WAGE, _ layers: [LearningLayer], rate: Double, generator: RandomGenerator) {
        self.wage = wage
        self.layers = layers
        self.rate = rate
        optimiser = WAGEOptimiser(
            wage, layers: layers.map(\.layer),
            units: layers.map { $0.place.scales.weight * Double(WeightQuantisation.codeMax + 1) },
            generator: generator)
    }

    var parameters: [Tensor] { layers.map(\.layer.weight) }

    func products(_ measured: any MatrixProducts) -> any MatrixProducts {
        WAGEErrors(wage, through: measured)
    }

    func scores(_ scores: Tensor) throws -> Tensor {
        try scores.withErrorsQuantised(bits: wage.errors)
    }

    func update(share: Double) throws -> [WAGELayerStep] {
        let steps = try optimiser.update(rate: share * rate)
        for layer in layers { try layer.clampShadow() }
        return steps
    }
}
