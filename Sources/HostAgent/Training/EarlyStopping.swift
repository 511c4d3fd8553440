/// When a training stops before its last epoch.
public struct StoppingRule: Codable, Equatable, Sendable {
    /// Epochs without a better accuracy, after which the training is over.
    public var patience: Int
    /// How weights deviate while held-out images are told apart: what the network will
    /// meet on a chip.
    public var variation: WeightVariation

    public init(patience: Int, variation: WeightVariation) {
        precondition(patience >= 1)
        self.patience = patience
        self.variation = variation
    }

    /// - Parameter noise: σ of each weight, relative to its layer's largest.
    public init(patience: Int, noise: Double) {
        self.init(patience: patience, variation: WeightVariation(.layerFixed, withinChip: noise))
    }
}

/// The best epoch so far by the accuracy on held-out images under weight noise.
///
/// The noise is the same in every epoch (common random numbers): what differs from
/// one epoch to the next is the network. The test images are never looked at.
final class EarlyStopping {
    struct Best {
        let epoch: Int
        let accuracy: Accuracy
        let tensors: [NamedTensor]
    }

    /// Passes over the held-out images, with a chip of its own for each batch (chosen);
    /// without deviations one.
    static let passes = 3
    /// Images of a batch.
    static let batch = 500

    private let rule: StoppingRule
    private let seed: UInt64
    private let heldOut: ImageSet
    private let quantisers: NetworkQuantisers?
    /// `nil` before the first epoch's end.
    var best: Best?

    /// - Parameter quantisers: what rounds weights and inputs; `nil`: nothing.
    init(
        _ rule: StoppingRule, heldOut: ImageSet, _ quantisers: NetworkQuantisers?, seed: UInt64
    ) throws {
        guard heldOut.count > 0 else { throw NetworkError.noHeldOutImages }
        self.rule = rule
        self.heldOut = heldOut
        self.quantisers = quantisers
        self.seed = seed
    }

    /// Whether `patience` epochs have passed since the best one.
    func isOver(epochsDone: Int) -> Bool {
        guard let best else { return false }
        return epochsDone - best.epoch >= rule.patience
    }

    /// Looks at what `epoch` epochs have made, in evaluation mode.
    func note(_ network: Network, epoch: Int) throws {
        let accuracy = try deviatingAccuracy(network)
        guard accuracy.correct > best?.accuracy.correct ?? -1 else { return }
        best = Best(
            epoch: epoch, accuracy: accuracy,
            tensors: try network.tensors.map {
                NamedTensor($0.name, try $0.tensor.detached().scaled(by: 1), $0.role)
            })
    }

    /// Gives the network the best epoch's tensors.
    func restoreBest(_ network: Network) throws {
        guard let best else { return }
        for (mine, kept) in zip(network.tensors, best.tensors) {
            try mine.tensor.assign(kept.tensor)
        }
    }

    private func deviatingAccuracy(_ network: Network) throws -> Accuracy {
        let weights: any LayerWeights = quantisers.map(QuantisedWeights.init) ?? FloatWeights()
        guard rule.variation.total > 0 else {
            return try Evaluation.accuracy(
                network, with: WeightedProducts(weights, inputs: quantisers), on: heldOut)
        }
        let generator = try RandomGenerator(seed: seed, purpose: "noise of held-out images")
        var correct = 0
        for _ in 0 ..< Self.passes {
            for range in heldOut.ranges(of: Self.batch) {
                let chip = try VariedChip(rule.variation, of: weights, from: generator)
                correct += try Evaluation.accuracy(
                    network, with: WeightedProducts(chip, inputs: quantisers),
                    on: heldOut.narrowed(range)
                ).correct
            }
        }
        return Accuracy(correct: correct, count: Self.passes * heldOut.count)
    }
}

// MARK: - In the file that a training is kept in

extension EarlyStopping {
    private static let prefix = "best."

    /// The best epoch, as metadata and tensors.
    func kept() throws -> (metadata: [String: String], entries: [SafeTensors.Entry]) {
        guard let best else { return ([:], []) }
        return (
            [
                "best_epoch": String(best.epoch), "best_correct": String(best.accuracy.correct),
                "best_count": String(best.accuracy.count),
            ],
            try best.tensors.map { try .init(Self.prefix + $0.name, $0.tensor) }
        )
    }

    /// Takes the best epoch from a file that has one.
    func restore(_ file: SafeTensors, _ network: Network, epochsDone: Int, file path: String) throws
    {
        guard epochsDone > 0 else { return }
        let countMax = heldOut.count * Self.passes
        let epoch = try file.number("best_epoch", 1 ... epochsDone, file: path)
        let count = try file.number("best_count", heldOut.count ... countMax, file: path)
        let correct = try file.number("best_correct", 0 ... count, file: path)
        best = Best(
            epoch: epoch, accuracy: Accuracy(correct: correct, count: count),
            tensors: try network.tensors.map { named in
                let tensor = try Tensor.full(0, shape: named.tensor.shape)
                try file.fill(tensor, Self.prefix + named.name, file: path)
                return NamedTensor(named.name, tensor, named.role)
            })
    }
}
