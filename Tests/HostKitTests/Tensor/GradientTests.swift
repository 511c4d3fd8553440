import HostKit
import Testing

@Suite("Gradients against finite differences")
struct GradientTests {
    /// (L(w + h) − L(w − h))/2h at one element, with L evaluated afresh.
    static func difference(
        _ tensor: Tensor, _ index: Int, _ loss: () throws -> Double, step: Float = 5e-3
    ) throws -> Double {
        let values = try tensor.floats()
        func at(_ value: Float) throws -> Double {
            var moved = values
            moved[index] = value
            try tensor.assign(.floats(moved, shape: tensor.shape))
            return try noGrad(loss)
        }
        let high = try at(values[index] + step)
        let low = try at(values[index] - step)
        try tensor.assign(.floats(values, shape: tensor.shape))
        return (high - low) / (2 * Double(step))
    }

    /// Average pooling and no ReLU: smooth, so that a difference is a gradient.
    @Test func ofANetworkWithBothKindsOfProducts() throws {
        let random = try RandomGenerator(seed: 5)
        let convolution = try MatrixLayer(
            "conv1", .convolution(kernel: 3, stride: 1, padding: 1), inputs: 2, outputs: 3,
            from: random)
        let linear = try MatrixLayer("fc1", .linear, inputs: 12, outputs: 4, from: random)
        let network = Network(
            name: "smooth", imageShape: [2, 4, 4], classes: 4,
            blocks: [Block("all", [convolution, AveragePool(kernel: 2), Flatten(), linear])])
        let images = try random.normal([3, 2, 4, 4])
        let labels = try Tensor.integers([Int64(0), 3, 1], shape: [3])
        func loss() throws -> Tensor {
            try network.scores(images, with: FloatProducts()).crossEntropy(labels)
        }
        for parameter in network.parameters { try parameter.tensor.setRequiresGradient() }
        try loss().backward()
        for named in network.parameters {
            let (name, parameter) = (named.name, named.tensor)
            let gradient = try #require(try parameter.gradient()).floats()
            for index in stride(from: 0, to: parameter.count, by: max(1, parameter.count / 6)) {
                let expected = try Self.difference(parameter, index) { try loss().scalar() }
                #expect(abs(Double(gradient[index]) - expected) < 2e-4, "\(name)[\(index)]")
            }
        }
    }

    @Test(arguments: [1, 2])
    func straightThroughIsTheConvolutionsGradientAtTheChipsValue(stride: Int) throws {
        let random = try RandomGenerator(seed: 9)
        let kind = MatrixLayer.Kind.convolution(kernel: 3, stride: stride, padding: 1)
        let layer = try MatrixLayer("conv1", kind, inputs: 2, outputs: 3, from: random)
        let input = try random.normal([2, 2, 5, 5])
        try input.setRequiresGradient()
        try layer.weight.setRequiresGradient()
        let digital = try layer.digitalProduct(input, weight: layer.weight)
        let upstream = try random.normal(digital.shape)

        func gradients(_ product: Tensor) throws -> (input: [Float], weight: [Float]) {
            try input.clearGradient()
            try layer.weight.clearGradient()
            let flat = try product.multiplied(by: upstream).reshaped([1, -1])
            try flat.matrixProduct(.full(1, shape: [flat.count, 1])).reshaped([]).backward()
            return (
                try #require(try input.gradient()).floats(),
                try #require(try layer.weight.gradient()).floats()
            )
        }
        let expected = try gradients(digital)
        let value = try random.normal(digital.shape)
        let through = try layer.straightThrough(input, value: value)
        #expect(try through.floats() == value.floats())
        let found = try gradients(through)
        #expect(largestDifference(found.input, expected.input) < 1e-5)
        #expect(largestDifference(found.weight, expected.weight) < 1e-5)
    }

    @Test func straightThroughOfALinearLayer() throws {
        let random = try RandomGenerator(seed: 10)
        let layer = try MatrixLayer("fc1", .linear, inputs: 3, outputs: 2, from: random)
        let input = try Tensor.floats([1, 2, 3, 4, 5, 6], shape: [2, 3])
        try input.setRequiresGradient()
        try layer.weight.setRequiresGradient()
        let value = try Tensor.floats([10, 20, 30, 40], shape: [2, 2])
        let through = try layer.straightThrough(input, value: value)
        #expect(try through.floats() == [10, 20, 30, 40])
        // L = Σ y: dW[o, i] = Σ_n x[n, i], dx[n, i] = Σ_o W[o, i].
        try through.reshaped([1, 4]).matrixProduct(.full(1, shape: [4, 1])).reshaped([]).backward()
        #expect(try #require(try layer.weight.gradient()).floats() == [5, 7, 9, 5, 7, 9])
        let w = try layer.weight.floats()
        let sums = (0 ..< 3).map { w[$0] + w[3 + $0] }
        #expect(largestDifference(try #require(try input.gradient()).floats(), sums + sums) < 1e-6)
    }
}
