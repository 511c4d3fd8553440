extension NetworkCatalogue {
    /// VGG-8 for CIFAR's images: six 3 × 3 convolutions of 128, 128, 256, 256,
    /// 512, 512 channels (times the width) with batch norm and ReLU, max pooling
    /// by two behind each second, and linear layers 8192 → 1024 → classes. Its blocks
    /// are two layers each.
    ///
    /// - Source: the network of NeuroSim's CIFAR-10 example (Peng, Huang, Jiang,
    ///   Lu, Yu, "DNN+NeuroSim V2.0", 2021), with batch norm.
    static func vgg8(_ model: ModelName, _ generator: RandomGenerator) throws -> Network {
        var blocks: [Block] = []
        var inputs = 3
        for (index, channels) in [128, 256, 512].enumerated() {
            var layers = try frame(isFirst: index == 0)
            for number in [2 * index + 1, 2 * index + 2] {
                let outputs = model.channels(channels)
                layers += try convolution(
                    "conv\(number)", "bn\(number)", inputs: inputs, outputs: outputs,
                    padding: number == 1 ? 0 : 1, hasBias: false, generator)
                inputs = outputs
            }
            blocks.append(Block("conv\(2 * index + 1)", layers + [MaxPool(kernel: 2)]))
        }
        let hidden = 2 * inputs
        blocks.append(
            Block(
                "fc1",
                [
                    Flatten(),
                    try MatrixLayer(
                        "fc1", .linear, inputs: inputs * 4 * 4, outputs: hidden,
                        initial: .heNormal, from: generator),
                    ReLU(isInPlace: true),
                    try MatrixLayer(
                        "fc2", .linear, inputs: hidden, outputs: model.classes, from: generator),
                ]))
        return Network(
            name: model.canonical, imageShape: [3, 32, 32], classes: model.classes, blocks: blocks)
    }

    /// Channels of the convolutions between poolings, columns A and D of the source.
    static let vgg11Stacks = [[64], [128], [256, 256], [512, 512], [512, 512]]
    static let vgg16Stacks = [
        [64, 64], [128, 128], [256, 256, 256], [512, 512, 512], [512, 512, 512],
    ]

    /// VGG-11 and VGG-16 for CIFAR's images: stacks of 3 × 3 convolutions with batch
    /// norm and ReLU, max pooling by two behind each stack, one linear layer 512 →
    /// classes; all channels times the width. 9,231,114 and 14,728,266 parameters.
    ///
    /// The convolutions' biases, which the batch norms undo, are there because the
    /// PyTorch versions have them. Its blocks are the stacks.
    ///
    /// - Source: Simonyan, Zisserman, "Very deep convolutional networks for
    ///   large-scale image recognition", 2015, table 1; the batch norms and the one
    ///   linear layer as in the PyTorch versions for CIFAR, whose names these are.
    static func vgg(_ model: ModelName, stacks: [[Int]], _ generator: RandomGenerator) throws
        -> Network
    {
        var blocks: [Block] = []
        var (inputs, place) = (3, 0)
        for stack in stacks {
            let name = "features.\(place)"
            var layers = try frame(isFirst: place == 0)
            for channels in stack {
                let outputs = model.channels(channels)
                layers += try convolution(
                    "features.\(place)", "features.\(place + 1)", inputs: inputs, outputs: outputs,
                    padding: place == 0 ? 0 : 1, hasBias: true, generator)
                inputs = outputs
                place += 3
            }
            blocks.append(Block(name, layers + [MaxPool(kernel: 2)]))
            place += 1
        }
        blocks.append(
            Block(
                "classifier",
                [
                    Flatten(),
                    try MatrixLayer(
                        "classifier", .linear, inputs: inputs, outputs: model.classes,
                        from: generator),
                ]))
        return Network(
            name: model.canonical, imageShape: [3, 32, 32], classes: model.classes, blocks: blocks)
    }

    private static func frame(isFirst: Bool) throws -> [any Layer] {
        isFirst ? [try MeanFrame(colour: MeanFrame.cifar10Mean, padding: 1)] : []
    }

    private static func convolution(
        _ name: String, _ normName: String, inputs: Int, outputs: Int, padding: Int, hasBias: Bool,
        _ generator: RandomGenerator
    ) throws -> [any Layer] {
        [
            try MatrixLayer(
                name, .convolution(kernel: 3, stride: 1, padding: padding), inputs: inputs,
                outputs: outputs, hasBias: hasBias, initial: .heNormal, from: generator),
            try BatchNorm(normName, channels: outputs), ReLU(isInPlace: true),
        ]
    }
}
