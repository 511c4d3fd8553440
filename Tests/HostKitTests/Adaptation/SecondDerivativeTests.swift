import Foundation
import HostKit
import Testing

/// The diagonal of the loss's second derivative against finite differences of a network
/// written out in Double.
@Suite("Second derivatives")
struct SecondDerivativeTests {
    /// Conv 1 → 3 channels, 3 × 3, padding 1, with bias; ReLU; max pooling by two; linear
    /// 3·3·3 → 4; of 6 × 6 images.
    private static func network() throws -> Network {
        let random = try RandomGenerator(seed: 11)
        let conv = try MatrixLayer(
            "conv", .convolution(kernel: 3, stride: 1, padding: 1), inputs: 1, outputs: 3,
            from: random)
        let linear = try MatrixLayer("fc", .linear, inputs: 27, outputs: 4, from: random)
        try conv.weight.scale(by: 2)
        try linear.weight.scale(by: 3)
        return Network(
            name: "tiny", imageShape: [1, 6, 6], classes: 4,
            blocks: [
                Block("conv", [conv, ReLU(), MaxPool(kernel: 2)]),
                Block("fc", [Flatten(), linear]),
            ])
    }

    /// Mean cross entropy, by loops.
    private static func loss(
        _ conv: [Double], _ convBias: [Double], _ linear: [Double], _ linearBias: [Double],
        _ images: [[Double]], _ labels: [Int]
    ) -> Double {
        var sum = 0.0
        for (image, label) in zip(images, labels) {
            func pixel(_ y: Int, _ x: Int) -> Double {
                (0 ..< 6).contains(y) && (0 ..< 6).contains(x) ? image[y * 6 + x] : 0
            }
            var features: [Double] = []
            for channel in 0 ..< 3 {
                func value(_ y: Int, _ x: Int) -> Double {
                    var sum = convBias[channel]
                    for place in 0 ..< 9 {
                        sum +=
                            conv[channel * 9 + place]
                            * pixel(y + place / 3 - 1, x + place % 3 - 1)
                    }
                    return max(0, sum)
                }
                for place in 0 ..< 9 {
                    let (y, x) = (place / 3 * 2, place % 3 * 2)
                    features.append(
                        max(value(y, x), value(y, x + 1), value(y + 1, x), value(y + 1, x + 1)))
                }
            }
            var scores: [Double] = linearBias
            for k in 0 ..< 4 {
                for feature in 0 ..< 27 {
                    scores[k] += linear[k * 27 + feature] * features[feature]
                }
            }
            var z = 0.0
            for score in scores { z += exp(score) }
            sum += log(z) - scores[label]
        }
        return sum / Double(images.count)
    }

    @Test(arguments: [1, 3, 5])
    func theyAreThoseOfFiniteDifferences(batch: Int) throws {
        let network = try Self.network()
        let random = try RandomGenerator(seed: 12)
        let pixels = try random.uniform(0 ..< 256, [5, 1, 6, 6]).cast(to: .uint8)
        let labels = [0, 3, 1, 1, 2]
        let set = ImageSet(
            name: "noise", pixels: pixels,
            labels: try .integers(labels.map(Int64.init), shape: [5]), pixelMax: 255)
        let bytes = try pixels.bytes()
        let images = (0 ..< 5).map { image in
            bytes[image * 36 ..< (image + 1) * 36].map { Double($0) / 255 }
        }
        let layers = network.matrixLayers
        func doubles(_ tensor: Tensor) throws -> [Double] { try tensor.floats().map(Double.init) }
        let weights = try layers.map { try doubles($0.weight) }
        let biases = try layers.map { try doubles(try #require($0.bias)) }
        func loss(_ weights: [[Double]]) -> Double {
            Self.loss(weights[0], biases[0], weights[1], biases[1], images, labels)
        }
        // The loops are the network.
        let expected = try noGrad {
            let (inputs, labels) = try set.batch(0 ..< 5)
            return try network.scores(inputs, with: FloatProducts()).crossEntropy(labels).scalar()
        }
        #expect(abs(loss(weights) - expected) < 1e-5)

        let found = try SecondDerivatives.diagonal(of: network, on: set, batch: batch)
        let step = 1e-4
        for (number, layer) in layers.enumerated() {
            // One input channel: the order of `Unrolling` is PyTorch's.
            let diagonal = try #require(found[layer.name])
            let largest = Double(try #require(diagonal.max()))
            #expect(largest > 1e-3)
            for index in weights[number].indices {
                let values = [-step, 0, step].map { shift in
                    var moved = weights
                    moved[number][index] += shift
                    return loss(moved)
                }
                let difference = (values[0] - 2 * values[1] + values[2]) / (step * step)
                #expect(abs(Double(diagonal[index]) - difference) < 1e-4 * largest)
            }
        }
        // Nothing is left behind on the weights.
        #expect(layers.allSatisfy { !$0.weight.requiresGradient })
    }

    /// Two input channels: the matrix' order is that of `Unrolling`, the channel fastest.
    @Test func derivativesOfAConvolutionAreInTheMatrixOrder() throws {
        let conv = try MatrixLayer(
            "conv", .convolution(kernel: 2, stride: 1, padding: 0), inputs: 2, outputs: 2,
            from: RandomGenerator(seed: 1))
        let network = Network(
            name: "one", imageShape: [2, 2, 2], classes: 2, blocks: [Block("c", [conv, Flatten()])])
        // x of channel 0: 1, 2, 3, 4; of channel 1: 10, 20, 30, 40.
        let set = ImageSet(
            name: "one", pixels: try .bytes([1, 2, 3, 4, 10, 20, 30, 40], shape: [1, 2, 2, 2]),
            labels: try .integers([Int64(0)], shape: [1]), pixelMax: 100)
        try conv.weight.scale(by: 0)
        try conv.bias?.scale(by: 0)
        // p = 1/2: h = p·(1 − p)·x².
        let found = try #require(
            try SecondDerivatives.diagonal(of: network, on: set)["conv"])
        let inputs: [Float] = [1, 10, 2, 20, 3, 30, 4, 40]
        let expected = (inputs + inputs).map { (x: Float) -> Float in 0.25e-4 * x * x }
        #expect(largestDifference(found, expected) < 1e-6)
    }
}
