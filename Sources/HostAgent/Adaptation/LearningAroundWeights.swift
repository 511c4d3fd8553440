/// Training of some layers of a network on the host while all others have the weights
/// that a chip was found to hold.
///
/// Those that learn do so under noise, as write-verify will leave it:
///
///     w̃ = w + σ·max|w|·z,   z ~ N(0, 1) anew in every step
///
/// Batch norms use the batches' statistics and the running ones follow, so that they end
/// as those of this chip; γ and β stay. Where a matrix of the chip serves several places,
/// all of them have the same z.
struct LearningAroundWeights {
    /// The chip's.
    var held: any LayerWeights
    /// By name.
    var learning: Set<String>
    /// σ.
    var noise: Double
    /// Whether places that share a weight share its cells.
    var sharesCells: Bool
    /// Of rate, passes and images; its noise is not used.
    var plan: TrainingPlan

    /// Trains weights and biases of the layers.
    func train(
        _ network: Network, on images: ImageSet,
        progress: (TrainingProgress) throws -> Void = { _ in }
    ) throws {
        let names = Set(
            network.matrixLayers.filter { learning.contains($0.name) }
                .flatMap(\.tensors).map(\.name))
        try Trainer.train(
            network, on: images, plan: plan, passes: NoisyPasses(self),
            learning: network.parameters.filter { names.contains($0.name) }, progress: progress)
    }

    /// Products without noise: those of the chip that all is as it should be on.
    var products: any MatrixProducts { WeightedProducts(PartlyHeld(self, generator: nil)) }

    /// Calibrates and writes what has learned; the ranges and scales of its inputs are
    /// those that come about on this chip.
    func write(
        _ learned: [(layer: MatrixLayer, matrix: ChipMatrix)], of network: Network,
        in deployment: inout Deployment, on session: any ChipSession, calibration: ImageSet,
        options: ProgramOptions
    ) throws -> [Mapper.LayerReport] {
        let scales = try QuantisationScales.measured(
            network, on: calibration, method: .max, with: products)
        let mapper = Mapper(
            network,
            scales: QuantisationScales(
                layers: scales.layers.filter { learning.contains($0.key) }))
        return try mapper.write(
            learned, in: &deployment, on: session, calibration: calibration, with: products,
            options: options)
    }

    private final class NoisyPasses: TrainingPasses {
        private let setting: LearningAroundWeights
        private var generator: RandomGenerator?

        init(_ setting: LearningAroundWeights) { self.setting = setting }

        func begin(epoch: Int) throws {
            generator = try RandomGenerator(
                seed: setting.plan.seed, purpose: "noise of what learns, epoch \(epoch)")
        }

        func passes() -> [any MatrixProducts] {
            [WeightedProducts(PartlyHeld(setting, generator: generator))]
        }
    }

    /// The weights of one step.
    private final class PartlyHeld: LayerWeights {
        private let setting: LearningAroundWeights
        private let generator: RandomGenerator?
        private var noisy: [String: Tensor] = [:]

        /// - Parameter generator: `nil`: no noise.
        init(_ setting: LearningAroundWeights, generator: RandomGenerator?) {
            self.setting = setting
            self.generator = generator
        }

        func weight(of layer: MatrixLayer) throws -> Tensor {
            guard setting.learning.contains(layer.name) else {
                return try setting.held.weight(of: layer)
            }
            guard let generator, setting.noise > 0 else { return layer.weight }
            let cells = setting.sharesCells ? layer.weightName : layer.name
            if let known = noisy[cells] { return known }
            let noise = try noGrad {
                let largest = try max(layer.weight.maximum(), -layer.weight.minimum())
                return try generator.normal(layer.weight.shape).scaled(by: setting.noise * largest)
            }
            let weight = try layer.weight.adding(noise)
            noisy[cells] = weight
            return weight
        }
    }
}
