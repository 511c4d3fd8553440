import HostKit
import Testing

@Suite("Batch norm and residual blocks")
struct ResidualTests {
    /// Against the equation in double precision.
    @Test func batchNormNormalisesTheBatchAndFollowsIt() throws {
        let norm = try BatchNorm("bn1", channels: 2)
        try norm.weight.assign(.floats([2, 0.5], shape: [2]))
        try norm.bias.assign(.floats([-1, 3], shape: [2]))
        let input = try RandomGenerator(seed: 4).normal([3, 2, 2, 2])
        let x = try input.floats().map(Double.init)
        func values(_ channel: Int) -> [Double] {
            (0 ..< 3).flatMap { image in (0 ..< 4).map { x[image * 8 + channel * 4 + $0] } }
        }
        let means = [0, 1].map { values($0).reduce(0, +) / 12 }
        let squares = [0, 1].map { c in
            values(c).reduce(0) { $0 + ($1 - means[c]) * ($1 - means[c]) }
        }
        func expected(_ mean: [Double], _ variance: [Double]) -> [Float] {
            (0 ..< 24).map { index in
                let c = index / 4 % 2
                let unit = (x[index] - mean[c]) / (variance[c] + 1e-5).squareRoot()
                return Float([2, 0.5][c] * unit + [-1, 3][c])
            }
        }
        norm.isTraining = true
        let batch = try norm.forward(input, with: FloatProducts()).floats()
        #expect(largestDifference(batch, expected(means, squares.map { $0 / 12 })) < 1e-5)
        let (mean, variance) = (means.map { 0.1 * $0 }, squares.map { 0.9 + 0.1 * $0 / 11 })
        #expect(largestDifference(try norm.runningMean.floats(), mean.map { Float($0) }) < 1e-6)
        #expect(
            largestDifference(try norm.runningVariance.floats(), variance.map { Float($0) }) < 1e-6)
        norm.isTraining = false
        let running = try norm.forward(input, with: FloatProducts()).floats()
        #expect(largestDifference(running, expected(mean, variance)) < 1e-5)
    }

    /// With β of the second batch norm 0 and γ 0, what is left is the shortcut.
    @Test func theShortcutHalvesAndWidensWithZeros() throws {
        let random = try RandomGenerator(seed: 5)
        let block = try ResidualBlock(
            "b", inputs: 2, outputs: 4, kernel: 3, stride: 2, from: random)
        let last = try #require(block.all.compactMap { $0 as? BatchNorm }.last)
        try last.weight.scale(by: 0)
        let input = try random.uniform(0 ..< 1, [1, 2, 4, 4])
        let x = try input.floats()
        let output = try block.forward(input, with: FloatProducts())
        #expect(output.shape == [1, 4, 2, 2])
        let kept = (0 ..< 2).flatMap { c in [0, 2, 8, 10].map { x[c * 16 + $0] } }
        #expect(try output.floats() == [0, 0, 0, 0] + kept + [0, 0, 0, 0])
    }

    /// In-place steps and the shortcuts leave the gradient right.
    @Test(
        arguments: [1, 2], [ResidualBlock.Shortcut.zeros, .projection])
    func gradientsOfABlockAreDifferences(step: Int, shortcut: ResidualBlock.Shortcut) throws {
        let random = try RandomGenerator(seed: 6)
        let block = try ResidualBlock(
            "b", inputs: 2, outputs: 2 * step, kernel: 3, stride: step, shortcut: shortcut,
            from: random)
        let network = Network(
            name: "block", imageShape: [2, 4, 4], classes: 2 * step,
            blocks: [Block("b", [block, GlobalAveragePool()])])
        network.setTraining(true)
        // Away from the corner of both ReLUs: a difference there is no gradient.
        for norm in network.batchNorms { try norm.bias.assign(.full(4, shape: norm.bias.shape)) }
        let images = try random.normal([3, 2, 4, 4])
        let labels = try Tensor.integers([Int64(0), 1, 1], shape: [3])
        func loss() throws -> Tensor {
            try network.scores(images, with: FloatProducts()).crossEntropy(labels)
        }
        for named in network.parameters { try named.tensor.setRequiresGradient() }
        try loss().backward()
        for named in network.parameters {
            let (name, parameter) = (named.name, named.tensor)
            let gradient = try #require(try parameter.gradient()).floats()
            for index in stride(from: 0, to: parameter.count, by: max(1, parameter.count / 6)) {
                let expected = try GradientTests.difference(parameter, index) {
                    try loss().scalar()
                }
                #expect(abs(Double(gradient[index]) - expected) < 4e-4, "\(name)[\(index)]")
            }
        }
    }

    /// A batch norm behind it makes the frame equal to normalised images, padded
    /// with zeros.
    @Test func theFrameIsTheNormalisationOfImages() throws {
        let random = try RandomGenerator(seed: 7)
        let mean = MeanFrame.cifar10Mean
        let convolution = try MatrixLayer(
            "conv1", .convolution(kernel: 3, stride: 1, padding: 0), inputs: 3, outputs: 4,
            hasBias: false, initial: .heNormal, from: random)
        let norm = try BatchNorm("bn1", channels: 4)
        norm.isTraining = true
        let images = try random.uniform(0 ..< 1, [8, 3, 6, 6])
        let framed = try MeanFrame(colour: mean, padding: 1).forward(images, with: FloatProducts())
        let product = try convolution.forward(framed, with: FloatProducts())
        let found = try norm.forward(product, with: FloatProducts())

        let colour = try Tensor.floats(mean.map { Float($0) }, shape: [1, 3, 1, 1])
        let normalised = try images.adding(colour, times: -1).scaled(by: 4)
        let reference = try normalised.convolved(with: convolution.weight, stride: 1, padding: 1)
        let expected = try norm.forward(reference, with: FloatProducts())
        // ε is 1e-5 beside a variance of about 0.2.
        #expect(largestDifference(try found.floats(), try expected.floats()) < 5e-4)
    }
}
