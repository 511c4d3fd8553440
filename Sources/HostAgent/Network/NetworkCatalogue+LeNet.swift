extension NetworkCatalogue {
    /// LeNet-5 for 28 × 28 grey images: 61,706 weights and biases.
    ///
    /// Source: LeCun, Bottou, Bengio, Haffner, "Gradient-based learning applied
    /// to document recognition", 1998; with ReLU, max pooling, full connections
    /// between the two convolutions, and a linear output.
    static func lenet5(_ generator: RandomGenerator) throws -> Network {
        try lenet(
            "lenet5", side: 28, kernel: 5, paddings: [2, 0], channels: [1, 6, 16],
            widths: [400, 120, 84, 10], from: generator)
    }

    /// The same family for the embedded 8 × 8 digits: 23,658 weights and biases.
    static func lenet8x8(_ generator: RandomGenerator) throws -> Network {
        try lenet(
            "lenet-8x8", side: 8, kernel: 3, paddings: [1, 1], channels: [1, 24, 48],
            widths: [192, 64, 10], from: generator)
    }

    /// Convolutions, each with ReLU and max pooling by two, then linear layers with ReLU between.
    static func lenet(
        _ name: String, side: Int, kernel: Int, paddings: [Int], channels: [Int], widths: [Int],
        from generator: RandomGenerator
    ) throws -> Network {
        var layers: [any Layer] = []
        for (index, padding) in paddings.enumerated() {
            layers += [
                try MatrixLayer(
                    "conv\(index + 1)", .convolution(kernel: kernel, stride: 1, padding: padding),
                    inputs: channels[index], outputs: channels[index + 1], from: generator),
                ReLU(), MaxPool(kernel: 2),
            ]
        }
        layers.append(Flatten())
        for index in 1 ..< widths.count {
            if index > 1 { layers.append(ReLU()) }
            layers.append(
                try MatrixLayer(
                    "fc\(index)", .linear, inputs: widths[index - 1], outputs: widths[index],
                    from: generator))
        }
        return Network(
            name: name, imageShape: [channels[0], side, side], classes: widths[widths.count - 1],
            layers: layers)
    }
}
