extension NetworkCatalogue {
    /// A ResNet for CIFAR's images: a convolution, three stages of n blocks with
    /// w, 2·w, 4·w channels at 32, 16, 8 pixels, the mean of each channel and a
    /// linear layer; 6·n + 2 layers in all. 269,722 parameters at depth 20.
    ///
    /// With three exits the same head stands behind each stage.
    ///
    /// - Source: He, Zhang, Ren, Sun, "Deep residual learning for image
    ///   recognition", 2016, section 4.2.
    static func residual(_ model: ModelName, depth: Int, _ generator: RandomGenerator) throws
        -> Network
    {
        try residual(model, stages: 3, blocks: (depth - 2) / 6, shortcut: .zeros, generator)
    }

    /// ResNet-18 for CIFAR's images: four stages of two blocks with 64, 128, 256,
    /// 512 channels at 32, 16, 8, 4 pixels, projections as shortcuts; 11,173,962
    /// parameters.
    ///
    /// - Source: He et al. 2016, table 1, with the 3 × 3 stem without pooling that
    ///   PyTorch versions for CIFAR have.
    static func resNet18(_ model: ModelName, _ generator: RandomGenerator) throws -> Network {
        try residual(model, stages: 4, blocks: 2, shortcut: .projection, generator)
    }

    private static func residual(
        _ model: ModelName, stages: Int, blocks blockCount: Int,
        shortcut: ResidualBlock.Shortcut, _ generator: RandomGenerator
    ) throws -> Network {
        let (width, kernel) = (Int(model.width), model.kernel)
        func head(_ name: String, inputs: Int) throws -> [any Layer] {
            [
                GlobalAveragePool(),
                try MatrixLayer(
                    name, .linear, inputs: inputs, outputs: model.classes, from: generator),
            ]
        }
        var blocks = [
            Block(
                "conv1",
                [
                    try MeanFrame(colour: MeanFrame.cifar10Mean, padding: kernel / 2),
                    try MatrixLayer(
                        "conv1", .convolution(kernel: kernel, stride: 1, padding: 0), inputs: 3,
                        outputs: width, hasBias: false, initial: .heNormal, from: generator),
                    try BatchNorm("bn1", channels: width), ReLU(isInPlace: true),
                ])
        ]
        var inputs = width
        for stage in 0 ..< stages {
            let outputs = width << stage
            for index in 0 ..< blockCount {
                let name = "layer\(stage + 1).\(index)"
                let block = try ResidualBlock(
                    name, inputs: inputs, outputs: outputs, kernel: kernel,
                    stride: stage > 0 && index == 0 ? 2 : 1, shortcut: shortcut, from: generator)
                let hasExit =
                    model.exits > 1 && stage + 1 < stages && index + 1 == blockCount
                blocks.append(
                    Block(
                        name, [block],
                        exit: hasExit ? try head("exit\(stage + 1)", inputs: outputs) : []))
                inputs = outputs
            }
        }
        blocks.append(Block("linear", try head("linear", inputs: inputs)))
        return Network(
            name: model.canonical, imageShape: [3, 32, 32], classes: model.classes, blocks: blocks)
    }
}
