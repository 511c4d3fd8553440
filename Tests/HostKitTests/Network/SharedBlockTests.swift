import HostKit
import Testing

@Suite("Tiny shared block: the network's side")
struct SharedBlockTests {
    private static func scores(_ network: Network, count: Int = 3) throws -> [Float] {
        let images = try RandomGenerator(seed: 3).uniform(0 ..< 1, [count] + network.imageShape)
        return try noGrad { try network.scores(images, with: FloatProducts()).floats() }
    }

    /// The same seed gives the same network, with the block or without; 7 channels divide
    /// none of the features.
    @Test(arguments: [
        ("lenet3", "b5"), ("lenet3", "b512-l4"), ("lenet5", "b7-i1"), ("lenet-8x8", "b7-l3"),
        ("vgg8-w0.0625", "b8"), ("vgg11-w0.0625", "b7-l2"), ("resnet20-w4", "b7"),
        ("resnet18-w4", "b8-l2-i3"), ("resnet20-w4-e3", "b5"),
    ])
    func anIdentityChangesNoBit(model: String, block: String) throws {
        let bare = try NetworkCatalogue.make(model, seed: 6)
        let network = try NetworkCatalogue.make("\(model)-\(block)", seed: 6)
        #expect(network.name == "\(model)-\(block)")
        #expect(!network.blockLayers.isEmpty)
        #expect(try Self.scores(network) == Self.scores(bare))
    }

    /// Against one 1 × 1 convolution, whose matrix has the block on its diagonal as often as
    /// there are groups, worked out here element by element.
    @Test(arguments: [3, 5, 7, 10])
    func groupsAreABlockDiagonalConvolution(channels: Int) throws {
        let network = try NetworkCatalogue.make("lenet3-b5-l2", seed: 1)
        let random = try RandomGenerator(seed: 8)
        let parts = Array(network.blockLayers.prefix(2))
        for part in parts { try part.weight.assign(random.normal([5, 5])) }
        let input = try random.normal([2, channels, 3, 4])
        let (first, second) = (try parts[0].weight.floats(), try parts[1].weight.floats())
        var product = [Double](repeating: 0, count: 25)
        for row in 0 ..< 5 {
            for column in 0 ..< 5 {
                for middle in 0 ..< 5 {
                    product[row * 5 + column] +=
                        Double(second[row * 5 + middle]) * Double(first[middle * 5 + column])
                }
            }
        }
        var matrix = [Float](repeating: 0, count: channels * channels)
        for out in 0 ..< channels {
            for `in` in 0 ..< channels where out / 5 == `in` / 5 {
                matrix[out * channels + `in`] = Float(product[out % 5 * 5 + `in` % 5])
            }
        }
        let expected = try input.convolved(
            with: .floats(matrix, shape: [channels, channels, 1, 1]), stride: 1, padding: 0)
        let insertion = try #require(
            network.layers.compactMap { $0 as? SharedBlockInsertion }.first)
        let found = try insertion.forward(input, with: FloatProducts())
        #expect(found.shape == input.shape)
        #expect(largestDifference(try found.floats(), try expected.floats()) < 2e-5)
    }

    /// Weights of its own for each place, with the values of the shared one.
    private final class Unshared: LayerWeights {
        var copies: [Tensor] = []

        func weight(of layer: MatrixLayer) throws -> Tensor {
            guard layer.weightName != layer.name else { return layer.weight }
            let copy = try layer.weight.detached().scaled(by: 1)
            try copy.setRequiresGradient()
            copies.append(copy)
            return copy
        }
    }

    /// The gradient of what is shared is the sum of what its copies would have.
    @Test(arguments: [("lenet3-b7", 2), ("resnet20-w2-b5", 9)])
    func gradientsOfAllPlacesAreAdded(model: String, places: Int) throws {
        let network = try NetworkCatalogue.make(model, seed: 6)
        let weight = network.blockLayers[0].weight
        let images = try RandomGenerator(seed: 3).uniform(0 ..< 1, [2] + network.imageShape)
        let labels = try Tensor.integers([Int64(1), 2], shape: [2])
        func backward(_ products: any MatrixProducts) throws {
            try network.scores(images, with: products).crossEntropy(labels).backward()
        }
        try weight.setRequiresGradient()
        try backward(FloatProducts())
        let found = try #require(try weight.gradient())
        try weight.setRequiresGradient(false)
        let unshared = Unshared()
        try backward(WeightedProducts(unshared))
        let gradients = try unshared.copies.map { try #require(try $0.gradient()) }
        #expect(gradients.count == places)
        let sum = try gradients[1...].reduce(gradients[0]) { try $0.adding($1) }
        #expect(try sum.absolute().maximum() > 1e-3)
        #expect(largestDifference(try found.floats(), try sum.floats()) < 1e-4)
    }

    /// 0.46 %, 0.126 % and 0.15 % of the study: 25, 128², 128² over all other weights.
    @Test(arguments: [("lenet3", 0.00463), ("vgg8", 0.00126), ("resnet18", 0.00147)])
    func theDefaultsSharesAreThePublishedOnes(model: String, share: Double) throws {
        let network = try NetworkCatalogue.make(model, seed: 1)
        let places = ["lenet3": 2, "vgg8": 6, "resnet18": 8]
        try network.insert(SharedBlock.Shape(channels: network.blockChannels))
        #expect(network.blockLayers.count == places[model])
        #expect(abs(network.blockShare - share) < 0.5e-5)
    }

    @Test func placesAreBehindConvolutionsAndBranches() throws {
        let vgg = try NetworkCatalogue.make("vgg8-w0.0625-b8-l2-i2", seed: 1)
        #expect(
            vgg.matrixLayers.map(\.name).prefix(7) == [
                "conv1", "conv1.block.0", "conv1.block.1", "conv2", "conv2.block.0",
                "conv2.block.1", "conv3",
            ])
        let residual = try NetworkCatalogue.make("resnet20-w4-b5", seed: 1)
        #expect(residual.blockLayers.count == 9)
        #expect(residual.blockLayers[0].name == "layer1.0.conv2.block.0")
        #expect(Set(residual.blockLayers.map { ObjectIdentifier($0.weight) }).count == 1)
        // The weights are there once, where a checkpoint finds them.
        let names = residual.tensors.map(\.name)
        #expect(names.filter { $0.contains("block") } == ["block.0.weight"])
    }

    @Test(arguments: [
        ("lenet3-i2-b5-l1", "lenet3-b5-i2"), ("vgg8-b128-c100", "vgg8-c100-b128"),
        ("resnet20-l4-b5", "resnet20-b5-l4"),
    ])
    func aNameHasOneSpelling(text: String, canonical: String) throws {
        #expect(try ModelName(text).canonical == canonical)
        #expect(try ModelName(canonical) == ModelName(text))
    }

    @Test(arguments: [
        "lenet3-b4", "lenet3-b513", "lenet3-b5-l5", "lenet3-b5-l0", "lenet3-l2", "lenet3-i1",
        "densenet40-b12", "lenet3-b5-i3", "vgg8-w0.0625-b8-i7", "lenet3-b5-i0",
    ])
    func anotherBlockIsRefused(text: String) {
        #expect(throws: NetworkError.self) { _ = try NetworkCatalogue.make(text, seed: 1) }
    }

    @Test(arguments: ["lenet3-b5-l2", "resnet20-w2-b5-i4"])
    func aNetworkComesBackFromItsCheckpoint(model: String) throws {
        let folder = try TemporaryFolder()
        let network = try NetworkCatalogue.make(model, seed: 2)
        let random = try RandomGenerator(seed: 5)
        for layer in network.blockLayers {
            try layer.weight.assign(random.normal(layer.weight.shape))
        }
        let scales = QuantisationScales(
            layers: Dictionary(
                uniqueKeysWithValues: network.matrixLayers.map {
                    ($0.name, LayerScales(input: 1 / 255, weight: 0.01))
                }))
        let path = "\(folder.path)/n.safetensors"
        try Checkpoint(network: network, scales: scales, command: "-", seed: 2).write(to: path)
        let back = try Checkpoint(contentsOf: path).network
        #expect(back.name == model)
        let expected = try Self.scores(network)
        for twin in [back, try network.copy()] { #expect(try Self.scores(twin) == expected) }
    }
}
