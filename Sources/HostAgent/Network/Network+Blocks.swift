extension Network {
    /// A block by name: what an adaptation changes as one.
    ///
    /// | networks | a block is |
    /// |---|---|
    /// | LeNets | one matrix layer |
    /// | VGG-8 | two matrix layers, the linear ones included |
    /// | VGG-11, VGG-16 | the convolutions between two poolings |
    /// | ResNets | a basic block; the first convolution; the classifier |
    /// | DenseNet-40 | a dense block with the transition behind it; the first convolution; the classifier |
    ///
    /// Its `matrixLayers` are in the order of the data, as those of all `blocks` are.
    public func block(_ name: String) throws -> Block {
        guard let block = blocks.first(where: { $0.name == name }) else {
            throw NetworkError.unknownBlock(name, blocks: blocks.map(\.name))
        }
        return block
    }
}
