import HostKit
import Testing

@Suite("Fine-tuning in the loop")
struct FineTuningTests {
    @Test(arguments: ["conv1", "fc2"])
    func accuracyLostToDriftIsWonBackByWritingOneLayer(layer: String) throws {
        let (network, split, scales) = try ChipPathTests.setting()
        let chip = try DigitalChip(
            .init(writeVerifySpread: 0.03, readNoise: 0.1, adcBits: 10), seed: 5)
        var deployment = try Mapper(network, scales: scales).deploy(
            to: chip, checkpoint: "n", calibration: split.training.first(64),
            options: .init(.writeVerify)
        )
        .deployment
        try chip.drift(ageSeconds: 1e10)
        let before = chip.programs.count
        var stages: [AdaptationStage] = []
        let report = try AdaptationReport.measuring(
            FineTuning(layers: [layer]), of: network, &deployment, on: chip,
            images: split.training.first(256), test: split.test, watch: { stages.append($0) })
        #expect(stages.first == .before(split.test.count, of: split.test.count))
        #expect(stages.dropLast().last == .adapting(report.cost))
        #expect(stages.last == .after(split.test.count, of: split.test.count))
        #expect(report.after.fraction > report.before.fraction + 0.05)
        #expect(report.imagesUsed == 256)
        #expect(report.cost.pulses > 0)
        let tuned = try deployment.place(of: network.place(of: layer).layer).matrix.id
        let writes = chip.programs[before...]
        #expect(!writes.isEmpty)
        for write in writes {
            #expect(write.matrix == tuned)
            #expect(write.options.method == .writeVerify && !write.options.all)
            #expect(write.options.mask?.contains(1) == true)
        }
    }

    @Test func aThresholdAboveAllCodesWritesNothing() throws {
        let (network, split, scales) = try ChipPathTests.setting()
        let chip = try DigitalChip()
        var deployment = try Mapper(network, scales: scales).deploy(
            to: chip, checkpoint: "n", calibration: split.training.first(64),
            options: .init(.writeVerify)
        )
        .deployment
        let before = chip.cost.pulses
        let findings = try #require(
            try FineTuning(layers: ["fc1", "fc2"], epochs: 1, threshold: 1000).adaptWithFindings(
                network, &deployment, on: chip, images: split.training.first(64)))
        #expect(chip.cost.pulses == before)
        #expect(findings.written == 0 && findings.threshold == 1000)
        // One step, of 2·25/64 codes in the layer of 64 inputs, up to a half more once rounded.
        #expect(findings.largestMove == 1)
    }

    @Test func weightsWrittenAreCounted() throws {
        let (network, split, scales) = try ChipPathTests.setting()
        let chip = try DigitalChip()
        var deployment = try Mapper(network, scales: scales).deploy(
            to: chip, checkpoint: "n", calibration: split.training.first(64),
            options: .init(.writeVerify)
        )
        .deployment
        let before = chip.programs.count
        let findings = try #require(
            try FineTuning(layers: ["conv1"], epochs: 2, batch: 32, threshold: 1).adaptWithFindings(
                network, &deployment, on: chip, images: split.training.first(64)))
        let masks = chip.programs[before...].compactMap(\.options.mask).joined()
        #expect(findings.written == masks.count { $0 == 1 } && findings.written > 0)
    }

    @Test func anUnknownLayerIsNamed() throws {
        let network = try NetworkCatalogue.make("lenet-8x8", seed: 2)
        #expect(throws: NetworkError.unknownLayer("fc9", layers: ["conv1", "conv2", "fc1", "fc2"]))
        {
            _ = try network.place(of: "fc9")
        }
    }
}
