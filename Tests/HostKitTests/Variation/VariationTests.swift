import HostKit
import Testing

@Suite("Variation of weights")
struct VariationTests {
    static func layer(_ weights: [Float], name: String = "fc1") throws -> MatrixLayer {
        let layer = try MatrixLayer(
            name, .linear, inputs: weights.count, outputs: 1, from: RandomGenerator(seed: 1))
        try layer.weight.assign(.floats(weights, shape: [1, weights.count]))
        return layer
    }

    @Test func bothFormsFollowTheirEquations() throws {
        let w = try Tensor.floats([1, -2, 0, 0.5], shape: [4])
        let epsilon = try Tensor.floats([0.1, 0.1, 0.2, -1], shape: [4])
        let proportional = WeightVariation(.weightProportional, withinChip: 1)
        let fixed = WeightVariation(.layerFixed, withinChip: 1)
        #expect(
            largestDifference(
                try proportional.deviating(w, by: epsilon).floats(), [1.1, -2.2, 0, 0]) < 1e-6)
        #expect(
            largestDifference(
                try fixed.deviating(w, by: epsilon).floats(), [1.2, -1.8, 0.4, -1.5]) < 1e-6)
    }

    /// dw̃/dw is 1 + ε in the one form; in the other 1, also for the largest weight.
    @Test func theGradientIsThatOfTheReparameterisation() throws {
        func gradient(_ form: WeightVariation.Form) throws -> [Float] {
            let w = try Tensor.floats([1, -2, 0], shape: [1, 3])
            try w.setRequiresGradient()
            let epsilon = try Tensor.floats([0.5, -0.25, 0.125], shape: [1, 3])
            try WeightVariation(form, withinChip: 1).deviating(w, by: epsilon)
                .matrixProduct(.floats([1, 10, 100], shape: [3, 1])).reshaped([]).backward()
            return try #require(try w.gradient()).floats()
        }
        #expect(try gradient(.weightProportional) == [1.5, 7.5, 112.5])
        #expect(try gradient(.layerFixed) == [1, 10, 100])
    }

    /// Of n draws the variance is σ²·(1 ± 3.29·√(2/n)) with 99.9 % confidence, the mean
    /// within 3.29·σ/√n.
    @Test func theDrawsHaveTheirDeviation() throws {
        let count = 40_000
        let layer = try Self.layer([Float](repeating: 1, count: count))
        let chip = try VariedChip(
            WeightVariation(.weightProportional, withinChip: 0.3), of: FloatWeights(),
            from: RandomGenerator(seed: 5))
        let epsilons = try chip.weight(of: layer).floats().map { Double($0) - 1 }
        let sample = Sample(epsilons)
        #expect(chip.betweenChip == 0)
        #expect(abs(sample.mean) < 3.29 * 0.3 / Double(count).squareRoot())
        let ratio = sample.deviation * sample.deviation / 0.09
        #expect(abs(ratio - 1) < 3.29 * (2 / Double(count)).squareRoot())
    }

    @Test func aChipIsTheSameEverAfterAndForEveryNetwork() throws {
        let variation = WeightVariation.mixed(.layerFixed, total: 0.2)
        let layers = try [Self.layer([1, 2, 3]), Self.layer([4, 5], name: "fc2")]
        func chip(_ seed: UInt64) throws -> VariedChip {
            try VariedChip(variation, of: FloatWeights(), from: RandomGenerator(seed: seed))
        }
        let one = try chip(8)
        let first = try layers.map { try one.weight(of: $0).floats() }
        #expect(try layers.map { try one.weight(of: $0).floats() } == first)
        let twin = try chip(8)
        #expect(try layers.map { try twin.weight(of: $0).floats() } == first)
        let other = try chip(9)
        #expect(try layers.map { try other.weight(of: $0).floats() } != first)
        // Another network of the shape: the same ε, here of weights twice as large.
        let copy = try chip(8)
        let double = try copy.weight(of: Self.layer([2, 4, 6])).floats()
        #expect(largestDifference(double, first[0].map { 2 * $0 }) < 1e-5)
    }

    /// ε_B is common to all weights of all layers, and another on the next chip.
    @Test func betweenChipIsOneDrawAChip() throws {
        let variation = WeightVariation(.weightProportional, betweenChip: 0.2, withinChip: 0)
        let layers = try [Self.layer([1, 1]), Self.layer([1], name: "fc2")]
        let generator = try RandomGenerator(seed: 2)
        let draws = try (0 ..< 2_000).map { _ in
            let chip = try VariedChip(variation, of: FloatWeights(), from: generator)
            let weights = try layers.flatMap { try chip.weight(of: $0).floats() }
            #expect(Set(weights).count == 1)
            #expect(abs(Double(weights[0]) - 1 - chip.betweenChip) < 1e-6)
            return chip.betweenChip
        }
        let ratio = Sample(draws).deviation / 0.2
        #expect(abs(ratio * ratio - 1) < 3.29 * (2.0 / 2_000).squareRoot())
    }

    @Test func mixedSharesTheVariance() {
        let mixed = WeightVariation.mixed(.weightProportional, total: 0.5)
        #expect(mixed.betweenChip == mixed.withinChip)
        #expect(
            abs(mixed.betweenChip * mixed.betweenChip + mixed.withinChip * mixed.withinChip - 0.25)
                < 1e-12)
    }
}

@Suite("The gradient of variability-aware training")
struct VariedGradientTests {
    /// L = (w̃·x − t)², so that with w̃ = w(1 + ε)
    ///
    ///     E[L] = (w·x − t)² + σ²w²x²       dE/dw = 2x(w·x − t) + 2σ²wx²
    ///
    /// and with w̃ = w + ε·w_max, w_max constant, dE/dw = 2x(w·x − t).
    static let (w, x, t, sigma) = (Float(0.8), Float(1.5), Float(2), 0.4)

    static func sample(_ form: WeightVariation.Form, samples: Int, count: Int) throws -> Sample {
        let layer = try VariationTests.layer([w])
        try layer.weight.setRequiresGradient()
        let input = try Tensor.floats([x], shape: [1, 1])
        let target = try Tensor.floats([t], shape: [1, 1])
        let passes = try VariedPasses(
            WeightVariation(form, withinChip: sigma), samples: samples, quantisers: nil,
            seed: 11)
        return Sample(
            try (0 ..< count).map { _ in
                for products in try passes.passes() {
                    let error = try products.product(of: layer, with: input)
                        .adding(target, times: -1)
                    try error.multiplied(by: error).reshaped([]).scaled(by: 1 / Double(samples))
                        .backward()
                }
                let gradient = try #require(try layer.weight.gradient()).scalar()
                try layer.weight.clearGradient()
                return gradient
            })
    }

    /// Within 3.29 standard errors: 99.9 %. Without the factor 1 + ε the first
    /// estimate would miss by 2σ²wx² = 0.58, some 8 standard errors.
    @Test(arguments: [WeightVariation.Form.weightProportional, .layerFixed])
    func isUnbiased(form: WeightVariation.Form) throws {
        let (w, x, t) = (Double(Self.w), Double(Self.x), Double(Self.t))
        let curvature = form == .weightProportional ? 2 * Self.sigma * Self.sigma * w * x * x : 0
        let known = 2 * x * (w * x - t) + curvature
        let sample = try Self.sample(form, samples: 1, count: 4_000)
        let standardError = sample.deviation / Double(sample.values.count).squareRoot()
        #expect(abs(sample.mean - known) < 3.29 * standardError)
        if form == .weightProportional { #expect(curvature > 2 * 3.29 * standardError) }
    }

    /// Four samples a step: a quarter of the variance. The ratio of two variances of
    /// 4,000 draws lies within 25 % at 99.9 % (heavier tails than normal included).
    @Test func moreSamplesMeanLessVariance() throws {
        let one = try Self.sample(.weightProportional, samples: 1, count: 4_000).deviation
        let four = try Self.sample(.weightProportional, samples: 4, count: 4_000).deviation
        #expect(abs((one / four) * (one / four) / 4 - 1) < 0.25)
    }

    /// On top of rounded weights: the deviation is relative to w_D, not to w.
    @Test func deviationsComeAfterTheRounding() throws {
        let layer = try VariationTests.layer([0.9, -0.1, 0.3])
        let quantisers = NetworkQuantisers(layers: [
            "fc1": LayerQuantisers(
                input: UniformQuantiser(bits: 8, step: 1),
                weight: UniformQuantiser(bits: 2, step: 0.5))
        ])
        let chip = try VariedChip(
            WeightVariation(.weightProportional, withinChip: 0.5),
            of: QuantisedWeights(quantisers), from: RandomGenerator(seed: 1))
        let weights = try chip.weight(of: layer).floats()
        #expect(weights[1] == 0)
        #expect(weights[0] != 0.5 && weights[2] != 0.5)
    }

    private struct Repeated: TrainingPasses {
        let count: Int
        func passes() -> [any MatrixProducts] {
            (0 ..< count).map { _ in FloatProducts() }
        }
    }

    /// Two equal passes have the mean gradient of one.
    @Test func theTrainerAveragesThePasses() throws {
        let images = try EmbeddedDigits.load().training.first(96)
        func trained(_ passes: (any TrainingPasses)?) throws -> [Float] {
            let network = try NetworkCatalogue.make("lenet-8x8", seed: 3)
            try Trainer.train(
                network, on: images,
                plan: TrainingPlan(
                    epochs: 1, batch: 32, rate: 0.05, optimiser: .momentum(0.9), noise: 0),
                passes: passes)
            return try network.parameters.flatMap { try $0.tensor.floats() }
        }
        let single = try trained(nil)
        #expect(try trained(Repeated(count: 1)) == single)
        #expect(largestDifference(try trained(Repeated(count: 2)), single) < 1e-5)
    }
}
