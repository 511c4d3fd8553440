import HostKit
import Testing

@Suite("Networks of normalised images")
struct InputNormalisationTests {
    static let normalisation = InputNormalisation(
        mean: [0.485, 0.3, 0.62], deviation: [0.229, 0.31, 0.19])

    /// A network with biases and statistics like a trained one's.
    static func network(_ model: String) throws -> Network {
        let network = try NetworkCatalogue.make(model, seed: 4)
        let random = try RandomGenerator(seed: 6)
        for norm in network.batchNorms {
            let shape = norm.bias.shape
            try norm.runningMean.assign(random.normal(shape).scaled(by: 0.5))
            try norm.runningVariance.assign(random.uniform(0.5 ..< 2, shape))
            try norm.weight.assign(random.uniform(0.5 ..< 1.5, shape))
            try norm.bias.assign(random.normal(shape).scaled(by: 0.3))
        }
        return network
    }

    /// The network as it was trained: (x − m)/s, padded with zeros.
    static func scores(_ network: Network, _ images: Tensor) throws -> Tensor {
        func channels(_ values: [Double]) throws -> Tensor {
            try .floats(values.map { Float($0) }, shape: [1, 3, 1, 1])
        }
        let normalised = try images.adding(channels(normalisation.mean), times: -1)
            .multiplied(by: channels(normalisation.deviation.map { 1 / $0 }))
        let first = network.matrixLayers[0]
        var product = try normalised.convolved(
            with: first.weight, stride: 1, padding: first.kind.kernel / 2)
        if let bias = first.bias {
            product = try product.adding(bias.reshaped([1, first.columns, 1, 1]))
        }
        return try network.scores(product, from: 2, with: FloatProducts())
    }

    @Test(arguments: [
        "resnet20-w4", "resnet20-w4-k5", "resnet20-w4-k1", "resnet18-w4", "vgg8-w0.03125",
        "vgg11-w0.0625", "vgg16-w0.0625", "densenet40-w3",
    ])
    func theFoldIsExact(model: String) throws {
        let network = try Self.network(model)
        let images = try RandomGenerator(seed: 8).uniform(0 ..< 1, [4, 3, 32, 32])
        try noGrad {
            let expected = try Self.scores(network, images).floats()
            try Self.normalisation.fold(into: network)
            let found = try network.scores(images, with: FloatProducts()).floats()
            let size = expected.reduce(0) { max($0, abs($1)) }
            #expect(largestDifference(found, expected) < 1e-4 * max(1, size))
            // With a frame of another colour the edge would be wrong.
            if network.matrixLayers[0].kind.kernel > 1 {
                let other = try Self.network(model)
                try Self.normalisation.fold(into: other)
                let black = try MeanFrame(
                    colour: [0, 0, 0], padding: #require(network.frame).padding)
                let framed = try black.forward(images, with: FloatProducts())
                let wrong = try other.scores(framed, from: 1, with: FloatProducts()).floats()
                #expect(largestDifference(wrong, expected) > 1e-3 * max(1, size))
            }
        }
    }

    /// The frame's colour is part of the network: of its copies and its checkpoint.
    @Test func theColourComesBack() throws {
        let folder = try TemporaryFolder()
        let network = try Self.network("resnet20-w4")
        try Self.normalisation.fold(into: network)
        let images = try RandomGenerator(seed: 8).uniform(0 ..< 1, [4, 3, 32, 32])
        let expected = try noGrad { try network.scores(images, with: FloatProducts()).floats() }
        let scales = QuantisationScales(
            layers: Dictionary(
                uniqueKeysWithValues: network.matrixLayers.map {
                    ($0.name, LayerScales(input: 1 / 255, weight: 0.01))
                }))
        let path = "\(folder.path)/n.safetensors"
        try Checkpoint(network: network, scales: scales, command: "-", seed: 2).write(to: path)
        let started = try NetworkCatalogue.make("resnet20-w4", seed: 9)
        try TrainingRun.Start(file: path).load(into: started)
        // Once is enough.
        #expect(throws: DataError.self) {
            try TrainingRun.Start(file: path, normalisation: Self.normalisation).load(into: started)
        }
        for other in [try Checkpoint(contentsOf: path).network, try network.copy(), started] {
            let found = try noGrad { try other.scores(images, with: FloatProducts()).floats() }
            #expect(found == expected)
        }
        var file = try SafeTensors(contentsOf: path)
        for colour in ["[0.5]", "[0.5,0.5,7]", "red"] {
            file.metadata["frame_colour"] = colour
            #expect(throws: DataError.self) { _ = try Checkpoint(file, file: path) }
        }
    }

    @Test(arguments: ["lenet5", "lenet3", "lenet-8x8"])
    func aNetworkWithoutAFrameIsRefused(model: String) throws {
        let network = try NetworkCatalogue.make(model, seed: 1)
        #expect(throws: NetworkError.cannotFold(network: model)) {
            try Self.normalisation.fold(into: network)
        }
    }

    /// A state_dict of normalised images becomes a checkpoint, which has its accuracy.
    @Test func aRunStartsFromPublishedWeights() throws {
        let folder = try TemporaryFolder()
        let network = try Self.network("resnet20-w4")
        let path = "\(folder.path)/state.safetensors"
        try SafeTensors(
            metadata: [:],
            entries: network.tensors.map {
                .init(name: $0.name, shape: $0.tensor.shape, values: try $0.tensor.floats())
            }
        ).write(to: path)
        let pixels = try RandomGenerator(seed: 5).uniform(0 ..< 256, [30, 3, 32, 32])
            .cast(to: .uint8)
        let loaded = try NetworkCatalogue.make("resnet20-w4", seed: 9)
        let start = TrainingRun.Start(file: path, normalisation: Self.normalisation)
        try start.load(into: loaded)
        let images = try pixels.cast(to: .float32).scaled(by: 1.0 / 255)
        let expected = try noGrad { try Self.scores(network, images) }
        let found = try noGrad { try loaded.scores(images, with: FloatProducts()) }
        #expect(largestDifference(try found.floats(), try expected.floats()) < 1e-4)
    }

    @Test func namesAndNumbersAreRead() {
        #expect(
            InputNormalisation("0.1,0.2,0.3,0.4,0.5,0.6")
                == InputNormalisation(mean: [0.1, 0.2, 0.3], deviation: [0.4, 0.5, 0.6]))
        #expect(InputNormalisation("cifar10")?.deviation == [0.2470, 0.2435, 0.2616])
        for text in [
            "", "mnist", "0.1,0.2,0.3", "0.1,0.2,0.3,0.4,0.5,0", "2,0.2,0.3,0.4,0.5,0.6",
            "0.1,0.2,0.3,0.4,0.5,x", "0.1,0.2,0.3,0.4,0.5,0.6,", "nan,0.2,0.3,0.4,0.5,0.6",
        ] {
            #expect(InputNormalisation(text) == nil, "\(text)")
        }
    }
}
