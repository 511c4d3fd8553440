import Foundation
import HostKit
import Testing

@Suite("Training")
struct TrainerTests {
    static func trained(_ seed: UInt64, _ optimiser: OptimiserKind = .adam, epochs: Int = 2) throws
        -> [Float]
    {
        let network = try NetworkCatalogue.make("lenet-8x8", seed: seed)
        let images = try EmbeddedDigits.load().training.first(320)
        try Trainer.train(
            network, on: images,
            plan: TrainingPlan(
                epochs: epochs, rate: 5e-3, optimiser: optimiser, noise: 0.07, seed: seed))
        return try network.parameters.flatMap { try $0.tensor.floats() }
    }

    @Test(arguments: [OptimiserKind.adam, .momentum(0.9)])
    func aSeedRepeatsARunBitForBit(optimiser: OptimiserKind) throws {
        let first = try Self.trained(3, optimiser)
        #expect(try Self.trained(3, optimiser) == first)
        #expect(try Self.trained(4, optimiser) != first)
    }

    @Test func aNetworkLearnsTheDigits() throws {
        let network = try NetworkCatalogue.make("lenet-8x8", seed: 1)
        let split = try EmbeddedDigits.load()
        var plan = try TrainingPlan.default(for: "lenet-8x8")
        plan.epochs = 40
        try Trainer.train(network, on: split.training, plan: plan)
        let (_, held) = try split.holdOut(0)
        #expect(held.count == 0)
        let accuracy = try Evaluation.accuracy(network, with: FloatProducts(), on: split.test)
        #expect(accuracy.fraction > 0.9)
        #expect(!network.parameters[0].tensor.requiresGradient)
    }

    /// Hand-computed: two steps on L = w, so g = 1.
    @Test func optimisersFollowTheirEquations() throws {
        func steps(_ kind: OptimiserKind) throws -> [Float] {
            let w = try Tensor.full(1, shape: [1])
            try w.setRequiresGradient()
            let optimiser = try Optimiser(kind, parameters: [w])
            return try (0 ..< 2).map { _ in
                try w.reshaped([]).backward()
                try optimiser.update(rate: 0.1)
                return try w.floats()[0]
            }
        }
        // v = 1, 1.9.
        #expect(largestDifference(try steps(.momentum(0.9)), [0.9, 0.71]) < 1e-6)
        // v = 1, 1.9; g + 0.9·v = 1.9, 2.71.
        #expect(
            largestDifference(try steps(.momentum(0.9, isNesterov: true)), [0.81, 0.539]) < 1e-6)
        // m̂/√v̂ = 1 for a constant gradient.
        #expect(largestDifference(try steps(.adam), [0.9, 0.8]) < 1e-5)
    }

    /// Hand-computed: L = 0 · w, so the step is the decay's.
    @Test func weightDecayShrinks() throws {
        let w = try Tensor.full(2, shape: [1])
        try w.setRequiresGradient()
        let optimiser = try Optimiser(.momentum(0), parameters: [w], decays: [0.5])
        try w.scaled(by: 0).reshaped([]).backward()
        try optimiser.update(rate: 0.1)
        #expect(abs(try w.floats()[0] - 1.9) < 1e-6)
    }

    /// −(1 − ε)·log p_y − ε·mean(log p) with p = (1/4, 3/4), y = 1, ε = 0.2.
    @Test func smoothedLabels() throws {
        let logits = try Tensor.floats([0, 1.098_612_3], shape: [1, 2])
        let loss = try logits.crossEntropy(.integers([Int64(1)], shape: [1]), smoothing: 0.2)
        #expect(abs(try loss.scalar() - 0.397_543_3) < 1e-6)
    }

    @Test func theScheduleIsHalfACosine() {
        let schedule = CosineSchedule(rate: 2, steps: 4)
        #expect(schedule.rate(at: 0) == 2)
        #expect(abs(schedule.rate(at: 2) - 1) < 1e-12)
        #expect(abs(schedule.rate(at: 4)) < 1e-12)
    }

    @Test func noiseIsRelativeToTheLargestWeight() throws {
        let random = try RandomGenerator(seed: 2)
        let layer = try MatrixLayer("fc1", .linear, inputs: 100, outputs: 100, from: random)
        let largest = try layer.weight.absolute().maximum()
        let identity = try Tensor.floats(
            (0 ..< 10_000).map { $0 % 101 == 0 ? 1 : 0 }, shape: [100, 100])
        let noisy = try NoisyProducts(sigma: 0.07, generator: random).product(
            of: layer, with: identity)
        let clean = try FloatProducts().product(of: layer, with: identity)
        let difference = try noisy.adding(clean, times: -1)
        let sigma = (try difference.multiplied(by: difference).sum() / 10_000).squareRoot()
        // 10,000 draws: the standard error of σ is 0.7 %; four of them.
        #expect(abs(sigma / (0.07 * largest) - 1) < 0.03)
    }

    @Test func imagesOfAnotherSizeAreRefused() throws {
        let network = try NetworkCatalogue.make("lenet5", seed: 1)
        #expect(
            throws: NetworkError.imagesDoNotFit(
                network: "lenet5", expected: [1, 28, 28], found: [1, 8, 8])
        ) {
            try Trainer.train(network, on: EmbeddedDigits.load().training, plan: TrainingPlan())
        }
    }

    /// A step of 10³⁰ leaves weights whose products are beyond Float32; the first epoch's last
    /// batch tells, before anything is kept.
    @Test func aTrainingThatDivergesSaysSo() throws {
        let folder = try TemporaryFolder()
        let state = TrainingState(path: "\(folder.path)/state")
        let network = try NetworkCatalogue.make("lenet-8x8", seed: 1)
        #expect(throws: NetworkError.diverged(epoch: 1)) {
            try Trainer.train(
                network, on: EmbeddedDigits.load().training.first(64),
                plan: TrainingPlan(
                    epochs: 2, batch: 16, rate: 1e30, optimiser: .momentum(0), noise: 0),
                state: state)
        }
        #expect(!FileManager.default.fileExists(atPath: state.path))
        #expect(
            NetworkError.diverged(epoch: 3).description.hasPrefix(
                "the training diverged at epoch 3: its loss is no number"))
        #expect(NetworkError.diverged(epoch: 3).exitStatus == .usage)
    }
}
