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

    /// In an update too, whether their codes change or not; of the others only those that do.
    @Test func whatIsChosenIsVerifiedInAnUpdate() throws {
        let network = try NetworkCatalogue.make("lenet-8x8-w0.5", seed: 2)
        let images = try EmbeddedDigits.load().training.first(40)
        let scales = try QuantisationScales.measured(network, on: images, method: .max)
        let chip = try DigitalChip()
        var mapper = Mapper(network, scales: scales)
        let old = try mapper.deploy(
            to: chip, checkpoint: "n", calibration: images, options: ProgramOptions(.openLoop)
        ).deployment
        let selection = try WeightSelection(
            .magnitude, share: 0.1, of: network, layers: network.matrixLayers, scales: scales)
        mapper.verified = selection
        let reports = try mapper.update(
            old, on: chip, checkpoint: "n", calibration: images, options: ProgramOptions(.openLoop)
        ).reports
        let chosen = selection.masks.values.joined().count { $0 == 1 }
        #expect(chosen > 0)
        // Four slices of two cells, ten pulses each.
        #expect(reports.reduce(0) { $0 + $1.program.verified } == UInt64(8 * chosen))
        #expect(reports.reduce(0) { $0 + $1.program.cost.pulses } == UInt64(80 * chosen))
    }

    /// A network trained without noise, on chips whose open-loop cells deviate by 0.15 of G_on and
    /// whose verified ones don't.
    @Test func theDerivativesChooseBetterThanSizeOrChance() throws {
        let network = try NetworkCatalogue.make("lenet-8x8-w0.5", seed: 2)
        let split = try EmbeddedDigits.load()
        var plan = try TrainingPlan.default(for: "lenet-8x8")
        (plan.epochs, plan.noise) = (10, 0)
        try Trainer.train(network, on: split.training, plan: plan)
        let images = try split.training.first(40)
        let scales = try QuantisationScales.measured(network, on: images, method: .max)
        let test = try split.test.first(250)
        func deploy(_ selection: WeightSelection?, to chip: DigitalChip) throws -> Deployment {
            var mapper = Mapper(network, scales: scales)
            mapper.verified = selection
            return try mapper.deploy(
                to: chip, checkpoint: "n", calibration: images, options: ProgramOptions(.openLoop)
            ).deployment
        }
        func selection(_ order: WeightSelection.Order, share: Double = 0.1) throws
            -> WeightSelection
        {
            try WeightSelection(
                order, share: share, of: network, layers: network.matrixLayers, scales: scales)
        }
        /// Of 5 chips.
        func accuracy(_ order: WeightSelection.Order) throws -> Double {
            let selection = try selection(order)
            return try (1 ... 5 as ClosedRange<UInt64>).reduce(0) { sum, seed in
                let chip = try DigitalChip(.init(openLoopSpread: 0.15), seed: seed)
                let deployment = try deploy(selection, to: chip)
                return try sum
                    + Evaluation.accuracy(
                        network, with: ChipProducts(chip, deployment), on: test
                    ).fraction / 5
            }
        }
        let byDerivative = try accuracy(.secondDerivative(images: images))
        let bySize = try accuracy(.magnitude)
        let byChance = try accuracy(.random(seed: 5))
        #expect(byDerivative > bySize + 0.02, "\(byDerivative) \(bySize) \(byChance)")
        #expect(byDerivative > byChance + 0.02)

        // A verified cell takes ten pulses here, an open-loop one takes one.
        let cells = 8 * network.matrixLayers.reduce(0) { $0 + $1.weight.count }
        for (share, pulses) in [(0, 1), (0.1, 1.9), (0.5, 5.5), (1, 10)] {
            let chip = try DigitalChip(.init(openLoopSpread: 0.15))
            let deployment = try deploy(selection(.magnitude, share: share), to: chip)
            #expect(abs(Double(chip.cost.pulses) / Double(cells) - pulses) < 0.01)
            #expect(deployment.method == .openLoop)
        }
    }
}
