import HostKit
import Testing

@Suite("Quantisation")
struct QuantisationTests {
    @Test func theWidestScaleUsesAllCodesAndClipsNothing() {
        let weights: [Float] = [0.5, -1.27, 0.004, 0.006, -0.0149]
        let scale = WeightQuantisation.scale(weights, method: .max)
        #expect(abs(scale - 0.01) < 1e-7)
        #expect(weights.map { WeightQuantisation.code($0, scale: scale) } == [50, -127, 0, 1, -1])
        #expect(WeightQuantisation.code(9, scale: scale) == 127)
    }

    /// Many small weights and one large: clipping the one pays.
    @Test func mmseFindsTheLeastErrorOfAFineGrid() throws {
        let bulk = try RandomGenerator(seed: 8).normal([4_000]).scaled(by: 0.05).floats()
        let weights = bulk + [1.6]
        let widest = WeightQuantisation.scale(weights, method: .max)
        let best = WeightQuantisation.scale(weights, method: .mmse)
        let error = WeightQuantisation.squaredError(weights, scale: best)
        #expect(best < widest)
        #expect(error < WeightQuantisation.squaredError(weights, scale: widest))
        let finest =
            (1 ... 1000).map {
                WeightQuantisation.squaredError(weights, scale: widest * Double($0) / 1000)
            }.min() ?? 0
        #expect(error <= finest * 1.01)
    }

    @Test func anEmptyLayerHasAScale() {
        #expect(WeightQuantisation.scale([0, 0], method: .max) > 0)
        #expect(WeightQuantisation.scale([0, 0], method: .mmse) > 0)
    }

    @Test func inputScalesCoverTheLargestInputOfEachLayer() throws {
        let network = try NetworkCatalogue.make("lenet-8x8", seed: 1)
        let images = try EmbeddedDigits.load().training.first(300)
        let scales = try QuantisationScales.measured(network, on: images, method: .max, batch: 64)
        #expect(scales.layers.count == 4)
        #expect(abs(try scales.scales(of: network.matrixLayers[0]).input - 1.0 / 255) < 1e-9)
    }

    @Test func inputCodesAreUnsignedBytes() throws {
        let x = try Tensor.floats([-1, 0, 0.4, 0.6, 254.6, 300], shape: [6])
        #expect(try InputQuantisation.codes(x, scale: 1).floats() == [0, 0, 0, 1, 255, 255])
    }

    @Test func codesAreTheWeightTransposedAndComeBack() throws {
        let layer = try MatrixLayer(
            "fc1", .linear, inputs: 3, outputs: 2, from: RandomGenerator(seed: 1))
        try layer.weight.assign(.floats([1, 2, 3, 4, 5, 6], shape: [2, 3]))
        let codes = try WeightQuantisation.codes(of: layer, scale: 1)
        #expect(codes == WeightCodes(rows: 3, columns: 2, values: [1, 4, 2, 5, 3, 6]))
        try layer.assign(codes, scale: 0.5)
        #expect(try layer.weight.floats() == [0.5, 1, 1.5, 2, 2.5, 3])
    }
}
