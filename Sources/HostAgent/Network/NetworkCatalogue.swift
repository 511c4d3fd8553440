public import Protocol

/// The networks that `--model` knows.
public enum NetworkCatalogue {
    public static let names = ["lenet5", "lenet-8x8"]

    /// A fresh network; the seed decides its weights.
    public static func make(_ name: String, seed: UInt64) throws -> Network {
        let generator = try RandomGenerator(seed: seed, purpose: "initial weights")
        switch name {
        case "lenet5": return try lenet5(generator)
        case "lenet-8x8": return try lenet8x8(generator)
        default: throw NetworkError.unknownModel(name)
        }
    }

    /// LeNet-5 for 28 × 28 grey images: 61,706 weights and biases.
    ///
    /// Source: LeCun, Bottou, Bengio, Haffner, "Gradient-based learning applied
    /// to document recognition", 1998; with ReLU, max pooling, full connections
    /// between the two convolutions, and a linear output.
    private static func lenet5(_ generator: RandomGenerator) throws -> Network {
        Network(
            name: "lenet5", imageShape: [1, 28, 28], classes: 10,
            layers: [
                try MatrixLayer(
                    "conv1", .convolution(kernel: 5, stride: 1, padding: 2),
                    inputs: 1, outputs: 6, from: generator),
                ReLU(), MaxPool(kernel: 2),
                try MatrixLayer(
                    "conv2", .convolution(kernel: 5, stride: 1, padding: 0),
                    inputs: 6, outputs: 16, from: generator),
                ReLU(), MaxPool(kernel: 2), Flatten(),
                try MatrixLayer("fc1", .linear, inputs: 400, outputs: 120, from: generator), ReLU(),
                try MatrixLayer("fc2", .linear, inputs: 120, outputs: 84, from: generator), ReLU(),
                try MatrixLayer("fc3", .linear, inputs: 84, outputs: 10, from: generator),
            ])
    }

    /// The same family for the embedded 8 × 8 digits: 23,658 weights and biases.
    private static func lenet8x8(_ generator: RandomGenerator) throws -> Network {
        Network(
            name: "lenet-8x8", imageShape: [1, 8, 8], classes: 10,
            layers: [
                try MatrixLayer(
                    "conv1", .convolution(kernel: 3, stride: 1, padding: 1),
                    inputs: 1, outputs: 24, from: generator),
                ReLU(), MaxPool(kernel: 2),
                try MatrixLayer(
                    "conv2", .convolution(kernel: 3, stride: 1, padding: 1),
                    inputs: 24, outputs: 48, from: generator),
                ReLU(), MaxPool(kernel: 2), Flatten(),
                try MatrixLayer("fc1", .linear, inputs: 192, outputs: 64, from: generator), ReLU(),
                try MatrixLayer("fc2", .linear, inputs: 64, outputs: 10, from: generator),
            ])
    }
}

/// What a network can't do.
public enum NetworkError: StatusError, Equatable {
    case unknownModel(String)
    case unknownLayer(String, layers: [String])
    case imagesDoNotFit(network: String, expected: [Int], found: [Int])

    public var description: String {
        switch self {
        case .unknownModel(let name):
            "there is no model '\(name)'; choose one of \(NetworkCatalogue.names.joined(separator: ", "))"
        case .unknownLayer(let name, let layers):
            "there is no layer '\(name)'; this network has \(layers.joined(separator: ", "))"
        case .imagesDoNotFit(let network, let expected, let found):
            "\(network) takes images of \(expected.times), the data has \(found.times)"
        }
    }
}

extension NetworkError {
    public var exitStatus: ExitStatus {
        switch self {
        case .unknownModel, .unknownLayer: .usage
        case .imagesDoNotFit: .data
        }
    }
}

extension [Int] {
    /// "1 × 28 × 28".
    var times: String { map(String.init).joined(separator: " × ") }
}
