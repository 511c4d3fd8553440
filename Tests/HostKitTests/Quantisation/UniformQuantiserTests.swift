import HostKit
import Testing

@Suite("Symmetric uniform quantiser")
struct UniformQuantiserTests {
    @Test func codesFollowTheFormula() throws {
        let x = try Tensor.floats([-9, -1.3, -0.6, -0.2, 0, 0.2, 0.6, 1.3, 9], shape: [9])
        let two = UniformQuantiser(bits: 2, step: 0.5)
        #expect(two.codeMax == 1)
        #expect(try two.codes(x).floats() == [-1, -1, -1, 0, 0, 0, 1, 1, 1])
        let three = UniformQuantiser(bits: 3, step: 0.5)
        #expect(three.codeMax == 3)
        #expect(try three.codes(x).floats() == [-3, -3, -1, 0, 0, 0, 1, 3, 3])
        #expect(
            try three.quantised(x, gradient: .insideRange).floats() == [
                -1.5, -1.5, -0.5, 0, 0, 0, 0.5, 1.5, 1.5,
            ])
    }

    /// No other value in spite of two bits: the sign's half of the codes is empty.
    @Test func twoBitsAfterAReLUAreZeroAndTheStep() throws {
        let x = try RandomGenerator(seed: 3).normal([500]).rectified()
        let values = try UniformQuantiser(bits: 2, step: 0.75).quantised(x, gradient: .insideRange)
        #expect(Set(try values.floats()) == [0, 0.75])
    }

    @Test func theGradientPassesAsStated() throws {
        let quantiser = UniformQuantiser(bits: 2, step: 0.5)
        func gradient(_ rule: UniformQuantiser.Gradient) throws -> [Float] {
            let x = try Tensor.floats([-0.6, -0.4, 0.1, 0.4, 0.6], shape: [1, 5])
            try x.setRequiresGradient()
            let upstream = try Tensor.floats([1, 2, 3, 4, 5], shape: [5, 1])
            try quantiser.quantised(x, gradient: rule).matrixProduct(upstream).reshaped([])
                .backward()
            return try #require(try x.gradient()).floats()
        }
        #expect(try gradient(.insideRange) == [0, 2, 3, 4, 0])
        #expect(try gradient(.everywhere) == [1, 2, 3, 4, 5])
    }

    @Test func settingsHaveNames() {
        #expect(BitSetting("A4W2") == .a4w2)
        #expect(BitSetting("A8W8")?.description == "A8W8")
        for name in ["", "A4", "a4w2", "A9W2", "A1W2", "A4W2 ", "A42W", "A٤W2"] {
            #expect(BitSetting(name) == nil, "\(name)")
        }
    }
}

@Suite("The step of the least squared error")
struct LeastSquaresStepTests {
    static func error(_ values: [Float], step: Double, codeMax: Int) -> Double {
        values.reduce(0) { sum, value in
            let code = max(-Double(codeMax), min(Double(codeMax), (Double(value) / step).rounded()))
            let error = Double(value) - step * code
            return sum + error * error
        }
    }

    /// Against 20,000 steps of a fine grid: none is better.
    @Test(arguments: [1, 3, 7, 127], [UInt64(1), 2, 3])
    func isTheBestOfAll(codeMax: Int, seed: UInt64) throws {
        let values = try RandomGenerator(seed: seed).normal([37]).floats()
        let step = LeastSquaresStep.step(of: values, codeMax: codeMax)
        let found = Self.error(values, step: step, codeMax: codeMax)
        let widest = Double(values.map(abs).max() ?? 0) / (Double(codeMax) - 0.5)
        let grid = (1 ... 20_000).map {
            Self.error(values, step: widest * Double($0) / 20_000, codeMax: codeMax)
        }
        let best = try #require(grid.min())
        #expect(found <= best * (1 + 1e-9))
    }

    /// The optimum for a unit Gaussian with 3, 7 and 15 levels: Max, "Quantizing for
    /// minimum distortion", 1960, table II. The step of n draws spreads by less than
    /// 3/√n of itself (400 repeats outside this project: 0.7/√n … 1.3/√n).
    @Test(arguments: [(1, 1.2240), (3, 0.6508), (7, 0.3534)])
    func isMaxsForAGaussian(codeMax: Int, published: Double) throws {
        let count = 200_000
        let values = try RandomGenerator(seed: 7).normal([count]).floats()
        let step = LeastSquaresStep.step(of: values, codeMax: codeMax)
        #expect(abs(step / published - 1) < 3.29 * 1.5 / Double(count).squareRoot())
    }

    /// Beyond the limit of the exact search. E of one step is a sum of n errors and
    /// fluctuates from step to step by n^(−½), which is 0.5 % here.
    @Test func manyValuesAreRefined() throws {
        let values = try RandomGenerator(seed: 9).normal([40_000]).floats()
        let step = LeastSquaresStep.step(of: values, codeMax: 127)
        let found = Self.error(values, step: step, codeMax: 127)
        let widest = Double(values.map(abs).max() ?? 0) / 127
        let grid = (600 ... 1_000).map {
            Self.error(values, step: widest * Double($0) / 1_000, codeMax: 127)
        }
        #expect(found <= (grid.min() ?? 0) * 1.005)
    }

    @Test func ofZerosIsOneOverTheLargestCode() {
        #expect(LeastSquaresStep.step(of: [0, 0], codeMax: 7) == 1.0 / 7)
        #expect(LeastSquaresStep.step(of: [], codeMax: 1) == 1)
    }
}

@Suite("Quantisers of a network")
struct NetworkQuantiserTests {
    @Test func layersAreMeasuredBehindRoundedLayers() throws {
        let random = try RandomGenerator(seed: 4)
        let first = try MatrixLayer("fc1", .linear, inputs: 2, outputs: 1, from: random)
        let second = try MatrixLayer("fc2", .linear, inputs: 1, outputs: 1, from: random)
        let network = Network(
            name: "two", imageShape: [1, 1, 2], classes: 1,
            blocks: [Block("all", [Flatten(), first, second])])
        for layer in [first, second] { try layer.bias?.assign(.full(0, shape: [1])) }
        // Ternary: Δ = (3 + 1)/2 of {3, 1} beats 3 and 1 alone: A²/B = 16/2, 9/1.
        try first.weight.assign(.floats([3, 1], shape: [1, 2]))
        try second.weight.assign(.floats([-0.25], shape: [1, 1]))
        let images = ImageSet(
            name: "one", pixels: try .bytes([1, 1], shape: [1, 1, 1, 2]),
            labels: try .integers([Int64(0)], shape: [1]), pixelMax: 1)
        let found = try NetworkQuantisers.measured(network, .a2w2, on: images)
        let one = try found.quantisers(of: first)
        #expect(one.input == UniformQuantiser(bits: 2, step: 1))
        #expect(one.weight == UniformQuantiser(bits: 2, step: 3))
        // fc2 gets 3·1 + 0·1 = 3, where the float network would give it 4.
        #expect(try found.quantisers(of: second).input.step == 3)
        #expect(try found.quantisers(of: second).weight.step == 0.25)
        let products = WeightedProducts(QuantisedWeights(found), inputs: found)
        #expect(
            try network.scores(images.batch(0 ..< 1).images, with: products).floats() == [-0.75])
    }

    /// Eight bits cost next to nothing, two bits a lot: the network is untrained for either.
    @Test func moreBitsAreNearerToTheFloatNetwork() throws {
        let network = try NetworkCatalogue.make("lenet-8x8", seed: 1)
        let images = try EmbeddedDigits.load().training.first(200)
        let (batch, _) = try images.batch(0 ..< 200)
        let float = try network.scores(batch, with: FloatProducts()).floats()
        let errors = try [BitSetting.a2w2, .a4w2, .a8w4, .a8w8].map { bits in
            let quantisers = try NetworkQuantisers.measured(network, bits, on: images)
            let products = WeightedProducts(QuantisedWeights(quantisers), inputs: quantisers)
            let scores = try network.scores(batch, with: products).floats()
            return zip(scores, float).reduce(Float(0)) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
        }
        #expect(errors == errors.sorted(by: >))
        #expect(errors[3] < errors[0] / 1000)
    }

    @Test func theHeadsOfAllExitsAreMeasured() throws {
        let network = try ExitTests.network()
        let images = try ExitTests.images(3)
        let found = try NetworkQuantisers.measured(network, .a4w2, on: images)
        #expect(found.layers.keys.sorted() == network.matrixLayers.map(\.name).sorted())
        let products = WeightedProducts(QuantisedWeights(found), inputs: found)
        let scores = try network.exitScores(images.batch(0 ..< 3).images, with: products)
        #expect(scores.count == 3)
    }
}
