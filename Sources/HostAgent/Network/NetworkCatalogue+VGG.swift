extension NetworkCatalogue {
    /// VGG-8 for CIFAR's images: six 3 × 3 convolutions of 128, 128, 256, 256,
    /// 512, 512 channels (times the width) with batch norm and ReLU, max pooling
    /// by two behind each second, and linear layers 8192 → 1024 → classes.
    ///
    /// - Source: the network of NeuroSim's CIFAR-10 example (Peng, Huang, Jiang,
    ///   Lu, Yu, "DNN+NeuroSim V2.0", 2021), with batch norm.
    static func vgg8(_ model: ModelName, _ generator: RandomGenerator) throws -> Network {
        var layers: [any Layer] = [try MeanFrame(colour: MeanFrame.cifar10Mean, padding: 1)]
        var inputs = 3
        for (index, channels) in [128, 128, 256, 256, 512, 512].enumerated() {
            let outputs = Int(Double(channels) * model.width)
            layers += [
                try MatrixLayer(
                    "conv\(index + 1)",
                    .convolution(kernel: 3, stride: 1, padding: index == 0 ? 0 : 1),
                    inputs: inputs, outputs: outputs, hasBias: false, initial: .heNormal,
                    from: generator),
                try BatchNorm("bn\(index + 1)", channels: outputs), ReLU(isInPlace: true),
            ]
            if index % 2 == 1 { layers.append(MaxPool(kernel: 2)) }
            inputs = outputs
        }
        let hidden = 2 * inputs
        layers += [
            Flatten(),
            try MatrixLayer(
                "fc1", .linear, inputs: inputs * 4 * 4, outputs: hidden, initial: .heNormal,
                from: generator),
            ReLU(isInPlace: true),
            try MatrixLayer(
                "fc2", .linear, inputs: hidden, outputs: model.classes, from: generator),
        ]
        return Network(
            name: model.canonical, imageShape: [3, 32, 32], classes: model.classes, layers: layers)
    }
}
