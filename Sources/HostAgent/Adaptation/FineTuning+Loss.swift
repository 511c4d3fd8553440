extension FineTuning {
    /// What fine-tuning makes small, p = softmax(scores):
    ///
    /// | loss | of n images | labels |
    /// |---|---|---|
    /// | squared error | ½ Σ_n Σ_c (p[n, c] − [c = label n])² | yes |
    /// | cross entropy | −1/n Σ_n ln p[n, label n] | yes |
    /// | entropy | −1/n Σ_n Σ_c p[n, c]·ln p[n, c] | no |
    ///
    /// The squared error is taken of the predictions, since the scores of a network that
    /// was trained by cross entropy lie nowhere near 0 and 1. Both learning rules take
    /// steps whose size doesn't depend on the loss's scale.
    public enum Loss: String, Codable, CaseIterable, Sendable {
        case squaredError = "squared-error"
        case crossEntropy = "cross-entropy"
        case entropy

        /// What of the images it looks at.
        public var data: AdaptationData { self == .entropy ? .images : .labelledImages }
    }

    func loss(of scores: Tensor, _ labels: Tensor) throws -> Tensor {
        switch loss {
        case .squaredError: try scores.softmax().halfSquaredError(to: labels)
        case .crossEntropy: try scores.crossEntropy(labels)
        case .entropy: try scores.entropy()
        }
    }
}

extension FineTuning {
    /// Of some blocks, all their matrix layers.
    public init(blocks: [Block], of network: Network, loss: Loss = .crossEntropy) {
        let isAll = Set(blocks.map(\.name)) == Set(network.blocks.map(\.name))
        self.init(
            layers: blocks.flatMap(\.matrixLayers).map(\.name),
            title: isAll ? "all blocks" : blocks.map(\.name).joined(separator: ", "), loss: loss)
    }

    /// The classifier retrained on the host.
    public static func lastLayer(of network: Network) -> FineTuning {
        FineTuning(
            layers: network.matrixLayersToTheEnd.suffix(1).map(\.name), title: "the last layer",
            loop: .host)
    }

    /// The last layers retrained on the host: the last block, and where that is the
    /// classifier alone the block before it too. So of LeNet-3 the last convolution and
    /// the classifier, of VGG-8 both linear layers, of a ResNet the last basic block and
    /// the classifier.
    ///
    /// - Source: the baselines of the tiny-shared-block study (2024).
    public static func lastLayers(of network: Network) -> FineTuning {
        let isAlone = network.blocks.last.map { $0.matrixLayers.count == 1 } ?? true
        return FineTuning(
            layers: network.blocks.suffix(isAlone ? 2 : 1).flatMap(\.matrixLayers).map(\.name),
            title: "the last layers", loop: .host)
    }
}

extension Network {
    /// Those on the way to the last exit.
    fileprivate var matrixLayersToTheEnd: [MatrixLayer] { layers.flatMap(\.matrixLayers) }
}
