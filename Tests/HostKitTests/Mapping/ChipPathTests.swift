import HostKit
import Testing

@Suite("A network through a chip")
struct ChipPathTests {
    static func setting() throws -> (network: Network, split: DataSplit, scales: QuantisationScales)
    {
        let network = try NetworkCatalogue.make("lenet-8x8", seed: 2)
        let split = try EmbeddedDigits.load()
        for (tensor, values) in zip(network.tensors, try trained.get()) {
            try tensor.tensor.assign(.floats(values, shape: tensor.tensor.shape))
        }
        let scales = try QuantisationScales.measured(
            network, on: split.training.first(500), method: .max)
        return (network, split, scales)
    }

    /// All tensors of the network, trained once for all tests.
    private static let trained = Result {
        let network = try NetworkCatalogue.make("lenet-8x8", seed: 2)
        var plan = try TrainingPlan.default(for: "lenet-8x8")
        plan.epochs = 30
        try Trainer.train(network, on: EmbeddedDigits.load().training, plan: plan)
        return try network.tensors.map { try $0.tensor.floats() }
    }

    @Test func anExactChipGivesTheIntegerNetworksScores() throws {
        let (network, split, scales) = try Self.setting()
        let chip = try DigitalChip(batchMax: 777)
        let (deployment, reports) = try Mapper(network, scales: scales).deploy(
            to: chip, checkpoint: "n", calibration: split.training.first(64),
            options: .init(.writeVerify))
        #expect(reports.map(\.layer) == ["conv1", "conv2", "fc1", "fc2"])
        #expect(
            reports.map { [$0.matrix.rows, $0.matrix.columns] } == [
                [9, 24], [216, 48], [192, 64], [64, 10],
            ])
        let images = try split.test.batch(0 ..< 100).images
        try noGrad {
            let digital = try network.scores(images, with: IntegerProducts(network, scales: scales))
            let analog = try network.scores(images, with: ChipProducts(chip, deployment))
            // The same integers; the last scaling differs by rounding alone.
            #expect(largestDifference(try digital.floats(), try analog.floats()) < 1e-4)
            #expect(
                try digital.indexOfMaximum(dimension: 1).integers()
                    == analog.indexOfMaximum(dimension: 1).integers())
        }
        // Whole images, 64 places each in the first layer.
        #expect(chip.batchesSeen.max() == 777 / 64 * 64)
        #expect(chip.batchesSeen.contains(6400 % (777 / 64 * 64)))
    }

    @Test func theFirstLayersCodesAreTheIntegersExactly() throws {
        let (network, split, scales) = try Self.setting()
        let chip = try DigitalChip()
        let deployment = try Mapper(network, scales: scales).deploy(
            to: chip, checkpoint: "n", calibration: split.training.first(64),
            options: .init(.openLoop)
        )
        .deployment
        let layer = network.matrixLayers[1]
        let place = try deployment.place(of: layer)
        let input = try RandomGenerator(seed: 1).uniform(0 ..< 255, [3, 24, 4, 4]).rounded()
        let vectors = try Unrolling.vectors(input, of: layer)
        let reply = try chip.multiply(
            place.matrix, InputCodes(shape: [48, 216], values: vectors.bytes()))
        let weights = try WeightQuantisation.codes(of: layer, scale: place.scales.weight)
        let exact = try vectors.matrixProduct(
            .floats(weights.values.map(Float.init), shape: [216, 48]))
        #expect(reply.lsb == 0.5)
        #expect(reply.values == (try exact.floats().map { Int32($0) * 2 }))
    }

    @Test func openLoopDeviationsCostMoreThanWriteVerifys() throws {
        let (network, split, scales) = try Self.setting()
        func accuracy(_ method: ProgramOptions.Method) throws -> Double {
            let chip = try DigitalChip(
                .init(
                    openLoopSpread: 0.3, writeVerifySpread: 0.03, readNoise: 0.1, adcBits: 10),
                seed: 3)
            let deployment = try Mapper(network, scales: scales).deploy(
                to: chip, checkpoint: "n", calibration: split.training.first(64),
                options: .init(method)
            )
            .deployment
            return try Evaluation.accuracy(
                network, with: ChipProducts(chip, deployment), on: split.test
            ).fraction
        }
        let verified = try accuracy(.writeVerify)
        #expect(verified > 0.85)
        #expect(try accuracy(.openLoop) < verified)
    }

    /// What was mapped before a failure doesn't stay, and no layer is left out in silence.
    @Test func aDeploymentThatFailsLeavesNoMatrix() throws {
        let network = try NetworkCatalogue.make("lenet-8x8", seed: 2)
        let images = try EmbeddedDigits.load().training.first(20)
        let scales = try QuantisationScales.measured(network, on: images, method: .max)
        func deploy(_ mapper: Mapper, to chip: DigitalChip) throws {
            _ = try mapper.deploy(
                to: chip, checkpoint: "n", calibration: images, options: .init(.openLoop))
        }
        let chip = try DigitalChip()
        // Somebody else's, which stays.
        let other = try chip.map(MatrixRequest(name: "other", rows: 2, columns: 2))
        chip.calibrationsLeft = 2
        #expect(throws: DigitalChip.Refused.self) {
            try deploy(Mapper(network, scales: scales), to: chip)
        }
        #expect(chip.programs.count == 2)
        #expect(try chip.matrices() == [other])
        var mapper = Mapper(network, scales: scales)
        mapper.calibrationVectorsMax = 0
        #expect(throws: NetworkError.noCalibrationInputs(layer: "conv1")) {
            try deploy(mapper, to: chip)
        }
        #expect(try chip.matrices() == [other])
    }

    @Test func aDeploymentFileComesBackAndIsChecked() throws {
        let folder = try TemporaryFolder()
        let network = try NetworkCatalogue.make("lenet-8x8", seed: 2)
        let split = try EmbeddedDigits.load()
        let scales = try QuantisationScales.measured(
            network, on: split.training.first(50), method: .mmse)
        let chip = try DigitalChip()
        let deployment = try Mapper(network, scales: scales).deploy(
            to: chip, checkpoint: "n", calibration: split.training.first(20),
            options: .init(.writeVerify)
        )
        .deployment
        let path = "\(folder.path)/d.json"
        try deployment.write(to: path)
        let back = try Deployment(contentsOf: path)
        #expect(back == deployment)
        try back.check(chip, holds: network, file: "d")
        let text = try String(contentsOfFile: path, encoding: .utf8)
        #expect(text.contains("\"codeMax\" : 127"))
        let coarser = try Deployment(
            contentsOf: folder.file(
                "c.json", Array(text.replacing("\"codeMax\" : 127", with: "\"codeMax\" : 0").utf8)))
        #expect(throws: ChipSessionError.matrixMissing(1, chip: 7)) {
            try coarser.check(chip, holds: network, file: "c")
        }
        try chip.unmap(back.places[1].matrix)
        #expect(throws: ChipSessionError.matrixMissing(2, chip: 7)) {
            try back.check(chip, holds: network, file: "d")
        }
        var other = back
        other.chip = 8
        #expect(throws: ChipSessionError.deploymentOfAnotherChip(deployed: 8, found: 7)) {
            try other.check(chip, holds: network, file: "d")
        }
        let broken = try folder.file("broken.json", Array("{}".utf8))
        #expect(throws: DataError.self) { _ = try Deployment(contentsOf: broken) }
    }

    private static func untrained() throws -> (Network, ImageSet, QuantisationScales) {
        let network = try NetworkCatalogue.make("lenet-8x8", seed: 2)
        let images = try EmbeddedDigits.load().training.first(20)
        return (network, images, try .measured(network, on: images, method: .max))
    }

    /// 4 slices and 2 polarities of 1 + 2 + 2 + 1 blocks: 48 tiles.
    @Test func aRefusedReplacementLeavesTheChipAsItWas() throws {
        let (network, images, scales) = try Self.untrained()
        func replace(_ mapper: Mapper, on chip: DigitalChip) throws {
            _ = try mapper.deploy(
                to: chip, checkpoint: "n", calibration: images, options: .init(.openLoop),
                replacing: true)
        }
        let small = try DigitalChip(tiles: 47)
        let other = try small.map(MatrixRequest(name: "other", rows: 2, columns: 2))
        let mapper = Mapper(network, scales: scales)
        #expect(throws: ChipSessionError.self) { try replace(mapper, on: small) }
        #expect(try small.matrices() == [other])

        // The tiles of what goes count as free.
        let chip = try DigitalChip(tiles: 48)
        let old = try chip.map(MatrixRequest(name: "old", rows: 2, columns: 2))
        var wrong = mapper
        wrong.digital = ["fc9"]
        #expect(throws: NetworkError.self) { try replace(wrong, on: chip) }
        wrong = mapper
        wrong.calibrationVectorsMax = 0
        #expect(throws: NetworkError.self) { try replace(wrong, on: chip) }
        #expect(try chip.matrices() == [old])
        try replace(mapper, on: chip)
        #expect(try chip.matrices().map(\.name) == ["conv1", "conv2", "fc1", "fc2"])
        #expect(try chip.tilesFree(inBank: "nvm") == 0)
    }

    /// The chip refuses amid an update: the file on disk says so until the next one is done.
    @Test func anUpdateThatWasCutShortIsKnown() throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/d.json"
        let (network, images, scales) = try Self.untrained()
        let chip = try DigitalChip()
        let mapper = Mapper(network, scales: scales)
        let old = try mapper.deploy(
            to: chip, checkpoint: "n", calibration: images, options: .init(.openLoop)
        ).deployment
        try old.write(to: path)
        func update() throws -> Deployment {
            try mapper.update(
                old, on: chip, checkpoint: "n", calibration: images, options: .init(.openLoop)
            ) { try $0.write(to: path) }.deployment
        }
        chip.calibrationsLeft = 2
        #expect(throws: DigitalChip.Refused.self) { _ = try update() }
        let cut = try Deployment(contentsOf: path)
        #expect(cut.places == old.places)
        #expect(throws: ChipSessionError.updateCutShort(file: "d")) {
            try cut.check(chip, holds: network, file: "d")
        }
        chip.calibrationsLeft = 4
        let new = try update()
        #expect(new == old)
        try new.check(chip, holds: network, file: "d")
    }

    @Test func theBankIsKeptAndMayBeAbsent() throws {
        let folder = try TemporaryFolder()
        let places: [Deployment.LayerPlace] = []
        for bank in ["sram", nil] {
            let deployment = Deployment(
                model: "m", checkpoint: "n", chip: 7, bank: bank, method: .openLoop,
                places: places)
            try deployment.write(to: "\(folder.path)/d.json")
            #expect(try Deployment(contentsOf: "\(folder.path)/d.json").bank == bank)
        }
    }
}
