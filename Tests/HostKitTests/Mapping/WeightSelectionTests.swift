import HostKit
import Testing

@Suite("Weights that are written with care")
struct WeightSelectionTests {
    /// Codes 1 … 6 of [2 columns, 3 rows] in one layer, −7 … −10 of [1, 4] in another.
    private static func network() throws -> (Network, QuantisationScales) {
        let random = try RandomGenerator(seed: 1)
        let first = try MatrixLayer("a", .linear, inputs: 3, outputs: 2, from: random)
        let second = try MatrixLayer("b", .linear, inputs: 4, outputs: 1, from: random)
        try first.weight.assign(.floats([1, 2, 3, 4, 5, 6], shape: [2, 3]))
        try second.weight.assign(.floats([-7, -8, -9, -10], shape: [1, 4]))
        let network = Network(
            name: "two", imageShape: [3, 1, 1], classes: 2,
            blocks: [Block("a", [first]), Block("b", [second])])
        let one = LayerScales(input: 1, weight: 1)
        return (network, QuantisationScales(layers: ["a": one, "b": one]))
    }

    private static func masks(_ order: WeightSelection.Order, _ share: Double) throws
        -> [String: [UInt8]]
    {
        let (network, scales) = try network()
        return try WeightSelection(
            order, share: share, of: network, layers: network.matrixLayers, scales: scales
        ).masks
    }

    @Test func theLargestOfAllLayersAreMarkedRowsByColumns() throws {
        #expect(try Self.masks(.magnitude, 0.4) == ["a": [0, 0, 0, 0, 0, 0], "b": [1, 1, 1, 1]])
        // Code 6 is column 1, row 2; 5 is column 1, row 1.
        #expect(try Self.masks(.magnitude, 0.5) == ["a": [0, 0, 0, 0, 0, 1], "b": [1, 1, 1, 1]])
        #expect(try Self.masks(.magnitude, 0.6) == ["a": [0, 0, 0, 1, 0, 1], "b": [1, 1, 1, 1]])
        for (share, count) in [(0, 0), (1, 10), (0.34, 3), (0.36, 4)] {
            let chosen = try Self.masks(.random(seed: 3), share).values.joined()
            #expect(chosen.reduce(0) { $0 + Int($1) } == count)
        }
        #expect(try Self.masks(.random(seed: 3), 0.5) == Self.masks(.random(seed: 3), 0.5))
        #expect(try Self.masks(.random(seed: 3), 0.5) != Self.masks(.random(seed: 4), 0.5))
    }

    /// A network trained without noise, on chips whose open-loop cells deviate by 0.08 of G_on and
    /// whose verified ones don't.
    @Test func theDerivativesChooseBetterThanSizeOrChance() throws {
        let network = try NetworkCatalogue.make("lenet-8x8", seed: 2)
        let split = try EmbeddedDigits.load()
        var plan = try TrainingPlan.default(for: "lenet-8x8")
        (plan.epochs, plan.noise) = (15, 0)
        try Trainer.train(network, on: split.training, plan: plan)
        let scales = try QuantisationScales.measured(
            network, on: split.training.first(200), method: .max)
        let images = try split.training.first(64)
        func results(_ order: WeightSelection.Order?, share: Double = 0.1) throws -> (
            accuracy: Double, pulses: UInt64
        ) {
            var mapper = Mapper(network, scales: scales)
            mapper.verified = try order.map {
                try WeightSelection(
                    $0, share: share, of: network, layers: network.matrixLayers, scales: scales)
            }
            var (sum, pulses) = (0.0, UInt64(0))
            for seed in 1 ... 6 as ClosedRange<UInt64> {
                let chip = try DigitalChip(.init(openLoopSpread: 0.15), seed: seed)
                let deployment = try mapper.deploy(
                    to: chip, checkpoint: "n", calibration: images,
                    options: ProgramOptions(.openLoop)
                ).deployment
                pulses += chip.cost.pulses
                sum += try Evaluation.accuracy(
                    network, with: ChipProducts(chip, deployment), on: split.test
                ).fraction
            }
            return (sum / 6, pulses)
        }
        let none = try results(nil)
        let byDerivative = try results(.secondDerivative(images: images))
        let bySize = try results(.magnitude)
        let byChance = try results(.random(seed: 5))
        let half = try results(.secondDerivative(images: images), share: 0.5)
        let text =
            "none \(none), derivative \(byDerivative), size \(bySize), chance \(byChance), half \(half)"
        print(text)
        #expect(byDerivative.accuracy > bySize.accuracy, "\(text)")
        #expect(byDerivative.accuracy > byChance.accuracy, "\(text)")
        #expect(half.accuracy > none.accuracy, "\(text)")
        // A verified cell takes ten pulses here, an open-loop one takes one.
        #expect(byDerivative.pulses == byChance.pulses)
        #expect(abs(Double(byDerivative.pulses) / Double(none.pulses) - 1.9) < 0.001)
        #expect(half.pulses > byDerivative.pulses)
    }
}
