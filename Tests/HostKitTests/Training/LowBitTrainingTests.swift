import Foundation
import HostKit
import Testing

@Suite("Training of few bits")
struct LowBitTrainingTests {
    static let settings = [BitSetting.a2w2, .a4w2, .a8w4, .a8w8]

    static func plan(_ bits: BitSetting?, epochs: Int) -> TrainingPlan {
        var plan = TrainingPlan(epochs: epochs, rate: 4e-3, noise: 0, seed: 3)
        plan.bits = bits
        return plan
    }

    /// The strides leave just the quantisers' codes, and stay within the chip's.
    @Test(arguments: BitSetting.bitsRange)
    func codesAreMultiplesOfTheQuantisers(bits: Int) throws {
        let quantiser = UniformQuantiser(bits: bits, step: 0.03)
        let both = LayerQuantisers(input: quantiser, weight: quantiser)
        let x = try RandomGenerator(seed: 4).uniform(-4 ..< 4, [2_000])
        for isSigned in [false, true] {
            let scales = LayerScales(both, isSigned: isSigned)
            let found = try InputQuantisation.codes(x, scales)
            let expected = try quantiser.codes(isSigned ? x : x.rectified())
                .scaled(by: Double(scales.inputStride))
            #expect(try found.floats() == expected.floats())
            let largest = quantiser.codeMax * scales.inputStride
            #expect(scales.inputCodes.contains(largest))
            #expect(!scales.inputCodes.contains(largest + quantiser.codeMax))
            // What one code of each is worth.
            #expect(abs(scales.input * Double(scales.inputStride) / 0.03 - 1) < 1e-12)
        }
        let weights = try quantiser.codes(x).scaled(by: 0.03).floats()
        let stride = 127 / quantiser.codeMax
        let codes = weights.map { WeightQuantisation.code($0, scale: LayerScales(both).weight) }
        let expected = try quantiser.codes(x).floats().map { Int16($0) * Int16(stride) }
        #expect(codes == expected)
    }

    /// A network of the digits in floating point, whose file each setting starts from.
    static let float = Result {
        try TrainingRun(
            model: "lenet-8x8", data: .embeddedDigits, plan: plan(nil, epochs: 8), command: "-"
        ).run().checkpoint.encoded()
    }

    /// From a network in floating point, the digits are learned with few bits; what is
    /// written is what the chip's integers compute. A value within Float32's rounding of
    /// the edge between two codes may go to either: at most 2 of 500 images change by it.
    @Test(arguments: settings)
    func theCheckpointIsTheNetworkThatWasTrained(bits: BitSetting) throws {
        let folder = try TemporaryFolder()
        let float = "\(folder.path)/float.safetensors"
        try Self.float.get().write(to: float)
        let result = try TrainingRun(
            model: "lenet-8x8", data: .embeddedDigits, plan: Self.plan(bits, epochs: 4),
            start: .init(file: float), command: "-"
        ).run()
        let test = try #require(result.test)
        #expect(test.fraction > 0.8, "\(bits): \(test.percent)")
        let integers = try #require(result.testInteger)
        #expect(abs(integers.correct - test.correct) <= 2)
        #expect(result.summary(checkpoint: "c").description.contains("test, \(bits): "))

        let path = "\(folder.path)/n.safetensors"
        try result.checkpoint.write(to: path)
        let back = try Checkpoint(contentsOf: path)
        #expect(back.quantisers == result.checkpoint.quantisers)
        #expect(back.scales == result.checkpoint.scales)
        for layer in back.network.matrixLayers {
            let quantiser = try #require(back.quantisers?.layers[layer.name]).weight
            #expect(quantiser.bits == bits.weights)
            let codes = try quantiser.codes(layer.weight)
            #expect(try layer.weight.floats() == codes.scaled(by: quantiser.step).floats())
            #expect(try codes.absolute().maximum() == Double(quantiser.codeMax))
        }
        let images = try EmbeddedDigits.load().test
        let products = try IntegerProducts(back.network, scales: back.scales)
        #expect(try Evaluation.accuracy(back.network, with: products, on: images) == integers)
    }

    /// Steps are measured with the batches' statistics, as training sees them, and leave
    /// the running ones.
    @Test func measuringStepsLeavesTheNetwork() throws {
        let network = try NetworkCatalogue.make("resnet20-w2-c3", seed: 1)
        let before = try network.tensors.flatMap { try $0.tensor.floats() }
        var plan = Self.plan(.a2w2, epochs: 1)
        let images = try TrainingStateTests.images()
        let quantisers = try #require(try plan.quantisers(of: network, on: images))
        #expect(try network.tensors.flatMap { try $0.tensor.floats() } == before)
        #expect(network.batchNorms.allSatisfy { $0.momentum == BatchNorm.momentum })
        // A rectified normalised input is up to 2 or 3 in size.
        let deep = try #require(quantisers.layers["layer3.2.conv2"]).input
        #expect((0.3 ... 3).contains(deep.step), "\(deep.step)")
        plan.bits = nil
        #expect(try plan.quantisers(of: network, on: images) == nil)
    }

    @Test(arguments: [
        (#""bits":4"#, #""bits":9"#), (#""bits":4"#, #""bits":1"#), (#""step":"#, #""step":-"#),
        (#""fc1""#, #""fc9""#),
    ])
    func brokenQuantisersAreRefused(good: String, bad: String) throws {
        let network = try NetworkCatalogue.make("lenet-8x8", seed: 1)
        let images = try EmbeddedDigits.load().training.first(50)
        let quantisers = try NetworkQuantisers.measured(
            network, BitSetting(activations: 4, weights: 4), on: images)
        var file = try Checkpoint(
            network: network, scales: .measured(network, on: images, method: .max),
            quantisers: quantisers, command: "-", seed: 1
        ).encoded()
        _ = try Checkpoint(file, file: "f")
        let text = try #require(file.metadata["quantisers"])
        try #require(text.contains(good))
        file.metadata["quantisers"] = text.replacingOccurrences(of: good, with: bad)
        do {
            _ = try Checkpoint(file, file: "f")
            Issue.record("\(bad) was taken")
        } catch let error as DataError {
            #expect(error.description.contains("in 'quantisers'"), "\(error)")
        }
    }
}
