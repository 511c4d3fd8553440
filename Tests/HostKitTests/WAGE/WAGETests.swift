import Foundation
import HostKit
import Testing

/// Vectors of scripts/wage-vectors: the paper's formulas in numpy.
struct WAGEVectors: Decodable {
    var values: [Float]
    var quantised: [String: [Float]]
    var shifts: [[Double]]
    var starts: [[Double]]
    var backwards: [Float]
    var errors: [String: [Float]]
    var gradients: [Float]
    var chances: [Float]
    var changes: [String: [Float]]

    static func load() throws -> WAGEVectors {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Vectors/wage.json")
        return try JSONDecoder().decode(WAGEVectors.self, from: Data(contentsOf: file))
    }
}

@Suite("WAGE")
struct WAGETests {
    /// σ(4) = 1/8; 1 − σ = 7/8 is the largest.
    @Test func handComputed() throws {
        #expect(WAGE.step(bits: 2) == 0.5)
        #expect(WAGE.step(bits: 8) == 1.0 / 128)
        #expect([0.7, 0.75, 1, 1.4, 1.5, 5].map(WAGE.shift) == [0.5, 1, 1, 1, 2, 4])
        let x = try Tensor.floats([-2, -0.2, 0.06, 0.07, 0.9, 2], shape: [6])
        #expect(
            try WAGE.quantiser(bits: 4).quantised(x, gradient: .everywhere).floats()
                == [-0.875, -0.25, 0, 0.125, 0.875, 0.875])
        // The largest, 0.3, shifts by 0.25: g_s = 9.6, −0.64, 0 at η = 8.
        #expect(
            WAGEOptimiser.change([0.3, -0.02, 0], rate: 8, bits: 8, chances: [0.59, 0.7, 0])
                == [10.0 / 128, 0, 0])
        #expect(
            WAGEOptimiser.change([0.3, -0.02, 0], rate: 8, bits: 8, chances: [0.61, 0.6, 0])
                == [9.0 / 128, -1.0 / 128, 0])
        #expect(WAGEOptimiser.change([0, 0], rate: 8, bits: 8, chances: [0, 0]) == [0, 0])
    }

    @Test func agreesWithNumpy() throws {
        let vectors = try WAGEVectors.load()
        let x = try Tensor.floats(vectors.values, shape: [vectors.values.count])
        for (bits, expected) in vectors.quantised {
            let quantiser = WAGE.quantiser(bits: try #require(Int(bits)))
            #expect(try quantiser.quantised(x, gradient: .everywhere).floats() == expected)
        }
        for row in vectors.shifts { #expect(WAGE.shift(row[0]) == row[1]) }
        for row in vectors.starts {
            let wage = WAGE(weights: Int(row[1]))
            #expect(abs(wage.initialBound(inputs: Int(row[0])) / row[2] - 1) < 1e-12)
            #expect(wage.scale(inputs: Int(row[0])) == row[3])
        }
        for (rate, expected) in vectors.changes {
            #expect(
                WAGEOptimiser.change(
                    vectors.gradients, rate: try #require(Double(rate)), bits: 8,
                    chances: vectors.chances)
                    == expected)
        }
        #expect(
            vectors.quantised.count == 3 && vectors.starts.count == 15 && vectors.changes.count == 2
        )
    }

    /// The error that comes back through the product with fixed numbers is theirs.
    @Test func errorsAgreeWithNumpy() throws {
        let vectors = try WAGEVectors.load()
        for (bits, expected) in vectors.errors {
            let x = try Tensor.full(1, shape: [1, vectors.backwards.count])
            try x.setRequiresGradient()
            let through = try x.withErrorsQuantised(bits: try #require(Int(bits)))
            #expect(try through.floats() == x.floats())
            try through.matrixProduct(
                .floats(vectors.backwards, shape: [vectors.backwards.count, 1])
            )
            .reshaped([]).backward()
            #expect(try #require(try x.gradient()).floats() == expected)
        }
        #expect(vectors.errors.count == 2)
    }

    @Test func noErrorStaysNoError() throws {
        let x = try Tensor.full(1, shape: [1, 3])
        try x.setRequiresGradient()
        try x.withErrorsQuantised(bits: 8).matrixProduct(.full(0, shape: [3, 1])).reshaped([])
            .backward()
        #expect(try #require(try x.gradient()).floats() == [0, 0, 0])
    }

    /// Right in the mean: 20,000 roundings of a gradient of 0.3 steps; the share that
    /// rounds up lies within 3.29·√(0.3·0.7/n) with 99.9 %.
    @Test func stochasticRoundingIsUnbiased() throws {
        let count = 20_000
        let gradients = [Float](repeating: 0.3, count: count) + [1]
        let chances = try RandomGenerator(seed: 4).uniform(0 ..< 1, [count + 1]).floats()
        let change = WAGEOptimiser.change(gradients, rate: 1, bits: 8, chances: chances)
        #expect(change.last == 1.0 / 128)
        let mean = change.dropLast().reduce(0.0) { $0 + Double($1) * 128 } / Double(count)
        #expect(abs(mean - 0.3) < 3.29 * (0.3 * 0.7 / Double(count)).squareRoot() + 1e-6)
    }

    /// ½((1 − 0)² + (0.5 − 1)²) = 0.625, its error (1, −0.5) clipped at 127/128.
    @Test func theLossIsHalfTheSumOfSquares() throws {
        let scores = try Tensor.floats([1, 0.5], shape: [1, 2])
        try scores.setRequiresGradient()
        let loss = try WAGE().loss(scores, .integers([Int64(1)], shape: [1]))
        #expect(try loss.scalar() == 0.625)
        try loss.backward()
        #expect(try #require(try scores.gradient()).floats() == [127.0 / 128, -0.5])
    }

    /// Two-bit weights must start wider than 1152 inputs would have them.
    @Test func productsAreDividedByTheLayersScale() throws {
        let wage = WAGE(weights: 2)
        let layer = try MatrixLayer(
            "fc1", .linear, inputs: 1152, outputs: 1, from: RandomGenerator(seed: 1))
        var weights = [Float](repeating: 0, count: 1152)
        weights[0] = 0.9
        try layer.weight.assign(.floats(weights, shape: [1, 1152]))
        let input = try Tensor.full(0.5, shape: [1, 1152])
        // √(6/1152) = 0.072, L_min = 0.75: α = 2^round(3.38) = 8; Q(0.9, 2) = 0.5.
        #expect(wage.scale(inputs: 1152) == 8)
        #expect(
            try WAGEProducts(wage).product(of: layer, with: input).scalar() == 0.5 * 0.5 / 8)
    }

    /// A small network learns the digits in integers; weights stay on their grid, and
    /// the shares of zeros are counted.
    @Test func aNetworkLearns() throws {
        let wage = WAGE()
        let split = try EmbeddedDigits.load()
        let network = try NetworkCatalogue.make("lenet-8x8", seed: 1)
        try wage.initialise(network, from: RandomGenerator(seed: 1, purpose: "weights"))
        let layers = network.matrixLayers
        for layer in layers { try layer.weight.setRequiresGradient() }
        let optimiser = WAGEOptimiser(
            wage, layers: layers, generator: try RandomGenerator(seed: 1, purpose: "rounding"))
        let order = try RandomGenerator(seed: 1, purpose: "order of images")
        var steps: [WAGELayerStep] = []
        for epoch in 0 ..< 20 {
            let permutation = try order.permutation(split.training.count)
            for range in split.training.ranges(of: 64) {
                let (images, labels) = try split.training.batch(permutation.narrowed(range))
                try wage.loss(network.scores(images, with: WAGEProducts(wage)), labels).backward()
                steps = try optimiser.update(rate: epoch < 14 ? 1 : 0.125)
            }
        }
        let accuracy = try Evaluation.accuracy(
            network, with: WAGEProducts(wage), on: split.test)
        #expect(accuracy.fraction > 0.85, "\(accuracy.percent)")
        #expect(steps.map(\.layer) == layers.map(\.name))
        for (step, layer) in zip(steps, layers) {
            #expect(step.parameters == layer.weight.count)
            #expect(step.zeroGradients <= step.zeroChanges)
            #expect(step.zeroChanges < step.parameters)
            let codes = try layer.weight.floats().map { $0 * 128 }
            #expect(codes.allSatisfy { $0 == $0.rounded() && abs($0) <= 127 })
        }
        #expect(steps.zeroShare > 0 && steps.zeroShare < 1)
    }
}
