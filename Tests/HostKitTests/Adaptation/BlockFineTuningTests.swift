import HostKit
import Testing

@Suite("Fine-tuning of blocks")
struct BlockFineTuningTests {
    private static func untrained() throws -> (Network, ImageSet, QuantisationScales) {
        let network = try NetworkCatalogue.make("lenet-8x8", seed: 2)
        let images = try EmbeddedDigits.load().training.first(40)
        return (network, images, try .measured(network, on: images, method: .max))
    }

    private static func deploy(
        _ network: Network, _ scales: QuantisationScales, to chip: DigitalChip, _ images: ImageSet
    ) throws -> Deployment {
        try Mapper(network, scales: scales).deploy(
            to: chip, checkpoint: "n", calibration: images.first(40), options: .init(.writeVerify)
        ).deployment
    }

    /// Conductances of all layers by name.
    private static func conductances(_ deployment: Deployment, _ chip: DigitalChip) throws
        -> [String: [Float]]
    {
        try Dictionary(
            uniqueKeysWithValues: deployment.places.map {
                ($0.layer, try chip.readConductances($0.matrix, repeats: 1))
            })
    }

    /// Without a chip: products in integers, Adam on the weights of the block, step by step.
    private static func digitalLosses(
        _ tuning: FineTuning, _ network: Network, _ scales: QuantisationScales, _ images: ImageSet
    ) throws -> [Double] {
        let layers = try tuning.layers.map { try network.place(of: $0).layer }
        for tensor in layers.flatMap(\.tensors) { try tensor.tensor.setRequiresGradient() }
        let weights = try layers.map { try Optimiser(.adam, parameters: [$0.weight]) }
        let biases = try Optimiser(.adam, parameters: layers.compactMap(\.bias))
        let order = try RandomGenerator(seed: tuning.seed, purpose: "order of adaptation images")
        let steps = tuning.epochs * images.ranges(of: tuning.batch).count
        let schedule = CosineSchedule(rate: 1, steps: steps)
        var losses: [Double] = []
        for _ in 0 ..< tuning.epochs {
            let permutation = try order.permutation(images.count)
            for range in images.ranges(of: tuning.batch) {
                let (inputs, labels) = try images.batch(permutation.narrowed(range))
                let scores = try network.scores(
                    inputs,
                    with: StraightThroughProducts(
                        values: IntegerProducts(network, scales: scales)))
                let loss =
                    switch tuning.loss {
                    case .squaredError: try scores.softmax().halfSquaredError(to: labels)
                    case .crossEntropy: try scores.crossEntropy(labels)
                    case .entropy: try scores.entropy()
                    }
                try loss.backward()
                let share = schedule.rate(at: losses.count)
                for (layer, weights) in zip(layers, weights) {
                    let scale = try scales.scales(of: layer).weight
                    let inputs = Double(layer.weight.shape[1...].reduce(1, *))
                    try weights.update(
                        rate: share * tuning.rateCodes * min(1, 25 / inputs) * scale)
                    try layer.weight.clamp(to: -127 * scale ... 127 * scale)
                }
                try biases.update(rate: share * tuning.rateBias)
                losses.append(try loss.scalar())
            }
        }
        return losses
    }

    /// On an exact chip that is written after every step the losses are those without one.
    @Test(
        arguments: [["conv1"], ["conv2", "fc1"], ["conv1", "conv2", "fc1", "fc2"]],
        FineTuning.Loss.allCases)
    func aBlockLearnsAsItWouldDigitally(layers: [String], loss: FineTuning.Loss) throws {
        let (network, images, scales) = try Self.untrained()
        let twin = try network.copy()
        let chip = try DigitalChip()
        var deployment = try Self.deploy(network, scales, to: chip, images)
        let tuning = FineTuning(
            layers: layers, loss: loss, epochs: 2, batch: 16, threshold: 1, seed: 3)
        let findings = try #require(
            try tuning.adaptWithFindings(network, &deployment, on: chip, images: images))
        let expected = try Self.digitalLosses(tuning, twin, scales, images)
        #expect(findings.losses.count == 6)
        #expect(findings.losses == expected)
        // The host's weights are the chip's codes.
        for name in layers {
            let layer = try network.place(of: name).layer
            let scale = try scales.scales(of: layer).weight
            let twins = try twin.place(of: name).layer
            #expect(
                try WeightQuantisation.codes(of: layer, scale: scale)
                    == WeightQuantisation.codes(of: twins, scale: scale))
            #expect(!layer.weight.requiresGradient)
        }
    }

    @Test(arguments: [
        (FineTuning.Rule.adam, ProgramOptions.Method.writeVerify), (.wage(WAGE()), .openLoop),
    ])
    func onlyTheBlocksThatLearnAreWritten(
        rule: FineTuning.Rule, method: ProgramOptions.Method
    ) throws {
        let (network, images, scales) = try Self.untrained()
        let chip = try DigitalChip(.init(openLoopSpread: 0.05, writeVerifySpread: 0.03))
        var deployment = try Self.deploy(network, scales, to: chip, images)
        let before = try Self.conductances(deployment, chip)
        let (old, programs) = (deployment, chip.programs.count)
        let tuning = FineTuning(
            layers: ["conv2", "fc2"], rule: rule, loop: .chip(every: 2), method: method, epochs: 1,
            batch: 8, rateCodes: 8)
        try tuning.adapt(network, &deployment, on: chip, images: images)
        let after = try Self.conductances(deployment, chip)
        for layer in network.matrixLayers.map(\.name) {
            #expect((before[layer] != after[layer]) == ["conv2", "fc2"].contains(layer))
        }
        #expect(deployment == old)
        // Five steps: written after the second, the fourth and the last, two layers each.
        let writes = chip.programs[programs...]
        #expect((2 ... 6).contains(writes.count))
        for write in writes {
            #expect(write.options.method == method && !write.options.all)
            #expect(write.options.mask?.contains(1) == true)
            #expect([2, 4].contains(write.matrix))
        }
    }

    /// The lower half of every image is black: so many weights get no gradient at all.
    @Test func wageCountsWhatGetsNoGradient() throws {
        let random = try RandomGenerator(seed: 4)
        let network = Network(
            name: "one", imageShape: [1, 8, 8], classes: 10,
            blocks: [
                Block(
                    "fc",
                    [
                        Flatten(),
                        try MatrixLayer("fc", .linear, inputs: 64, outputs: 10, from: random),
                    ])
            ])
        let light = try random.uniform(20 ..< 256, [12, 1, 4, 8])
        let images = ImageSet(
            name: "halves",
            pixels: try Tensor.concatenated([light, .full(0, shape: [12, 1, 4, 8])], dimension: 2)
                .cast(to: .uint8),
            labels: try .integers((0 ..< 12).map { Int64($0 % 10) }, shape: [12]), pixelMax: 255)
        let scales = try QuantisationScales.measured(network, on: images, method: .max)
        let chip = try DigitalChip()
        var deployment = try Self.deploy(network, scales, to: chip, images)
        let before = try WeightQuantisation.codes(
            of: network.matrixLayers[0], scale: scales.scales(of: network.matrixLayers[0]).weight)
        let bias = try network.matrixLayers[0].bias?.floats()
        let findings = try #require(
            try FineTuning(
                layers: ["fc"], loss: .squaredError, rule: .wage(WAGE()), epochs: 3,
                rateCodes: 1
            )
            .adaptWithFindings(network, &deployment, on: chip, images: images))
        #expect(findings.weights == 640)
        #expect(findings.zeroGradients == 0.5)
        let zeroChanges = try #require(findings.zeroChanges)
        #expect(zeroChanges > 0.5 && zeroChanges < 1)
        let layer = network.matrixLayers[0]
        let after = try WeightQuantisation.codes(
            of: layer, scale: scales.scales(of: layer).weight)
        for row in 0 ..< 64 {
            let codes = row * 10 ..< row * 10 + 10
            if row >= 32 { #expect(before.values[codes] == after.values[codes]) }
        }
        #expect(try layer.bias?.floats() == bias)
        #expect(before.values[..<320] != after.values[..<320])
        // A step of at most η·2^½ codes each, three times, along a cosine.
        let moves: [Int] = zip(before.values, after.values).map { abs(Int($0) - Int($1)) }
        #expect(moves.max() ?? 0 <= 6)
    }

    // MARK: What it is for

    private static func tuned(
        _ tuning: (Network) throws -> FineTuning, corruption: Corruption?, drift: Double = 0
    ) throws -> (report: AdaptationReport, writes: Int) {
        let (network, split, scales) = try ChipPathTests.setting()
        let chip = try DigitalChip(
            .init(openLoopSpread: 0.05, writeVerifySpread: 0.03, readNoise: 0.1, adcBits: 10),
            seed: 5)
        var deployment = try deploy(network, scales, to: chip, split.training)
        if drift > 0 { try chip.drift(ageSeconds: drift) }
        let programs = chip.programs.count
        func shifted(_ images: ImageSet) throws -> ImageSet {
            try corruption.map { try images.corrupted(by: $0, severity: 5, seed: 1) } ?? images
        }
        let report = try AdaptationReport.measuring(
            tuning(network), of: network, &deployment, on: chip,
            images: shifted(split.training.first(512)), test: shifted(split.test))
        return (report, chip.programs.count - programs)
    }

    @Test(arguments: [FineTuning.Rule.adam, .wage(WAGE())])
    func squaredErrorsWinBackWhatACorruptionCosts(rule: FineTuning.Rule) throws {
        let report = try Self.tuned(
            {
                FineTuning(
                    layers: [$0.blocks[0].matrixLayers[0].name], loss: .squaredError, rule: rule)
            },
            corruption: .contrast
        ).report
        #expect(report.after.fraction > report.before.fraction + 0.05)
        #expect(report.data == .labelledImages)
    }

    /// There is nothing to win, but steps that add up could lose much.
    @Test func aGoodNetworkStaysGoodWhereAllBlocksLearn() throws {
        let report = try Self.tuned(
            { FineTuning(blocks: $0.blocks, of: $0) }, corruption: nil
        ).report
        #expect(report.after.fraction > report.before.fraction - 0.01)
        #expect(report.cost.pulses > 0)
    }

    @Test func allBlocksWinBackWhatACorruptionCosts() throws {
        let report = try Self.tuned(
            { FineTuning(blocks: $0.blocks, of: $0) }, corruption: .contrast
        ).report
        #expect(report.after.fraction > report.before.fraction + 0.05)
    }

    @Test func entropyFallsWithoutLabels() throws {
        let report = try Self.tuned(
            { FineTuning(layers: [$0.matrixLayers[0].name], loss: .entropy, rule: .wage(WAGE())) },
            corruption: .contrast
        ).report
        let losses = try #require(report.findings).losses
        // Of the first epoch and of the last.
        let (first, last) = (Sample(Array(losses.prefix(4))), Sample(Array(losses.suffix(4))))
        #expect(last.mean < 0.8 * first.mean)
        #expect(report.data == .images)
    }

    /// The rest of the chip is read, the classifier is written once.
    @Test func aClassifierIsRetrainedOnTheHost() throws {
        let (report, writes) = try Self.tuned(
            { .lastLayer(of: $0) }, corruption: nil, drift: 1e10)
        #expect(report.after.fraction > report.before.fraction + 0.02)
        #expect(writes == 1)
        #expect(report.findings?.weights == 640)
    }

    @Test(arguments: [
        ("lenet3", ["conv2", "fc1"]), ("vgg8-w0.125", ["fc1", "fc2"]),
        ("resnet20", ["layer3.2.conv1", "layer3.2.conv2", "linear"]),
        ("resnet20-e3", ["layer3.2.conv1", "layer3.2.conv2", "linear"]),
    ])
    func theLastLayersAreThoseOfTheStudy(model: String, layers: [String]) throws {
        let network = try NetworkCatalogue.make(model, seed: 1)
        #expect(FineTuning.lastLayers(of: network).layers == layers)
        #expect(FineTuning.lastLayer(of: network).layers == layers.suffix(1))
    }

    @Test func aBlockIsNamedAndAllAre() throws {
        let network = try NetworkCatalogue.make("vgg8-w0.125", seed: 1)
        let one = FineTuning(blocks: [network.blocks[1]], of: network, loss: .entropy)
        #expect(one.layers == ["conv3", "conv4"])
        #expect(one.name == "fine-tuning of conv3, entropy")
        #expect(FineTuning(blocks: network.blocks, of: network).title == "all blocks")
    }

    @Test func aLayerOnTheHostCannotBeTuned() throws {
        let (network, images, scales) = try Self.untrained()
        let chip = try DigitalChip()
        var mapper = Mapper(network, scales: scales)
        mapper.digital = ["fc2"]
        var deployment = try mapper.deploy(
            to: chip, checkpoint: "n", calibration: images, options: .init(.openLoop)
        ).deployment
        #expect(throws: AdaptationError.onHost(layer: "fc2")) {
            try FineTuning(layers: ["conv1", "fc2"]).adapt(
                network, &deployment, on: chip, images: images)
        }
    }
}
