extension FineTuning {
    /// Of some blocks, all their matrix layers; a shared block's parts, which other blocks
    /// have too, stay.
    public init(blocks: [Block], of network: Network, loss: Loss = .crossEntropy) {
        let isAll = Set(blocks.map(\.name)) == Set(network.blocks.map(\.name))
        self.init(
            layers: blocks.flatMap(\.ownMatrixLayers).map(\.name),
            title: isAll ? "all blocks" : blocks.map(\.name).joined(separator: ", "), loss: loss)
    }

    /// The classifier retrained on the host.
    public static func lastLayer(of network: Network) -> FineTuning {
        FineTuning(
            layers: network.lastLayer.map(\.name), title: "the last layer", loop: .host)
    }

    /// The last layers retrained on the host.
    public static func lastLayers(of network: Network) -> FineTuning {
        FineTuning(
            layers: network.lastLayers.map(\.name), title: "the last layers", loop: .host)
    }
}

extension Network {
    /// The classifier at the last exit.
    var lastLayer: [MatrixLayer] { layers.flatMap(\.matrixLayers).suffix(1) }

    /// The last block, and where that is the classifier alone the block before it too. So
    /// of LeNet-3 the last convolution and the classifier, of VGG-8 both linear layers, of
    /// a ResNet the last basic block and the classifier.
    ///
    /// - Source: the baselines of the tiny-shared-block study (2024).
    var lastLayers: [MatrixLayer] {
        let last = blocks.last?.ownMatrixLayers ?? []
        return last.count > 1 ? last : blocks.suffix(2).flatMap(\.ownMatrixLayers)
    }
}
