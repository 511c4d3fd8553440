import HostKit
import Testing

@Suite("Model catalogue")
struct CatalogueTests {
    static func parameterCount(_ name: String) throws -> Int {
        try NetworkCatalogue.make(name, seed: 1).parameters.reduce(0) { $0 + $1.tensor.count }
    }

    /// ResNets: He et al. 2016, table 6 (0.27, 0.46, 0.66, 0.85, 1.7 M), to the last parameter as
    /// published with the PyTorch version by Yerlan Idelbayev, plus batch norms' γ and β.
    /// LeNet-5: its closed form. VGG-11, VGG-16, ResNet-18: the PyTorch versions for CIFAR by
    /// Kuang Liu. DenseNet-40: Huang et al. 2017, table 2 (1.0 M), to the last parameter as the
    /// authors' version counts. Three exits: linear layers of 16 and 32 inputs more.
    @Test(arguments: [
        ("vgg11", 9_231_114), ("vgg16", 14_728_266), ("resnet18", 11_173_962),
        ("densenet40", 1_019_722), ("resnet56-e3", 853_018 + 170 + 330),
        ("resnet110-e3", 1_727_962 + 170 + 330), ("lenet3", 5_395 + 25),
        ("lenet5", 61_706), ("lenet-8x8", 23_658), ("resnet20", 269_722), ("resnet32", 464_154),
        ("resnet44", 658_586), ("resnet56", 853_018), ("resnet110", 1_727_962),
    ])
    func parametersAreThePublishedOnes(name: String, count: Int) throws {
        #expect(try Self.parameterCount(name) == count)
    }

    /// 9·(3a + a² + 2a² + 4a² + 8a² + 16a²) + 64a·8a + 80a weights with a = 128 times the width,
    /// γ and β of 14a channels, biases of 8a and 10.
    @Test(arguments: [("vgg8", 128), ("vgg8-w0.25", 32)])
    func parametersOfVGG8AreTheClosedForm(name: String, a: Int) throws {
        let weights = 27 * a + 9 * 31 * a * a + 512 * a * a + 80 * a
        #expect(name != "vgg8" || weights == 12_973_440)  // "12.97 million"
        #expect(try Self.parameterCount(name) == weights + 28 * a + 8 * a + 10)
    }

    /// Stage s has width w·2^s; the first block of stages 2 and 3 widens.
    @Test(arguments: [(5, 16, 10), (1, 16, 10), (3, 32, 10), (3, 8, 100), (5, 8, 7)])
    func parametersOfResNet20FollowKernelWidthAndClasses(k: Int, w: Int, c: Int) throws {
        let kk = k * k
        let convolutions = kk * (3 * w + 6 * w * w + (2 + 5 * 4) * w * w + (8 + 5 * 16) * w * w)
        let norms = 2 * (7 * w + 6 * 2 * w + 6 * 4 * w)
        #expect(
            try Self.parameterCount("resnet20-c\(c)-w\(w)-k\(k)")
                == convolutions + norms + 4 * w * c + c)
    }

    @Test(arguments: [
        ("lenet5", [1, 28, 28], 10), ("resnet20", [3, 32, 32], 10),
        ("resnet20-k1-w8", [3, 32, 32], 10), ("resnet32-k5-w8-c7", [3, 32, 32], 7),
        ("vgg8-w0.125-c100", [3, 32, 32], 100), ("lenet3", [1, 28, 28], 10),
        ("lenet5-w0.5-c7", [1, 28, 28], 7), ("lenet-8x8-w2", [1, 8, 8], 10),
        ("vgg11-w0.125-c100", [3, 32, 32], 100), ("vgg16-w0.125", [3, 32, 32], 10),
        ("resnet18-w4-c200", [3, 32, 32], 200), ("densenet40-w3-c100", [3, 32, 32], 100),
        ("resnet56-w4-e3-c5", [3, 32, 32], 5),
    ])
    func scoresHaveAColumnForEachClass(name: String, image: [Int], classes: Int) throws {
        let network = try NetworkCatalogue.make(name, seed: 1)
        #expect(network.imageShape == image && network.classes == classes)
        let images = try Tensor.full(0.5, shape: [2] + image)
        let scores = try noGrad { try network.scores(images, with: FloatProducts()) }
        #expect(scores.shape == [2, classes])
    }

    @Test(arguments: [
        ("resnet20", "resnet20"), ("resnet20-w16-k3-c10", "resnet20"),
        ("resnet20-c100-k5-w32", "resnet20-w32-k5-c100"), ("vgg8-w1", "vgg8"),
        ("vgg8-w.25", "vgg8-w0.25"), ("lenet-8x8", "lenet-8x8"), ("lenet3-w0.6", "lenet3-w0.6"),
        ("resnet18-w64", "resnet18"), ("resnet18-w16", "resnet18-w16"),
        ("resnet56-c100-e3", "resnet56-e3-c100"), ("resnet56-e1", "resnet56"),
        ("densenet40-w12-c10", "densenet40"), ("densenet40-w24", "densenet40-w24"),
    ])
    func aNameHasOneSpelling(text: String, canonical: String) throws {
        #expect(try ModelName(text).canonical == canonical)
        #expect(try ModelName(canonical) == ModelName(text))
    }

    @Test(arguments: [
        "", "resnet", "resnet21", "resnet200", "resnet20-", "resnet20-w", "resnet20-w0",
        "resnet20-w1.5", "resnet20-k2", "resnet20-x3", "resnet20-w8-w8", "resnet20-c1",
        "lenet5-w0.25",
        "vgg8-k5", "vgg8-w0", "vgg8-w0.3", "vgg8-wnan", "vgg8--w1", "lenet-8x8-k3",
        "lenet3-w0.5", "vgg11-w0.01", "vgg16-k3", "resnet18-k5", "resnet18-e3", "resnet56-e2",
        "densenet40-w0", "densenet40-w1.5", "densenet", "lenet5-w5",
    ])
    func anotherNameIsRefused(text: String) {
        #expect(throws: NetworkError.self) { _ = try ModelName(text) }
    }

    /// "5,395 weights": 45 + 450 + 4,900.
    @Test func weightsOfLeNet3() throws {
        let layers = try NetworkCatalogue.make("lenet3", seed: 1).matrixLayers
        #expect(layers.map(\.weight.count) == [45, 450, 4_900])
    }

    @Test(
        arguments: [
            ("lenet3", ["conv1", "conv2", "fc1"], [1, 1, 1]),
            ("vgg8-w0.125", ["conv1", "conv3", "conv5", "fc1"], [2, 2, 2, 2]),
            (
                "vgg11-w0.125",
                [
                    "features.0", "features.4", "features.8", "features.15", "features.22",
                    "classifier",
                ],
                [1, 1, 2, 2, 2, 1]
            ),
            (
                "resnet18-w2",
                [
                    "conv1", "layer1.0", "layer1.1", "layer2.0", "layer2.1", "layer3.0", "layer3.1",
                    "layer4.0", "layer4.1", "linear",
                ],
                [1, 2, 2, 3, 2, 3, 2, 3, 2, 1]
            ),
            ("densenet40-w1", ["conv1", "block1", "block2", "block3", "fc"], [1, 13, 13, 12, 1]),
        ] as [(String, [String], [Int])])
    func blocksHoldAllMatrixLayersInOrder(model: String, names: [String], counts: [Int]) throws {
        let network = try NetworkCatalogue.make(model, seed: 1)
        #expect(network.blocks.map(\.name) == names)
        #expect(network.blocks.map(\.matrixLayers.count) == counts)
        #expect(
            network.blocks.flatMap(\.matrixLayers).map(\.name) == network.matrixLayers.map(\.name))
        for name in names { #expect(try network.block(name).name == name) }
        #expect(throws: NetworkError.unknownBlock("conv9", blocks: names)) {
            _ = try network.block("conv9")
        }
    }

    @Test func tensorsCarryPyTorchsNames() throws {
        let names = try NetworkCatalogue.make("resnet20", seed: 1).tensors.map(\.name)
        #expect(names.count == 19 + 19 * 4 + 2)
        #expect(
            names.prefix(9) == [
                "conv1.weight", "bn1.weight", "bn1.bias", "bn1.running_mean", "bn1.running_var",
                "layer1.0.conv1.weight", "layer1.0.bn1.weight", "layer1.0.bn1.bias",
                "layer1.0.bn1.running_mean",
            ])
        #expect(names.suffix(2) == ["linear.weight", "linear.bias"])
    }

    /// A checkpoint names the model, and carries what batch norm measured.
    @Test(arguments: ["resnet20-w8-c3", "resnet20-w4-e3", "densenet40-w1", "vgg11-w0.0625"])
    func aNetworkComesBackFromItsCheckpoint(model: String) throws {
        let folder = try TemporaryFolder()
        let network = try NetworkCatalogue.make(model, seed: 2)
        let images = try RandomGenerator(seed: 3).uniform(0 ..< 1, [4, 3, 32, 32])
        network.setTraining(true)
        _ = try noGrad { try network.scores(images, with: FloatProducts()) }
        network.setTraining(false)
        let scales = QuantisationScales(
            layers: Dictionary(
                uniqueKeysWithValues: network.matrixLayers.map {
                    ($0.name, LayerScales(input: 1 / 255, weight: 0.01))
                }))
        let path = "\(folder.path)/n.safetensors"
        try Checkpoint(network: network, scales: scales, command: "-", seed: 2).write(to: path)
        let back = try Checkpoint(contentsOf: path).network
        #expect(back.name == model)
        let twin = try network.copy()
        let scores = try noGrad { try network.scores(images, with: FloatProducts()).floats() }
        for other in [back, twin] {
            let found = try noGrad { try other.scores(images, with: FloatProducts()).floats() }
            #expect(found == scores)
        }
    }
}
