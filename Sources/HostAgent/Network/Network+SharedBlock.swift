/// Where a shared block stands: in plain networks behind each convolution, with its bias,
/// before batch norm and activation; in ResNets behind the second convolution of each
/// basic block, before its batch norm, the shortcut's sum and the activation.
///
/// The study says "after each basic block, before batch norm and activation", which a
/// basic block's sum is not: that stands behind its last batch norm. The end of its
/// branch is the one place that fits both halves of the sentence.
extension Network {
    /// Channels of the features at each place, in the order of the data.
    var blockPlaces: [Int] {
        let layers = layers
        if layers.contains(where: { $0 is DenseLayer }) { return [] }
        let residual = layers.compactMap { ($0 as? ResidualBlock)?.conv2.columns }
        if !residual.isEmpty { return residual }
        return layers.compactMap { layer in
            guard let layer = layer as? MatrixLayer, layer.kind != .linear else { return nil }
            return layer.columns
        }
    }

    /// The study's K where its networks are concerned: the channels of the first place
    /// (5 of LeNet-3, 128 of VGG-8), twice as many in a ResNet (128 of ResNet-18).
    public var blockChannels: Int {
        let isResidual = layers.contains { $0 is ResidualBlock }
        let channels = (blockPlaces.first ?? 0) * (isResidual ? 2 : 1)
        let allowed = SharedBlock.channelsAllowed
        return min(max(channels, allowed.lowerBound), allowed.upperBound)
    }

    /// The parts of a shared block at all its places.
    public var blockLayers: [MatrixLayer] {
        matrixLayers.filter(\.sharesWeight)
    }

    /// Weights of the shared block over those of all other matrices; 0 without one.
    public var blockShare: Double {
        func count(_ layers: [MatrixLayer]) -> Int { layers.reduce(0) { $0 + $1.weight.count } }
        let block = blockLayers
        guard let place = block.first?.blockPlace else { return 0 }
        let others = matrixLayers.filter { !$0.sharesWeight }
        return Double(count(block.filter { $0.blockPlace == place })) / Double(count(others))
    }

    /// Puts an identity at the places; the name says so from then on.
    ///
    /// - Precondition: the network has no shared block, and is one of the catalogue.
    public func insert(_ shape: SharedBlock.Shape) throws {
        precondition(blockLayers.isEmpty)
        let places = blockPlaces.count
        let insertions = shape.insertions ?? places
        guard places > 0, (1 ... places).contains(insertions) else {
            throw NetworkError.wrongInsertions(
                model: name, asked: shape.insertions, places: places)
        }
        var model = try ModelName(name)
        model.block = shape
        model.block?.insertions = insertions == places ? nil : insertions
        let block = try SharedBlock(shape)
        let isResidual = layers.contains { $0 is ResidualBlock }
        var left = insertions
        func next(behind name: String) -> SharedBlockInsertion? {
            guard left > 0 else { return nil }
            left -= 1
            return block.insertion(behind: name)
        }
        blocks = blocks.map { old in
            let layers = old.layers.flatMap { layer -> [any Layer] in
                switch layer {
                case var layer as ResidualBlock:
                    layer.insertion = next(behind: layer.conv2.name)
                    return [layer]
                case let layer as MatrixLayer where layer.kind != .linear && !isResidual:
                    return [layer] + (next(behind: layer.name).map { [$0] } ?? [])
                default: return [layer]
                }
            }
            return Block(old.name, layers, exit: old.exit)
        }
        name = model.canonical
    }
}

extension MatrixLayer {
    /// Of a part of a shared block: the convolution that it stands behind.
    var blockPlace: Substring? {
        sharesWeight ? name.dropLast(weightName.count + 1) : nil
    }
}
