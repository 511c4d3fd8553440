extension NetworkCatalogue {
    /// A ResNet for CIFAR's images: a convolution, three stages of n blocks with
    /// w, 2·w, 4·w channels at 32, 16, 8 pixels, the mean of each channel and a
    /// linear layer; 6·n + 2 layers in all. 269,722 parameters at depth 20.
    ///
    /// - Source: He, Zhang, Ren, Sun, "Deep residual learning for image
    ///   recognition", 2016, section 4.2.
    static func residual(_ model: ModelName, _ generator: RandomGenerator) throws -> Network {
        guard let depth = model.family.residualDepth else {
            preconditionFailure("\(model.canonical) is no ResNet")
        }
        let (width, kernel) = (Int(model.width), model.kernel)
        var layers: [any Layer] = [
            try MeanFrame(colour: MeanFrame.cifar10Mean, padding: kernel / 2),
            try MatrixLayer(
                "conv1", .convolution(kernel: kernel, stride: 1, padding: 0), inputs: 3,
                outputs: width, hasBias: false, initial: .heNormal, from: generator),
            try BatchNorm("bn1", channels: width), ReLU(isInPlace: true),
        ]
        var inputs = width
        for stage in 0 ..< 3 {
            let outputs = width << stage
            for block in 0 ..< (depth - 2) / 6 {
                layers.append(
                    try ResidualBlock(
                        "layer\(stage + 1).\(block)", inputs: inputs, outputs: outputs,
                        kernel: kernel, stride: stage > 0 && block == 0 ? 2 : 1, from: generator))
                inputs = outputs
            }
        }
        layers += [
            GlobalAveragePool(),
            try MatrixLayer(
                "linear", .linear, inputs: inputs, outputs: model.classes, from: generator),
        ]
        return Network(
            name: model.canonical, imageShape: [3, 32, 32], classes: model.classes, layers: layers)
    }
}
