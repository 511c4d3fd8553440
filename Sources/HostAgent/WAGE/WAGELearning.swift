/// Training in WAGE's integers: half the sum of squared errors, and steps on the grid
/// of the weights. Biases stay zero, and batch norms keep γ = 1 and β = 0.
final class WAGELearning: LearningRule {
    private let wage: WAGE
    private let layers: [MatrixLayer]
    private let seed: UInt64
    private var optimiser: WAGEOptimiser
    private(set) var zeros: WAGEZeros?
    var step = 0

    init(_ wage: WAGE, _ network: Network, seed: UInt64) throws {
        (self.wage, self.seed) = (wage, seed)
        layers = network.matrixLayers
        optimiser = try Self.optimiser(wage, layers, seed: seed, epoch: 0)
    }

    private static func optimiser(
        _ wage: WAGE, _ layers: [MatrixLayer], seed: UInt64, epoch: Int
    ) throws -> WAGEOptimiser {
        WAGEOptimiser(
            wage, layers: layers,
            generator: try RandomGenerator(
                seed: seed, purpose: "rounding of gradients, epoch \(epoch)"))
    }

    var parameters: [Tensor] { layers.map(\.weight) }
    /// The weights are all there is.
    var state: [Tensor] { [] }

    func begin(epoch: Int) throws {
        optimiser = try Self.optimiser(wage, layers, seed: seed, epoch: epoch)
        zeros = nil
    }

    func loss(
        _ network: Network, _ batch: TrainingBatch, with products: any MatrixProducts
    ) throws -> Tensor {
        try network.loss(batch.images, with: products) { try wage.loss($0, batch.targets) }
    }

    func update(rate: Double) throws {
        step += 1
        let steps = try optimiser.update(rate: rate)
        zeros = WAGEZeros(steps, after: zeros)
    }
}

/// The shares of parameters that the steps of an epoch left where they were.
public struct WAGEZeros: Codable, Equatable, Sendable {
    /// Whose gradient was exactly zero: no rounded error reached them.
    public let gradients: Double
    /// Whose rounded gradient ΔW was zero.
    public let changes: Double
    /// Steps that the shares are the means of.
    public let steps: Int

    init(gradients: Double, changes: Double, steps: Int) {
        (self.gradients, self.changes, self.steps) = (gradients, changes, steps)
    }

    /// With one step more.
    init(_ step: [WAGELayerStep], after before: WAGEZeros?) {
        let count = before?.steps ?? 0
        func mean(_ old: Double?, _ new: Double) -> Double {
            ((old ?? 0) * Double(count) + new) / Double(count + 1)
        }
        self.init(
            gradients: mean(before?.gradients, step.zeroGradientShare),
            changes: mean(before?.changes, step.zeroShare), steps: count + 1)
    }
}
