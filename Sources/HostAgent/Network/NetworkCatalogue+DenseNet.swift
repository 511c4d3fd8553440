extension NetworkCatalogue {
    /// DenseNet-40 for CIFAR's images, without bottleneck and compression: a
    /// convolution of 16 channels, three dense blocks of 12 layers at 32, 16, 8
    /// pixels, each of which adds `width` channels (the growth rate, 12), and between
    /// them a 1 × 1 convolution that keeps the channels, and average pooling by two.
    /// 1,019,722 parameters.
    ///
    /// - Source: Huang, Liu, van der Maaten, Weinberger, "Densely connected
    ///   convolutional networks", 2017, sections 3 and 4.2.
    static func denseNet40(_ model: ModelName, _ generator: RandomGenerator) throws -> Network {
        let (growth, layersInBlock) = (Int(model.width), 12)
        var channels = 16
        var blocks = [
            Block(
                "conv1",
                [
                    try MeanFrame(colour: MeanFrame.cifar10Mean, padding: 1),
                    try MatrixLayer(
                        "conv1", .convolution(kernel: 3, stride: 1, padding: 0), inputs: 3,
                        outputs: channels, hasBias: false, initial: .heNormal, from: generator),
                ])
        ]
        for number in 1 ... 3 {
            var layers: [any Layer] = []
            for index in 0 ..< layersInBlock {
                layers.append(
                    try DenseLayer(
                        "block\(number).layer.\(index)", inputs: channels, growth: growth,
                        from: generator))
                channels += growth
            }
            if number < 3 { layers += try transition("trans\(number)", channels, generator) }
            blocks.append(Block("block\(number)", layers))
        }
        blocks.append(
            Block(
                "fc",
                [
                    try BatchNorm("bn1", channels: channels), ReLU(isInPlace: true),
                    GlobalAveragePool(),
                    try MatrixLayer(
                        "fc", .linear, inputs: channels, outputs: model.classes, from: generator),
                ]))
        return Network(
            name: model.canonical, imageShape: [3, 32, 32], classes: model.classes, blocks: blocks)
    }

    private static func transition(
        _ name: String, _ channels: Int, _ generator: RandomGenerator
    ) throws -> [any Layer] {
        [
            try BatchNorm("\(name).bn1", channels: channels), ReLU(isInPlace: true),
            try MatrixLayer(
                "\(name).conv1", .convolution(kernel: 1, stride: 1, padding: 0), inputs: channels,
                outputs: channels, hasBias: false, initial: .heNormal, from: generator),
            AveragePool(kernel: 2),
        ]
    }
}
