extension NetworkCatalogue {
    /// LeNet-3 for 28 × 28 grey images: two 3 × 3 convolutions of 5 and 10 channels
    /// and one linear layer 490 → classes; 5,395 weights, and 25 biases.
    ///
    /// - Source: the smallest network of the tiny-shared-block study (2024), whose
    ///   share of a 5 × 5 block, 0.46 %, these kernels and paddings fit.
    static func lenet3(_ model: ModelName, _ generator: RandomGenerator) throws -> Network {
        try lenet(
            model, side: 28, kernel: 3, paddings: [1, 1], channels: [5, 10], area: 7 * 7,
            hidden: [], generator)
    }

    /// LeNet-5 for 28 × 28 grey images: 61,706 weights and biases.
    ///
    /// - Source: LeCun, Bottou, Bengio, Haffner, "Gradient-based learning applied
    ///   to document recognition", 1998; with ReLU, max pooling, full connections
    ///   between the two convolutions, and a linear output.
    static func lenet5(_ model: ModelName, _ generator: RandomGenerator) throws -> Network {
        try lenet(
            model, side: 28, kernel: 5, paddings: [2, 0], channels: [6, 16], area: 5 * 5,
            hidden: [120, 84], generator)
    }

    /// The same family for the embedded 8 × 8 digits: 23,658 weights and biases.
    static func lenet8x8(_ model: ModelName, _ generator: RandomGenerator) throws -> Network {
        try lenet(
            model, side: 8, kernel: 3, paddings: [1, 1], channels: [24, 48], area: 2 * 2,
            hidden: [64], generator)
    }

    /// Convolutions, each with ReLU and max pooling by two, then linear layers with
    /// ReLU between; each matrix layer is a block.
    ///
    /// - Parameter area: pixels of a channel that the first linear layer gets.
    private static func lenet(
        _ model: ModelName, side: Int, kernel: Int, paddings: [Int], channels: [Int], area: Int,
        hidden: [Int], _ generator: RandomGenerator
    ) throws -> Network {
        var blocks: [Block] = []
        var inputs = 1
        for (index, padding) in paddings.enumerated() {
            let (name, outputs) = ("conv\(index + 1)", model.channels(channels[index]))
            blocks.append(
                Block(
                    name,
                    [
                        try MatrixLayer(
                            name, .convolution(kernel: kernel, stride: 1, padding: padding),
                            inputs: inputs, outputs: outputs, from: generator),
                        ReLU(), MaxPool(kernel: 2),
                    ]))
            inputs = outputs
        }
        inputs *= area
        for (index, outputs) in (hidden.map(model.channels) + [model.classes]).enumerated() {
            let name = "fc\(index + 1)"
            blocks.append(
                Block(
                    name,
                    [
                        index == 0 ? Flatten() : ReLU(),
                        try MatrixLayer(
                            name, .linear, inputs: inputs, outputs: outputs, from: generator),
                    ]))
            inputs = outputs
        }
        return Network(
            name: model.canonical, imageShape: [1, side, side], classes: model.classes,
            blocks: blocks)
    }
}
