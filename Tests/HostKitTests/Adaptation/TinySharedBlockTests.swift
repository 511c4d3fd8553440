import HostKit
import Testing

@Suite("Tiny shared block: training around a chip")
struct TinySharedBlockTests {
    private static func deployed(_ chip: DigitalChip, _ network: Network, _ split: DataSplit)
        throws -> Deployment
    {
        try Mapper(
            network,
            scales: .measured(network, on: split.training.first(500), method: .max)
        ).deploy(
            to: chip, checkpoint: "n", calibration: split.training.first(64),
            options: .init(.openLoop)
        ).deployment
    }

    /// A third of the largest conductance is twice what LeNet bears.
    @Test(arguments: TinySharedBlock.Tiles.allCases)
    func accuracyLostToProgrammingIsWonBackByTheBlockAlone(tiles: TinySharedBlock.Tiles) throws {
        let (network, split, _) = try ChipPathTests.setting()
        let chip = try DigitalChip(
            .init(openLoopSpread: 0.3, writeVerifySpread: 0.03, readNoise: 0.1, adcBits: 10),
            seed: 5)
        var deployment = try Self.deployed(chip, network, split)
        let bare = network.tensors
        let before = try bare.map { try $0.tensor.floats() }
        let (places, programs) = (deployment.places, chip.programs.count)
        var method = TinySharedBlock()
        method.channels = 12
        method.tiles = tiles
        let report = try AdaptationReport.measuring(
            method, of: network, &deployment, on: chip, images: split.training, test: split.test)
        #expect(report.strategy == "tiny shared block, \(tiles.rawValue) tiles")
        #expect(report.after.fraction > report.before.fraction + 0.05)
        // What was there is there.
        #expect(try bare.map { try $0.tensor.floats() } == before)
        #expect(Array(deployment.places.prefix(places.count)) == places)
        let added = deployment.places.dropFirst(places.count)
        #expect(added.map(\.layer) == ["conv1.block.0", "conv2.block.0"])
        let matrices = Set(added.map(\.matrix.id))
        #expect(matrices.count == (tiles == .common ? 1 : 2))
        #expect(matrices.isDisjoint(with: places.map(\.matrix.id)))
        let writes = chip.programs[programs...]
        #expect(Set(writes.map(\.matrix)) == matrices && writes.count == matrices.count)
        #expect(
            writes.allSatisfy { $0.options.method == .writeVerify && $0.options.tolerance == 0.03 })
        // Each place has the same weights, and inputs of its own.
        #expect(Set(added.map(\.scales.weight)).count == 1)
        #expect(Set(added.map(\.scales.input)).count == 2)
        #expect(added.allSatisfy { $0.scales.isSigned })
        try deployment.check(chip, holds: network, file: "d")

        // Again: the same matrices, written anew; another shape and other tiles are refused.
        let kept = deployment.places.map(\.matrix.id)
        var again = TinySharedBlock()
        again.epochs = 1
        try again.adapt(network, &deployment, on: chip, images: split.training.first(128))
        #expect(deployment.places.map(\.matrix.id) == kept)
        again.tiles = tiles
        try again.check(network, deployment)
        again.tiles = tiles == .common ? .separate : .common
        #expect(throws: SharedBlockError.otherTiles(network: "lenet-8x8-b12", found: tiles)) {
            try again.adapt(network, &deployment, on: chip, images: split.training.first(128))
        }
        (again.tiles, again.channels) = (nil, 24)
        #expect(throws: SharedBlockError.otherShape(network: "lenet-8x8-b12")) {
            try again.adapt(network, &deployment, on: chip, images: split.training.first(128))
        }
    }

    /// Fresh cells leave what was deployed as it was: cut short, it can be used. Those of a block
    /// that was deployed are its own.
    @Test func onlyABlockThatWasThereIsBeingUpdated() throws {
        let (network, split, _) = try ChipPathTests.setting()
        let chip = try DigitalChip()
        var deployment = try Self.deployed(chip, network, split)
        var method = TinySharedBlock()
        (method.epochs, method.reads) = (1, 1)
        var marks = 0
        for expected in [0, 1] {
            _ = try AdaptationReport.measuring(
                method, of: network, &deployment, on: chip, images: split.training.first(64),
                test: split.test.first(10)
            ) { _ in marks += 1 }
            #expect(marks == expected)
        }
    }

    /// The block's weights are everyone's: blocks learn without them, a step's costs are
    /// those without writing them, and what writing a common matrix costs is told at all its
    /// places.
    @Test func aSharedBlockIsNoPartOfABlockThatLearns() throws {
        let (network, split, _) = try ChipPathTests.setting()
        let chip = try DigitalChip()
        var deployment = try Self.deployed(chip, network, split)
        var method = TinySharedBlock()
        (method.channels, method.epochs) = (12, 1)
        try method.adapt(network, &deployment, on: chip, images: split.training.first(64))
        let own = ["conv1", "conv2", "fc1", "fc2"]
        #expect(FineTuning(blocks: network.blocks, of: network).layers == own)
        #expect(FineTuning.lastLayers(of: network).layers == ["fc1", "fc2"])
        let part = FineTuning(layers: ["conv2.block.0"])
        #expect(throws: AdaptationError.sharedWeight(layer: "conv2.block.0")) {
            try part.adapt(network, &deployment, on: chip, images: split.training.first(64))
        }
        let one = OperationCost(latencyNanoseconds: 1, energyPicojoules: 1)
        let costs = network.matrixLayers.map {
            LayerCost(
                layer: $0.name, weights: $0.weight.count, forward: one, activationGradient: one,
                weightGradient: OperationCost(), update: one)
        }
        let all = try #require(BlockCost.table(network, costs: costs, images: 1).last)
        #expect(all.layers == own && all.energy.update == 4 && all.energy.forward == 6)
        #expect(all.energy.activationGradient == 5)

        func writing(_ place: String) -> ChipCost? {
            deployment.places.first { $0.layer == place }?.writingCost
        }
        let verified = try #require(writing("conv1.block.0"))
        try Reprogramming(.openLoop).adapt(
            network, &deployment, on: chip, images: split.training.first(1))
        // One pulse each in place of ten.
        #expect(writing("conv1.block.0")?.pulses == verified.pulses / 10)
        #expect(writing("conv2.block.0") == writing("conv1.block.0"))
    }

    /// Without deviations and noise what is read is what was programmed.
    @Test func weightsReadBackAreTheCodes() throws {
        let (network, split, _) = try ChipPathTests.setting()
        let chip = try DigitalChip()
        let deployment = try Self.deployed(chip, network, split)
        let read = try ReadBackWeights(of: network, deployment, on: chip, repeats: 1)
        for layer in network.matrixLayers {
            let scale = try deployment.place(of: layer).scales.weight
            let expected = try layer.weight.floats().map {
                Float(scale * Double(WeightQuantisation.code($0, scale: scale)))
            }
            let found = try read.weight(of: layer)
            #expect(found.shape == layer.weight.shape)
            #expect(largestDifference(try found.floats(), expected) < Float(scale) * 1e-4)
        }
    }

    /// Offset: c = q + 128 on two cells of 4 bits, 18 µS over 15 levels; by hand.
    @Test func weightsOfAnOffsetMatrixHaveTheOffsetTakenOff() throws {
        var sheet = try DigitalChip().dataSheet
        sheet.bitsPerCell = 4
        let matrix = ChipMatrix(
            id: 1, name: "m", rows: 1, columns: 2, slices: 2, bitsPerSlice: 4, codeMax: 127,
            mapping: .offset, fullScaleMicroamperes: 1)
        // 128 + 37 = 10·16 + 5; 128 − 100 = 1·16 + 12.
        let cells: [Float] = [5, 12, 10, 1].map { 2 + $0 * 1.2 }
        let codes = try ReadBackWeights.codes(cells, matrix, sheet)
        #expect(largestDifference(codes, [37, -100]) < 1e-3)
        #expect(throws: ChipSessionError.self) {
            _ = try ReadBackWeights.codes(Array(cells.dropLast()), matrix, sheet)
        }
    }

    /// One read of ten per cent; the mean of sixteen is off by a quarter of it. 2 × 10,368
    /// weights of conv2: the ratio of two variances holds to 7 % with 99.9 %.
    @Test func theErrorOfReadingFallsWithTheRootOfTheReads() throws {
        let (network, split, _) = try ChipPathTests.setting()
        let chip = try DigitalChip(.init(openLoopSpread: 0.1, readNoise: 0.1))
        let deployment = try Self.deployed(chip, network, split)
        let layer = network.matrixLayers[1]
        func difference(_ repeats: Int) throws -> Double {
            let (a, b) = (
                try ReadBackWeights(of: network, deployment, on: chip, repeats: repeats),
                try ReadBackWeights(of: network, deployment, on: chip, repeats: repeats)
            )
            let d = try a.weight(of: layer).adding(b.weight(of: layer), times: -1)
            return try d.multiplied(by: d).sum()
        }
        let ratio = try difference(1) / difference(16)
        #expect(abs(ratio / 16 - 1) < 0.1)
    }

    @Test func aChipWithoutRoomIsLeftAsItWas() throws {
        let network = try NetworkCatalogue.make("lenet-8x8", seed: 2)
        let split = try EmbeddedDigits.load()
        // 48 tiles are the network's; 8 the block's, of which two need 16.
        let chip = try DigitalChip(tiles: 56)
        chip.needsLease = true
        var deployment = try Self.deployed(chip, network, split)
        let before = deployment
        var method = TinySharedBlock()
        (method.epochs, method.tiles) = (1, .separate)
        #expect(throws: (any Error).self) {
            try method.adapt(network, &deployment, on: chip, images: split.training.first(64))
        }
        #expect(deployment == before)
        #expect(try chip.matrices().count == 4)
        #expect(!chip.hasLease)
        #expect(network.blockLayers.isEmpty)
    }
}
