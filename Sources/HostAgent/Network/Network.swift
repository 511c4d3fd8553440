/// A network: blocks of layers one after the other, from images to class scores.
public final class Network {
    /// As `--model` names it.
    public internal(set) var name: String
    /// Channels, height, width of an image.
    public let imageShape: [Int]
    public let classes: Int
    public internal(set) var blocks: [Block]

    public init(name: String, imageShape: [Int], classes: Int, blocks: [Block]) {
        self.name = name
        self.imageShape = imageShape
        self.classes = classes
        self.blocks = blocks
        precondition(Set(blocks.map(\.name)).count == blocks.count)
        precondition(Set(tensors.map(\.name)).count == tensors.count)
    }

    /// The layers on the way to the last exit.
    public var layers: [any Layer] { blocks.flatMap(\.layers) }

    /// The layers that a chip can hold, in the order of the data.
    public var matrixLayers: [MatrixLayer] {
        blocks.flatMap(\.all).compactMap { $0 as? MatrixLayer }
    }

    /// The batch norms, in the order of the data.
    public var batchNorms: [BatchNorm] {
        blocks.flatMap(\.all).compactMap { $0 as? BatchNorm }
    }

    /// All that the network holds, by PyTorch names: what a checkpoint keeps. What
    /// several layers share is there once.
    public var tensors: [NamedTensor] {
        var seen: Set<ObjectIdentifier> = []
        return blocks.flatMap(\.all).flatMap(\.tensors).filter {
            seen.insert(ObjectIdentifier($0.tensor)).inserted
        }
    }
    /// What is learned.
    public var parameters: [NamedTensor] { tensors.filter { $0.role != .statistic } }

    /// What stands in front of the first convolution, where anything does.
    public var frame: MeanFrame? { layers.first as? MeanFrame }

    /// Whether batch norms use and follow the batch's own statistics.
    public func setTraining(_ isTraining: Bool) {
        for norm in batchNorms { norm.isTraining = isTraining }
    }

    /// Class scores [n, classes] of images [n, c, h, w], values 0…1, at the last exit.
    public func scores(_ images: Tensor, with products: any MatrixProducts) throws -> Tensor {
        try layers.reduce(images) { try $1.forward($0, with: products) }
    }

    /// Class scores from what the layer number `start` gets.
    public func scores(
        _ input: Tensor, from start: Int, with products: any MatrixProducts
    ) throws -> Tensor {
        try layers[start...].reduce(input) { try $1.forward($0, with: products) }
    }

    /// A matrix layer by name, and its number among all layers.
    public func place(of name: String) throws -> (index: Int, layer: MatrixLayer) {
        for (index, layer) in layers.enumerated() {
            if let found = layer.matrixLayers.first(where: { $0.name == name }) {
                return (index, found)
            }
        }
        throw NetworkError.unknownLayer(name, layers: layers.flatMap(\.matrixLayers).map(\.name))
    }

    /// A network of the same shape with weights of its own.
    public func copy() throws -> Network {
        let twin = try NetworkCatalogue.make(name, seed: 0)
        for (mine, theirs) in zip(tensors, twin.tensors) {
            try theirs.tensor.assign(mine.tensor)
        }
        if let frame { try twin.frame?.take(frame.values) }
        return twin
    }
}
