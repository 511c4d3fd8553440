import HostKit
import Testing

@Suite("Training in integers")
struct WAGETrainingTests {
    static func plan(epochs: Int) throws -> TrainingPlan {
        var plan = try TrainingPlan.default(for: "lenet-8x8")
        plan.use(WAGE())
        plan.epochs = epochs
        return plan
    }

    /// The rounded weights and inputs of the paper are quantisers of a chip: the written
    /// network is right as often in the chip's integers.
    @Test func aRunWritesANetworkForTheChip() throws {
        let folder = try TemporaryFolder()
        var plan = try Self.plan(epochs: 20)
        plan.shift = 0
        let result = try TrainingRun(
            model: "lenet-8x8", data: .embeddedDigits, plan: plan, command: "-"
        ).run()
        let test = try #require(result.test)
        #expect(test.fraction > 0.85, "\(test.percent)")
        #expect(result.testInteger == test)
        let zeros = try #require(result.zeros)
        let count = result.split.training.count
        #expect(zeros.steps == (count - count / 12 + 63) / 64)
        #expect(zeros.gradients < zeros.changes && zeros.changes < 1)
        let text = result.summary(checkpoint: "c").description
        #expect(text.contains("test, WAGE, 8 bits: "))
        #expect(text.contains("the rounded gradient was zero for"))

        let path = "\(folder.path)/n.safetensors"
        try result.checkpoint.write(to: path)
        let back = try Checkpoint(contentsOf: path)
        for layer in back.network.matrixLayers {
            let codes = try layer.weight.floats().map { $0 * 128 }
            #expect(codes.allSatisfy { $0 == $0.rounded() && abs($0) <= 127 })
            #expect(try #require(layer.bias).floats().allSatisfy { $0 == 0 })
            let scales = try back.scales.scales(of: layer)
            #expect(scales.weight == 1.0 / 128 && scales.input == 1.0 / 256)
            #expect(scales.inputStride == 2)
        }
        #expect(
            try Evaluation.accuracy(
                back.network, with: WAGEProducts(WAGE()), on: result.split.test) == test)
    }

    /// γ and β stay, the statistics follow; and the shares are those of the last epoch.
    @Test func batchNormsMeasureButDoNotLearn() throws {
        let network = try NetworkCatalogue.make("resnet20-w2-c3", seed: 3)
        try WAGE().initialise(network, from: RandomGenerator(seed: 3))
        var plan = try Self.plan(epochs: 2)
        (plan.batch, plan.shift) = (12, 0)
        var zeros: [WAGEZeros?] = []
        let before = try network.matrixLayers.map { try $0.weight.floats() }
        try Trainer.train(network, on: TrainingStateTests.images(), plan: plan) {
            zeros.append($0.zeros)
        }
        #expect(zeros.map { $0?.steps } == [nil, 2, nil, 2])
        for norm in network.batchNorms {
            #expect(try norm.weight.floats().allSatisfy { $0 == 1 })
            #expect(try norm.bias.floats().allSatisfy { $0 == 0 })
            #expect(try norm.runningVariance.floats().allSatisfy { $0 != 1 })
        }
        let after = try network.matrixLayers.map { try $0.weight.floats() }
        #expect(zip(before, after).filter { $0 != $1 }.count > before.count / 2)
        #expect(network.parameters.allSatisfy { !$0.tensor.requiresGradient })
    }

    /// Shares of classes are targets: ½((1 − 0.25)² + (0.5 − 0.75)²).
    @Test func theLossTakesShares() throws {
        let scores = try Tensor.floats([1, 0.5], shape: [1, 2])
        let shares = try Tensor.floats([0.25, 0.75], shape: [1, 2])
        #expect(try WAGE().loss(scores, shares).scalar() == 0.3125)
    }

    /// With 2-bit weights the products of 216 inputs are divided by 4.
    @Test func layersThatNeedAScaleAreRefused() throws {
        let network = try NetworkCatalogue.make("lenet-8x8", seed: 1)
        #expect(try WAGE().quantisers(of: network).layers.count == 4)
        #expect(throws: NetworkError.tooWideForWAGE(layer: "conv2", inputs: 216)) {
            _ = try WAGE(weights: 2).quantisers(of: network)
        }
        // 12/L_min² = 87,381.3.
        #expect(WAGE().scale(inputs: 87_381) == 1)
        #expect(WAGE().scale(inputs: 87_382) == 2)
    }
}
