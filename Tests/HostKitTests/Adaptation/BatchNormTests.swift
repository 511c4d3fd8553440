import HostKit
import Testing

@Suite("Batch norms adapted")
struct BatchNormTests {
    /// Products times a number: what drift of equal age does.
    private struct Gain: MatrixProducts {
        let gain: Double
        func product(of layer: MatrixLayer, with input: Tensor) throws -> Tensor {
            try FloatProducts().product(of: layer, with: input).scaled(by: gain)
        }
    }

    private static func images(_ count: Int, shape: [Int] = [1, 8, 8]) throws -> ImageSet {
        let random = try RandomGenerator(seed: 3)
        return ImageSet(
            name: "noise", pixels: try random.uniform(0 ..< 256, [count] + shape).cast(to: .uint8),
            labels: try random.uniform(0 ..< 4, [count]).cast(to: .int64), pixelMax: 255)
    }

    /// A convolution and its batch norm; with a classifier behind it a whole network.
    private static func network(classifier: Bool) throws -> Network {
        let random = try RandomGenerator(seed: 9)
        let norm = try BatchNorm("bn", channels: 6)
        try norm.weight.assign(random.uniform(0.5 ..< 2, [6]))
        try norm.bias.assign(random.uniform(-1 ..< 1, [6]))
        var layers: [any Layer] = [
            try MatrixLayer(
                "conv", .convolution(kernel: 3, stride: 2, padding: 1), inputs: 1, outputs: 6,
                hasBias: false, from: random), norm,
        ]
        if classifier {
            layers += [
                ReLU(), Flatten(),
                try MatrixLayer("fc", .linear, inputs: 96, outputs: 4, from: random),
            ]
        }
        return Network(
            name: "tiny", imageShape: [1, 8, 8], classes: 4, blocks: [Block("tiny", layers)])
    }

    /// y − β of channel c is a·√(σ²_c + ε)/√(a²·σ²_c + ε) of what it is without the gain.
    @Test(arguments: [0.01, 0.1, 0.5, 3])
    func aUniformGainIsUndoneUpToEpsilon(gain: Double) throws {
        let images = try Self.images(32)
        func output(_ gain: Double) throws -> (y: [Float], norm: BatchNorm) {
            let network = try Self.network(classifier: false)
            try BatchNormReestimation(averaging: .plain, batch: 32, passes: 1).tune(
                network, with: Gain(gain: gain), on: images)
            #expect(network.batchNorms.allSatisfy { !$0.isTraining })
            let y = try network.scores(images.batch(0 ..< 32).images, with: Gain(gain: gain))
            return (try y.contiguous().floats(), network.batchNorms[0])
        }
        let (exact, norm) = try output(1)
        let (found, _) = try output(gain)
        let (variance, bias) = (try norm.runningVariance.floats(), try norm.bias.floats())
        var largest = 0.0
        for (index, value) in found.enumerated() {
            let channel = index / 16 % 6
            let sigma2 = Double(variance[channel])
            let factor =
                gain * (sigma2 + BatchNorm.epsilon).squareRoot()
                / (gain * gain * sigma2 + BatchNorm.epsilon).squareRoot()
            let expected = Double(bias[channel]) + factor * Double(exact[index] - bias[channel])
            largest = max(largest, abs(Double(value) - expected))
        }
        #expect(largest < 2e-5)
        // Without it the gain stays.
        let stale = try Self.network(classifier: false)
        try BatchNormReestimation(averaging: .plain, batch: 32, passes: 1).tune(
            stale, with: Gain(gain: 1), on: images)
        let y = try stale.scores(images.batch(0 ..< 32).images, with: Gain(gain: gain))
        #expect(largestDifference(try y.contiguous().floats(), exact) > 0.1)
    }

    /// Mean and unbiased variance of the images of one channel.
    private static func statistics(_ images: ImageSet, _ range: Range<Int>) throws
        -> (mean: Double, variance: Double)
    {
        let values = try images.batch(range).images.floats().map(Double.init)
        let mean = values.reduce(0, +) / Double(values.count)
        let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        return (mean, squares / Double(values.count - 1))
    }

    /// A batch norm of the images themselves: nine images are pieces of 3.
    @Test func statisticsAreTheMeanOverBatchesOrFollowWithMomentum() throws {
        let images = try Self.images(9)
        let parts = try [0 ..< 3, 3 ..< 6, 6 ..< 9].map { try Self.statistics(images, $0) }
        func running(_ method: BatchNormReestimation) throws -> (Double, Double) {
            let norm = try BatchNorm("bn", channels: 1)
            let network = Network(
                name: "bn", imageShape: [1, 8, 8], classes: 1, blocks: [Block("bn", [norm])])
            try method.tune(network, with: FloatProducts(), on: images)
            #expect(norm.momentum == BatchNorm.momentum)
            return (try norm.runningMean.scalar(), try norm.runningVariance.scalar())
        }
        let plain = try running(.init(averaging: .plain, batch: 4, passes: 1))
        #expect(abs(plain.0 - parts.reduce(0) { $0 + $1.mean } / 3) < 1e-6)
        #expect(abs(plain.1 - parts.reduce(0) { $0 + $1.variance } / 3) < 1e-6)
        let followed = try running(.init(averaging: .momentum(0.3), batch: 4, passes: 2))
        let expected = (parts + parts).reduce((0.0, 1.0)) {
            (0.7 * $0.0 + 0.3 * $1.mean, 0.7 * $0.1 + 0.3 * $1.variance)
        }
        #expect(abs(followed.0 - expected.0) < 1e-6)
        #expect(abs(followed.1 - expected.1) < 1e-6)
    }

    // MARK: Learning

    /// In the state that images are classified in afterwards.
    private func measured(
        _ network: Network, _ images: ImageSet, _ loss: (Tensor, Tensor) throws -> Tensor
    ) throws -> Double {
        try noGrad {
            let (inputs, labels) = try images.batch(0 ..< images.count)
            return try loss(network.scores(inputs, with: FloatProducts()), labels).scalar()
        }
    }

    private func learning(
        _ tune: (Network, ImageSet) throws -> Void, lowers loss: (Tensor, Tensor) throws -> Tensor
    ) throws -> (before: Double, after: Double) {
        let images = try Self.images(64)
        let network = try Self.network(classifier: true)
        try BatchNormReestimation(averaging: .plain, batch: 64, passes: 1).tune(
            network, with: FloatProducts(), on: images)
        let before = try measured(network, images, loss)
        let weights = try network.tensors.filter { $0.role == .weight || $0.name == "fc.bias" }
            .map { try $0.tensor.contiguous().floats() }
        try tune(network, images)
        let after = try network.tensors.filter { $0.role == .weight || $0.name == "fc.bias" }
            .map { try $0.tensor.contiguous().floats() }
        #expect(weights == after)
        #expect(network.tensors.allSatisfy { !$0.tensor.requiresGradient })
        return (before, try measured(network, images, loss))
    }

    /// At ten times the published rate, which is for images by the thousand.
    @Test func fineTuningLowersTheLossOfLabels() throws {
        let loss = try learning {
            try BatchNormFineTuning(rate: 0.1, batch: 16).tune($0, with: FloatProducts(), on: $1)
        } lowers: {
            try $0.crossEntropy($1)
        }
        #expect(loss.after < 0.95 * loss.before)
    }

    @Test func entropyFallsWithoutLabels() throws {
        let loss = try learning {
            try EntropyMinimisation(epochs: 10, rate: 0.01, batch: 16).tune(
                $0, with: FloatProducts(), on: $1)
        } lowers: { scores, _ in
            try scores.entropy()
        }
        #expect(loss.after < 0.9 * loss.before)
    }

    /// γ's gradient through a chip that has lost nine tenths of every conductance is that of
    /// the network with a tenth of every weight.
    @Test func gradientsKnowWhatDriftHasTaken() throws {
        let gain = 0.1
        let (inputs, labels) = try Self.images(16).batch(0 ..< 16)
        func gradient(_ network: Network, _ products: any MatrixProducts) throws -> [Float] {
            let gamma = network.batchNorms[0].weight
            try gamma.setRequiresGradient()
            network.setTraining(true)
            try network.scores(inputs, with: products).crossEntropy(labels).backward()
            return try #require(try gamma.gradient()).floats()
        }
        let faded = try Self.network(classifier: true)
        for layer in faded.matrixLayers { try layer.weight.assign(layer.weight.scaled(by: gain)) }
        let expected = try gradient(faded, FloatProducts())
        let found = try gradient(
            Self.network(classifier: true), StraightThroughProducts(values: Gain(gain: gain)))
        #expect(expected.contains { abs($0) > 1e-4 })
        #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-3 * abs($1) + 1e-7 })
    }

    @Test func theRateFallsEverySecondEpoch() {
        let rates = (0 ..< 5).map { BatchNormFineTuning().rate(inEpoch: $0) }
        for (rate, expected) in zip(rates, [0.01, 0.01, 0.002, 0.002, 0.0004]) {
            #expect(abs(rate - expected) < 1e-15)
        }
    }

    @Test func theEntropyOfATensorIsThatOfItsRows() throws {
        let scores = try RandomGenerator(seed: 2).uniform(-30 ..< 30, [5, 7])
        let rows = try scores.floats()
        let expected = (0 ..< 5).reduce(0) { $0 + Network.entropy(rows[$1 * 7 ..< $1 * 7 + 7]) }
        #expect(abs(try scores.entropy().scalar() - expected / 5) < 1e-6)
        let far = try Tensor.floats([1000, 0, -1000], shape: [1, 3])
        #expect(try far.entropy().scalar() == 0)
    }

    // MARK: Through a chip

    @Test(arguments: [
        BatchNormReestimation(batch: 16) as any AdaptationStrategy,
        BatchNormFineTuning(epochs: 1, batch: 16), EntropyMinimisation(batch: 16),
    ])
    func aChipIsReadButNeverWritten(strategy: any AdaptationStrategy) throws {
        let images = try Self.images(48)
        let network = try Self.network(classifier: true)
        let chip = try DigitalChip(.init(openLoopSpread: 0.05), seed: 4)
        var deployment = try Mapper(
            network, scales: .measured(network, on: images, method: .max)
        ).deploy(
            to: chip, checkpoint: "n", calibration: images, options: .init(.openLoop)
        ).deployment
        func conductances() throws -> [[Float]] {
            try deployment.places.map { try chip.readConductances($0.matrix, repeats: 1) }
        }
        let (before, old) = (try conductances(), deployment)
        let statistics = try network.batchNorms[0].runningMean.floats()
        let report = try AdaptationReport.measuring(
            strategy, of: network, &deployment, on: chip, images: images, test: images)
        #expect(try conductances() == before)
        #expect(deployment == old)
        #expect(report.cost.pulses == 0 && report.cost.cellsWritten == 0)
        #expect(report.imagesUsed == 48)
        #expect(try network.batchNorms[0].runningMean.floats() != statistics)
    }

    @Test func whatHasNoBatchNormOrNoVarianceIsRefused() throws {
        let lenet = try NetworkCatalogue.make("lenet-8x8", seed: 1)
        let (network, images) = (try Self.network(classifier: true), try Self.images(8))
        let method = BatchNormReestimation()
        #expect(throws: AdaptationError.noBatchNorm(network: "lenet-8x8")) {
            try method.tune(lenet, with: FloatProducts(), on: images)
        }
        #expect(throws: AdaptationError.oneImage) {
            try EntropyMinimisation().tune(network, with: FloatProducts(), on: images.first(1))
        }
    }
}
