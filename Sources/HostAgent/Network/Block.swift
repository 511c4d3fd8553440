/// Layers of a network that belong together, one after the other: what an
/// adaptation changes as one, and what may have an exit behind it.
public struct Block {
    /// As in PyTorch, where the layers have a name in common ("layer1.0"); else
    /// that of the first matrix layer.
    public let name: String
    public let layers: [any Layer]
    /// From what leaves the block to class scores; empty: no exit here.
    public let exit: [any Layer]

    public init(_ name: String, _ layers: [any Layer], exit: [any Layer] = []) {
        self.name = name
        self.layers = layers
        self.exit = exit
    }

    /// All layers inside, those of the exit last.
    var all: [any Layer] { (layers + exit).flatMap(\.all) }
    /// The layers that a chip can hold, without those of the exit.
    public var matrixLayers: [MatrixLayer] { layers.flatMap(\.matrixLayers) }
    /// Those whose weights are this block's alone: not the parts of a shared block.
    public var ownMatrixLayers: [MatrixLayer] { matrixLayers.filter { !$0.sharesWeight } }

    func forward(_ input: Tensor, with products: any MatrixProducts) throws -> Tensor {
        try layers.reduce(input) { try $1.forward($0, with: products) }
    }

    /// Class scores of what leaves the block.
    func exitScores(_ output: Tensor, with products: any MatrixProducts) throws -> Tensor {
        try exit.reduce(output) { try $1.forward($0, with: products) }
    }
}
