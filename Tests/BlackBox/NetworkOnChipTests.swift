import Foundation
import HostKit
import TestSupport
import Testing

/// Networks through a daemon's chip without noise, against the same integers on the host.
@Suite("Networks on an exact chip")
struct NetworkOnChipTests {
    /// A daemon with an exact chip, and a session that holds its lease.
    private final class Bench {
        let folder: Folder
        let daemon: Daemon
        let session: WireChipSession

        init(adc: String = "ideal", tiles: Int = 500) throws {
            folder = try Folder()
            daemon = try Daemon(
                in: folder, spec: Daemon.exactSpec(in: folder, adc: adc, tiles: tiles),
                arguments: ["--simulation-controls"])
            session = try WireChipSession(
                endpoint: daemon.endpoint, chip: 0, waitsForDaemon: true)
            try session.acquireLease()
        }
    }

    /// Integers on the host, and beside each product that of the chip.
    private final class Compared: MatrixProducts {
        let integers: IntegerProducts
        let chip: ChipProducts
        var differing: [String: Double] = [:]
        private let scales: QuantisationScales
        var seen: [String] = []

        init(_ network: Network, _ scales: QuantisationScales, _ chip: ChipProducts) throws {
            integers = try IntegerProducts(network, scales: scales)
            self.scales = scales
            self.chip = chip
        }

        func product(of layer: MatrixLayer, with input: Tensor) throws -> Tensor {
            let expected = try integers.product(of: layer, with: input)
            let found = try chip.product(of: layer, with: input)
            // In units of the product.
            let scales = try scales.scales(of: layer)
            let difference = try found.adding(expected, times: -1).absolute().maximum()
            let units = difference / (scales.input * scales.weight)
            if units > 0 { differing[layer.name] = units }
            #expect(found.shape == expected.shape)
            seen.append(layer.name)
            return expected
        }
    }

    private static func noise(like network: Network, count: Int) throws -> ImageSet {
        let shape = [count] + network.imageShape
        return ImageSet(
            name: "noise",
            pixels: try RandomGenerator(seed: 5).uniform(0 ..< 256, shape).cast(to: .uint8),
            labels: try .integers([Int64](repeating: 0, count: count), shape: [count]),
            pixelMax: 255)
    }

    private static func network(_ model: String) throws -> (Network, ImageSet, QuantisationScales) {
        let network = try NetworkCatalogue.make(model, seed: 4)
        let images = try noise(like: network, count: 4)
        return (network, images, try .measured(network, on: images, method: .max))
    }

    /// What the holder knows of the chip may be stale by then.
    @Test func aLeaseThatWasLostIsNotTakenAnewBeforeItsRelease() throws {
        let bench = try Bench()
        let (session, request) = (bench.session, MatrixRequest(name: "a", rows: 2, columns: 2))
        let broken = try Programs.run(
            "chipctl", ["lease", "break", "--endpoint", bench.daemon.endpoint])
        #expect(broken.status == 0, "\(broken.stderr)")
        try session.acquireLease()
        let error = #expect(throws: (any Error).self) { try session.map(request) }
        #expect("\(try #require(error))".contains("nobody holds the lease"))
        try session.releaseLease()
        try session.releaseLease()
        try session.acquireLease()
        _ = try session.map(request)
    }

    @Test(arguments: [
        ("lenet5", WeightMapping.differential), ("lenet5", .offset), ("lenet-8x8", .differential),
        ("lenet3", .differential), ("resnet20-w4", .differential), ("resnet20-w2-k5", .offset),
        ("resnet18-w3", .differential), ("densenet40-w1", .differential),
        ("vgg8-w0.03125", .differential), ("lenet3-b5-l2", .differential),
        ("resnet20-w4-b7", .differential), ("lenet3-b7", .offset),
    ])
    func everyLayersCodesAreTheHostsIntegers(model: String, mapping: WeightMapping) throws {
        let bench = try Bench()
        let (network, images, scales) = try Self.network(model)
        var mapper = Mapper(network, scales: scales)
        mapper.mapping = mapping
        let deployment = try mapper.deploy(
            to: bench.session, checkpoint: "n", calibration: images,
            options: ProgramOptions(.openLoop)
        ).deployment
        #expect(bench.session.dataSheet.canUnroll)
        let compared = try Compared(network, scales, ChipProducts(bench.session, deployment))
        _ = try noGrad { try network.exitScores(images.batch(0 ..< 4).images, with: compared) }
        if mapping == .differential {
            #expect(compared.differing == [:])
        } else {
            // The offset's share of a current is up to 400 times 255·128 units, which Float32
            // holds to one unit: a product may round to the next.
            #expect(compared.differing.values.allSatisfy { $0 < 1.5 })
        }
        #expect(compared.seen == network.matrixLayers.map(\.name))
    }

    /// The products of a network of few bits, in its own codes: whole multiples of
    /// Δ_x·Δ_w, the same ones on the chip as in the arithmetic it was trained in.
    private final class OwnCodes: MatrixProducts {
        let quantisers: NetworkQuantisers
        let chip: ChipProducts
        var differing: [String] = []
        var seen: [String] = []

        init(_ quantisers: NetworkQuantisers, _ chip: ChipProducts) {
            (self.quantisers, self.chip) = (quantisers, chip)
        }

        func product(of layer: MatrixLayer, with input: Tensor) throws -> Tensor {
            let both = try quantisers.quantisers(of: layer)
            let unit = both.input.step * both.weight.step
            let value = try quantisers.products.product(of: layer, with: input)
            let expected = try value.scaled(by: 1 / unit)
            let found = try chip.product(of: layer, with: input).scaled(by: 1 / unit)
            let codes = try expected.rounded()
            #expect(try expected.adding(codes, times: -1).absolute().maximum() < 0.1)
            #expect(try codes.absolute().maximum() > 0)
            if try found.rounded().floats() != codes.floats() { differing.append(layer.name) }
            seen.append(layer.name)
            return value
        }
    }

    @Test(arguments: [
        (BitSetting.a2w2, "lenet-8x8", WeightMapping.differential),
        (.a4w2, "lenet-8x8", .differential), (.a8w4, "lenet-8x8", .differential),
        (.a8w8, "lenet-8x8", .differential), (.a2w2, "lenet5", .offset),
        (.a4w2, "resnet20-w4", .differential), (.a2w2, "densenet40-w1", .differential),
    ])
    func aNetworkOfFewBitsHasItsOwnCodes(
        bits: BitSetting, model: String, mapping: WeightMapping
    ) throws {
        let bench = try Bench()
        let network = try NetworkCatalogue.make(model, seed: 4)
        let images = try Self.noise(like: network, count: 4)
        let quantisers = try NetworkQuantisers.measured(network, bits, on: images)
        try quantisers.round(network)
        let scales = QuantisationScales(
            quantisers, like: try .measured(network, on: images, method: .max))
        var mapper = Mapper(network, scales: scales)
        mapper.mapping = mapping
        let deployment = try mapper.deploy(
            to: bench.session, checkpoint: "n", calibration: images,
            options: ProgramOptions(.openLoop)
        ).deployment
        let own = OwnCodes(quantisers, ChipProducts(bench.session, deployment))
        try noGrad {
            let inputs = try images.batch(0 ..< 4).images
            let expected = try network.scores(inputs, with: own)
            #expect(own.differing == [])
            #expect(own.seen == network.matrixLayers.map(\.name))
            // From end to end, and the host's integers too.
            let size = try expected.absolute().maximum()
            for products in [own.chip, try IntegerProducts(network, scales: scales)]
                as [any MatrixProducts]
            {
                let found = try network.scores(inputs, with: products)
                let difference = try found.adding(expected, times: -1).absolute().maximum()
                #expect(difference < 1e-4 * size)
            }
        }
    }

    /// 10 bits convert LeNet-5's currents as well as no converter does: within 0.3 points.
    @Test(.enabled(if: imageFolder != nil, "NVCIM_DATA isn't set or names no folder"))
    func tenBitsAreEnoughForLeNet() throws {
        try tenBitsAreEnough(for: "lenet5", accuracy: 0.988)
    }

    @Test(
        .enabled(if: imageFolder != nil, "NVCIM_DATA isn't set or names no folder"),
        .enabled(if: isComplete, "takes a minute: make test-all"))
    func tenBitsAreEnoughForResNet() throws {
        try tenBitsAreEnough(for: "resnet20", accuracy: 0.9)
    }

    private func tenBitsAreEnough(for name: String, accuracy: Double) throws {
        let file = Programs.repository.appendingPathComponent(
            "results/networks/\(name).safetensors")
        let checkpoint = try Checkpoint(contentsOf: file.path)
        let images = try DataLocation(imageFolder).load(for: checkpoint.network)
        let accuracies = try ["10", "ideal"].map { adc in
            let bench = try Bench(adc: adc)
            let deployment = try Mapper(checkpoint.network, scales: checkpoint.scales).deploy(
                to: bench.session, checkpoint: "n", calibration: images.training.first(200),
                options: ProgramOptions(.openLoop)
            ).deployment
            return try Evaluation.accuracy(
                checkpoint.network, with: ChipProducts(bench.session, deployment), on: images.test)
        }
        #expect(accuracies.map(\.count) == [5_000, 5_000])
        #expect(abs(accuracies[0].fraction - accuracies[1].fraction) <= 0.003)
        #expect(accuracies[1].fraction >= accuracy)
    }

    /// Inputs with a sign take two phases; their codes reach 127.
    @Test(arguments: ["ideal", "10"])
    func signedInputsKeepTheirSign(adc: String) throws {
        let bench = try Bench(adc: adc)
        let random = try RandomGenerator(seed: 8)
        let layer = try MatrixLayer(
            "c", .convolution(kernel: 3, stride: 2, padding: 1), inputs: 5, outputs: 7,
            from: random)
        let network = Network(
            name: "one", imageShape: [5, 6, 4], classes: 7, blocks: [Block("c", [layer])])
        let input = try random.uniform(-1 ..< 1, [9, 5, 6, 4])
        let weight = WeightQuantisation.scale(try layer.weight.floats(), method: .max)
        let scales = QuantisationScales(layers: [
            "c": LayerScales(input: 1.0 / 127, weight: weight, isSigned: true)
        ])
        let codes = try WeightQuantisation.codes(of: layer, scale: weight)
        var matrix = try bench.session.map(
            MatrixRequest(name: "c", rows: codes.rows, columns: codes.columns))
        let vectors = try Unrolling.vectors(
            InputQuantisation.codes(input, scale: 1.0 / 127, range: -127 ... 127), of: layer)
        matrix.fullScaleMicroamperes = try bench.session.calibrate(
            matrix,
            fullScale: ConverterRange(quantile: 1).fullScale(
                codes, slices: BitSlices(matrix), inputs: vectors, sheet: bench.session.dataSheet,
                method: .openLoop))
        _ = try bench.session.program(matrix, codes, ProgramOptions(.openLoop))
        let deployment = Deployment(
            model: "one", checkpoint: "", chip: 1, method: .openLoop,
            places: [.init(layer: "c", matrix: matrix, scales: scales.layers["c"]!)])
        try noGrad {
            let expected = try IntegerProducts(network, scales: scales).product(
                of: layer, with: input)
            let chip = ChipProducts(bench.session, deployment)
            let found = try chip.product(of: layer, with: input)
            let error = try found.adding(expected, times: -1).absolute().maximum()
            if adc == "ideal" {
                #expect(error == 0)
            } else {
                #expect(chip.clipped == 0)
                // Half an LSB in each of two phases and two slices, of a 9-bit magnitude.
                #expect(error > 0)
                #expect(error < 0.02 * (try expected.absolute().maximum()))
            }
        }
    }

    /// The transposed product on the chip against the gradient of the same weights on the host: the
    /// error's quantisation alone separates them, |Δ| ≤ s_e/2·Σ|w| for each input.
    @Test(arguments: ["ideal", "12"])
    func errorsGoBackThroughTheChip(adc: String) throws {
        let bench = try Bench(adc: adc)
        let (network, images, scales) = try Self.network("lenet-8x8")
        // The host's weights are what the chip holds.
        for layer in network.matrixLayers {
            let scale = try scales.scales(of: layer).weight
            try layer.assign(WeightQuantisation.codes(of: layer, scale: scale), scale: scale)
        }
        let deployment = try Mapper(network, scales: scales).deploy(
            to: bench.session, checkpoint: "n", calibration: images,
            options: ProgramOptions(.openLoop)
        ).deployment
        let errors = ChipErrors(bench.session, deployment)
        let random = try RandomGenerator(seed: 3)
        for (layer, shape) in zip(
            network.matrixLayers, [[4, 1, 8, 8], [4, 24, 4, 4], [4, 192], [4, 64]])
        {
            let seed = try random.uniform(-1 ..< 1, layer.outputShape(shape))
            func gradient(_ errors: (any ErrorProducts)?) throws -> Tensor {
                let input = try random.uniform(0 ..< 1, shape)
                try input.setRequiresGradient()
                let products = StraightThroughProducts(values: FloatProducts(), errors: errors)
                let product = try products.product(of: layer, with: input)
                try product.reshaped([1, -1]).matrixProduct(seed.reshaped([-1, 1])).backward()
                return try #require(try input.gradient())
            }
            let digital = try gradient(nil)
            let chip = try gradient(errors)
            #expect(chip.shape == digital.shape)
            let difference = try chip.adding(digital, times: -1).absolute().maximum()
            let step = try seed.absolute().maximum() / 127
            let most = try layer.weight.absolute().reshaped([layer.columns, -1])
                .matrixProduct(.full(1, shape: [layer.rows, 1])).sum()
            #expect(difference > 0)
            #expect(difference <= step / 2 * most)
            #expect(
                difference < (adc == "ideal" ? 0.02 : 0.05) * (try digital.absolute().maximum()))
        }
    }

    @Test func aNetworkThatDoesNotFitIsRefusedWithTheNumbers() throws {
        let bench = try Bench(tiles: 20)
        let (network, images, scales) = try Self.network("lenet5")
        // conv1 25 × 6 and so on, in two slices and two polarities each.
        #expect {
            try Mapper(network, scales: scales).deploy(
                to: bench.session, checkpoint: "n", calibration: images,
                options: ProgramOptions(.openLoop))
        } throws: {
            "\($0)"
                == "lenet5 needs \(4 * (1 + 2 + (network.matrixLayers[2].rows + 127) / 128 + 1 + 1)) "
                + "tiles of 128 × 128 in bank nvm, 20 are free; the largest layers: fc1 of "
                + "\(network.matrixLayers[2].rows) × 120 with "
                + "\(4 * ((network.matrixLayers[2].rows + 127) / 128)), conv2 of 150 × 16 with 8, "
                + "conv1 of 25 × 6 with 4"
        }
        #expect(try bench.session.matrices().isEmpty)
        #expect(try bench.session.tilesFree(inBank: "nvm") == 20)
    }

    /// Many chips of one kind are calibrated once.
    @Test func aTwinsRangesAreTaken() throws {
        let bench = try Bench()
        let (network, images, scales) = try Self.network("lenet-8x8")
        let dark = ImageSet(
            name: "dark", pixels: try images.pixels.scaled(by: 0).cast(to: .uint8),
            labels: images.labels, pixelMax: images.pixelMax)
        let mapper = Mapper(network, scales: scales)
        func deployed(_ calibration: ImageSet, like twin: Deployment? = nil) throws -> Deployment {
            try mapper.deploy(
                to: bench.session, checkpoint: "n", calibration: calibration,
                options: ProgramOptions(.openLoop), like: twin, replacing: true
            ).deployment
        }
        func ranges(_ deployment: Deployment) -> [Double] {
            deployment.places.map(\.matrix.fullScaleMicroamperes)
        }
        let first = try deployed(images)
        #expect(try ranges(deployed(dark)) != ranges(first))
        let second = try deployed(dark, like: first)
        #expect(ranges(second) == ranges(first))
        let compared = try Compared(network, scales, ChipProducts(bench.session, second))
        _ = try noGrad { try network.scores(images.batch(0 ..< 4).images, with: compared) }
        #expect(compared.differing == [:])
    }

    /// Only the weights whose code changed are written; layers may stay on the host.
    @Test func anUpdateWritesWhatChanged() throws {
        let bench = try Bench()
        let (network, images, scales) = try Self.network("lenet-8x8")
        var mapper = Mapper(network, scales: scales)
        mapper.digital = ["fc2"]
        let options = ProgramOptions(.openLoop)
        let old = try mapper.deploy(
            to: bench.session, checkpoint: "n", calibration: images, options: options
        ).deployment
        #expect(old.places.map(\.layer) == ["conv1", "conv2", "fc1"])
        #expect(old.digital.keys.sorted() == ["fc2"])
        let layer = network.matrixLayers[1]
        var codes = try WeightQuantisation.codes(
            of: layer, scale: scales.scales(of: layer).weight)
        // The low digit of the stretched code 2q changes on both cells' slice 0.
        codes.values[7] = codes.values[7] == 1 ? 2 : 1
        try layer.assign(codes, scale: scales.scales(of: layer).weight)
        let (deployment, reports) = try mapper.update(
            old, on: bench.session, checkpoint: "n", calibration: images, options: options)
        #expect(deployment.places.map(\.matrix.id) == old.places.map(\.matrix.id))
        #expect(reports.map { $0.program.cells == 0 } == [true, false, true])
        #expect(reports[1].program.cells <= 4)
        let compared = try Compared(network, scales, ChipProducts(bench.session, deployment))
        _ = try noGrad { try network.scores(images.batch(0 ..< 4).images, with: compared) }
        #expect(compared.differing == [:])
        // A second network beside the first disturbs neither.
        let (other, others, otherScales) = try Self.network("lenet3")
        let second = try Mapper(other, scales: otherScales).deploy(
            to: bench.session, checkpoint: "n", calibration: others, options: options
        ).deployment
        #expect(try bench.session.matrices().count == 6)
        for (network, images, scales, deployment) in [
            (network, images, scales, deployment), (other, others, otherScales, second),
        ] {
            let compared = try Compared(network, scales, ChipProducts(bench.session, deployment))
            _ = try noGrad { try network.scores(images.batch(0 ..< 4).images, with: compared) }
            #expect(compared.differing == [:])
        }
        #expect(throws: NetworkError.unknownLayer("fc9", layers: network.matrixLayers.map(\.name)))
        {
            mapper.digital = ["fc9"]
            _ = try mapper.deploy(
                to: bench.session, checkpoint: "n", calibration: images, options: options)
        }
        #expect(throws: ChipSessionError.noSuchBank("attic", banks: ["nvm"])) {
            _ = try WireChipSession(endpoint: bench.daemon.endpoint, chip: 0, bank: "attic")
        }
    }

    /// The first half of a batch, 512 vectors and more, has no error: the range is that of the rest.
    @Test func theErrorsRangeIsThatOfTheWholeBatch() throws {
        let bench = try Bench(adc: "12")
        let (network, images, scales) = try Self.network("lenet-8x8")
        let deployment = try Mapper(network, scales: scales).deploy(
            to: bench.session, checkpoint: "n", calibration: images,
            options: ProgramOptions(.openLoop)
        ).deployment
        let errors = ChipErrors(bench.session, deployment)
        let layer = network.matrixLayers[0]
        let seed = try Tensor.concatenated([
            .full(0, shape: [9, 24, 8, 8]),
            RandomGenerator(seed: 3).uniform(-1 ..< 1, [9, 24, 8, 8]),
        ])
        _ = try errors.inputGradient(of: layer, inputShape: [18, 1, 8, 8], from: seed)
        #expect(errors.conversions > 0)
        #expect(errors.clipped < errors.conversions / 100)
    }
}
