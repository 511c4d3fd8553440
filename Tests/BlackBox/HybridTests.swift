import Foundation
import HostKit
import Testing

/// Networks on a chip with a bank of resistive cells and a digital one.
@Suite("Networks on a hybrid chip")
struct HybridTests {
    private final class Bench {
        let folder: Folder
        let daemon: Daemon
        let session: WireChipSession

        init(bank: String? = nil, digitalTiles: Int = 128, withGTM: Bool = false) throws {
            folder = try Folder()
            var spec = try Daemon.hybridSpec(in: folder, digitalTiles: digitalTiles)
            if withGTM {
                let text = try String(contentsOfFile: spec, encoding: .utf8)
                    .replacingOccurrences(
                        of: "converters:", with: "gtm:\n  cells: 100\n  bank: nvm\nconverters:")
                spec = try folder.write(text, to: "changed/chips/hybrid.yaml")
            }
            daemon = try Daemon(
                in: folder, spec: spec, arguments: ["--simulation-controls"])
            session = try WireChipSession(
                endpoint: daemon.endpoint, chip: 0, bank: bank, waitsForDaemon: true)
            try session.acquireLease()
        }
    }

    private static func network(
        _ model: String, seed: UInt64 = 4
    ) throws -> (Network, ImageSet, QuantisationScales) {
        let network = try NetworkCatalogue.make(model, seed: seed)
        let images = ImageSet(
            name: "noise",
            pixels: try RandomGenerator(seed: 5).uniform(0 ..< 256, [4] + network.imageShape)
                .cast(to: .uint8),
            labels: try .integers([Int64](0 ..< 4), shape: [4]), pixelMax: 255)
        return (network, images, try .measured(network, on: images, method: .max))
    }

    private static func scores(
        _ network: Network, _ images: ImageSet, _ products: any MatrixProducts
    ) throws -> [Float] {
        try noGrad { try network.scores(images.batch(0 ..< images.count).images, with: products) }
            .floats()
    }

    /// To the last bit: the same integers, and the same scaling of them.
    @Test(arguments: WeightMapping.allCases)
    func theDigitalBankComputesTheHostsIntegers(mapping: WeightMapping) throws {
        let bench = try Bench(bank: "sram")
        #expect(bench.session.dataSheet.isDigital)
        let (network, images, scales) = try Self.network("lenet-8x8")
        var mapper = Mapper(network, scales: scales)
        mapper.mapping = mapping
        let (deployment, reports) = try mapper.deploy(
            to: bench.session, checkpoint: "n", calibration: images,
            options: ProgramOptions(.writeVerify))
        #expect(deployment.bank == "sram")
        #expect(deployment.places.allSatisfy { $0.matrix.bank == "sram" })
        #expect(reports.allSatisfy { $0.program.unverified == 0 })
        let chip = ChipProducts(bench.session, deployment)
        #expect(
            try Self.scores(network, images, chip)
                == Self.scores(network, images, IntegerProducts(network, scales: scales)))
        #expect(chip.conversions == 0)
    }

    /// Without noise an open-loop write is exact. Write-verify alone would leave cells at the
    /// edge of its band on the side where another network's weights were.
    @Test func anotherNetworkLeavesNoTrace() throws {
        let bench = try Bench()
        var options = ProgramOptions(.writeVerify)
        options.readBack = true
        for seed in [4, 5] as [UInt64] {
            let (network, images, scales) = try Self.network("lenet-8x8", seed: seed)
            let reports = try Mapper(network, scales: scales).deploy(
                to: bench.session, checkpoint: "n", calibration: images, options: options,
                replacing: true
            ).reports
            guard seed == 5 else { continue }
            for (report, layer) in zip(reports, network.matrixLayers) {
                let codes = try WeightQuantisation.codes(
                    of: layer, scale: scales.scales(of: layer).weight)
                let read = try #require(report.program.readBack)
                #expect(zip(codes.values, read).allSatisfy { abs(Float($0) - $1) < 0.01 })
            }
        }
    }

    /// Errors go back through stored bits too.
    @Test func theDigitalBankSendsErrorsBack() throws {
        let bench = try Bench(bank: "sram")
        let (network, images, scales) = try Self.network("lenet-8x8")
        let deployment = try Mapper(network, scales: scales).deploy(
            to: bench.session, checkpoint: "n", calibration: images,
            options: ProgramOptions(.openLoop)
        ).deployment
        let layer = network.matrixLayers[3]
        let scale = try scales.scales(of: layer).weight
        let error = try RandomGenerator(seed: 3).uniform(-1 ..< 1, [5, layer.columns])
        let found = try ChipErrors(bench.session, deployment).inputGradient(
            of: layer, inputShape: [5, layer.rows], from: error)
        let step = try error.absolute().maximum() / 127
        let codes = try InputQuantisation.codes(error, scale: step, range: -127 ... 127)
        let weights = try WeightQuantisation.codes(of: layer, scale: scale)
        let expected = try codes.matrixProduct(
            Tensor.floats(weights.values.map(Float.init), shape: [layer.rows, layer.columns])
                .permuted([1, 0])
        ).scaled(by: step * scale)
        let difference = try found.adding(expected, times: -1).absolute().maximum()
        #expect(difference <= 1e-6 * (try expected.absolute().maximum()))
    }

    @Test func layersLieInTwoBanks() throws {
        let bench = try Bench()
        let (network, images, scales) = try Self.network("lenet-8x8")
        var mapper = Mapper(network, scales: scales)
        mapper.banks = ["conv1": "sram", "fc2": "sram"]
        let deployment = try mapper.deploy(
            to: bench.session, checkpoint: "n", calibration: images,
            options: ProgramOptions(.openLoop)
        ).deployment
        #expect(deployment.bank == "nvm")
        #expect(deployment.places.map(\.matrix.bank) == ["sram", "nvm", "nvm", "sram"])
        // One block of 8 bits and 2 polarities each; 2 blocks of 2 slices and 2 polarities each.
        #expect(try bench.session.tilesFree(inBank: "sram") == 128 - 2 * 16)
        #expect(try bench.session.tilesFree(inBank: "nvm") == 96 - 2 * 8)
        // The file comes back, and the chip holds what it says.
        let file = bench.folder.path("d.json")
        try deployment.write(to: file)
        let back = try Deployment(contentsOf: file)
        #expect(back == deployment)
        try back.check(bench.session, holds: network, file: file)
        var moved = back
        moved.places[0] = .init(
            layer: "conv1",
            matrix: ChipMatrix(
                id: back.places[0].matrix.id, name: "conv1", rows: 9, columns: 24, slices: 8,
                bitsPerSlice: 1, codeMax: 127, bank: "nvm", fullScaleMicroamperes: 1),
            scales: back.places[0].scales)
        #expect(throws: ChipSessionError.matrixMissing(back.places[0].matrix.id, chip: 1)) {
            try moved.check(bench.session, holds: network, file: file)
        }
        // Exact in both banks.
        let expected = try Self.scores(
            network, images, IntegerProducts(network, scales: scales))
        #expect(
            try Self.scores(network, images, ChipProducts(bench.session, back)) == expected)
        // Only the resistive cells have grown old.
        try bench.session.advanceClock(seconds: 1e8)
        let aged = ChipProducts(bench.session, back)
        for layer in network.matrixLayers {
            let input = try RandomGenerator(seed: 1).uniform(
                0 ..< 1,
                layer.kind == .linear ? [2, layer.rows] : [2, layer.weight.shape[1], 8, 8])
            let integers = try IntegerProducts(network, scales: scales)
                .product(of: layer, with: input)
            let error = try aged.product(of: layer, with: input).adding(integers, times: -1)
                .absolute().maximum()
            #expect((error == 0) == ["conv1", "fc2"].contains(layer.name))
        }
        // An update leaves them where they are.
        let updated = try mapper.update(
            back, on: bench.session, checkpoint: "n", calibration: images,
            options: ProgramOptions(.openLoop, all: true)
        ).deployment
        #expect(updated.places.map(\.matrix.bank) == back.places.map(\.matrix.bank))
        #expect(
            try Self.scores(network, images, ChipProducts(bench.session, updated)) == expected)
    }

    /// Whichever bank is the session's own: resistive cells are read, and without deviations
    /// hold the codes; a digital bank holds them anyway.
    @Test(arguments: ["nvm", "sram"])
    func weightsAreReadByTheBankTheyLieIn(own: String) throws {
        let bench = try Bench(bank: own)
        let (network, images, scales) = try Self.network("lenet-8x8")
        var mapper = Mapper(network, scales: scales)
        mapper.banks = ["conv1": "sram", "conv2": "nvm", "fc1": "nvm", "fc2": "sram"]
        let deployment = try mapper.deploy(
            to: bench.session, checkpoint: "n", calibration: images,
            options: ProgramOptions(.openLoop)
        ).deployment
        let read = try ReadBackWeights(of: network, deployment, on: bench.session, repeats: 1)
        for layer in network.matrixLayers {
            let scale = try scales.scales(of: layer).weight
            let expected = try layer.weight.floats().map {
                Float(scale * Double(WeightQuantisation.code($0, scale: scale)))
            }
            let found = try read.weight(of: layer).floats()
            // Conductances come in Float32, G_on/G_off·2⁻²⁴ of a step of 15.
            #expect(zip(found, expected).allSatisfy { abs($0 - $1) < Float(scale) * 1e-3 })
        }
    }

    @Test func correctionsAreThoseOfTheResistiveBank() throws {
        let bench = try Bench(bank: "sram", withGTM: true)
        let (network, images, scales) = try Self.network("lenet-8x8")
        func deployed(_ banks: [String: String]) throws -> Deployment {
            var mapper = Mapper(network, scales: scales)
            mapper.banks = banks
            mapper.writesReferences = true
            return try mapper.deploy(
                to: bench.session, checkpoint: "n", calibration: images,
                options: ProgramOptions(.openLoop), replacing: true
            ).deployment
        }
        var mixed = try deployed(["conv2": "nvm"])
        try SelfTuningByReferences(.gtm).adapt(network, &mixed, on: bench.session, images: images)
        #expect(abs(try #require(mixed.selfTuning).divisor - 1) < 1e-6)
        var digital = try deployed([:])
        #expect(throws: SelfTuningError.nothingAnalog) {
            try SelfTuningByReferences(.gtm).adapt(
                network, &digital, on: bench.session, images: images)
        }
    }

    /// A product costs what its bank says: multiplications times their unit cost in the
    /// digital one, which needs no converter.
    @Test func costsAreThoseOfTheBank() throws {
        let bench = try Bench()
        let (network, images, scales) = try Self.network("lenet-8x8")
        var mapper = Mapper(network, scales: scales)
        mapper.banks = ["fc2": "sram"]
        let deployment = try mapper.deploy(
            to: bench.session, checkpoint: "n", calibration: images,
            options: ProgramOptions(.openLoop)
        ).deployment
        let before = bench.session.cost
        _ = try ChipProducts(bench.session, deployment).product(
            of: network.matrixLayers[3], with: .full(0.5, shape: [7, 64]))
        let spent = bench.session.cost.since(before)
        #expect(abs(spent.energyPicojoules - 0.23 * 7 * 640) < 1e-6)
        #expect(abs(spent.latencyNanoseconds - 0.001 * 7 * 640) < 1e-9)
        #expect(spent.pulses == 0)
    }

    @Test func whatDoesNotFitABankIsRefusedBeforeAnythingIsMapped() throws {
        let bench = try Bench(digitalTiles: 40)
        let (network, images, scales) = try Self.network("lenet-8x8")
        func deploy(_ banks: [String: String]) throws {
            var mapper = Mapper(network, scales: scales)
            mapper.banks = banks
            _ = try mapper.deploy(
                to: bench.session, checkpoint: "n", calibration: images,
                options: ProgramOptions(.openLoop), replacing: true)
        }
        #expect {
            try deploy(["conv1": "sram", "conv2": "sram"])
        } throws: {
            "\($0)" == "lenet-8x8 needs 48 tiles of 128 × 128 in bank sram, 40 are free; the "
                + "largest layers: conv2 of 216 × 48 with 32, conv1 of 9 × 24 with 16"
        }
        #expect(throws: ChipSessionError.noSuchBank("attic", banks: ["nvm", "sram"])) {
            try deploy(["conv1": "attic"])
        }
        #expect(throws: NetworkError.unknownLayer("fc9", layers: network.matrixLayers.map(\.name)))
        {
            try deploy(["fc9": "sram"])
        }
        #expect(try bench.session.matrices().isEmpty)
    }

    private func hostagent(_ arguments: [String], _ bench: Bench) throws -> Programs.Output {
        try Programs.run(
            "hostagent", arguments + ["--data", "digits", "--endpoint", bench.daemon.endpoint],
            in: bench.folder.url)
    }

    /// From the command line: one layer in static memory, evaluated, adapted, evaluated.
    @Test func aHybridDeploymentIsUsedFromTheCommandLine() throws {
        let bench = try Bench()
        try bench.session.releaseLease()
        let (network, _, scales) = try Self.network("lenet-8x8")
        let file = bench.folder.path("n.safetensors")
        try Checkpoint(network: network, scales: scales, command: "test", seed: 4).write(to: file)
        for (arguments, sentence) in [
            (["--bank-of", "conv1"], "--bank-of must be LAYER=BANK, not 'conv1'."),
            (
                ["--bank-of", "conv1=sram", "--digital", "conv1"],
                "--bank-of and --digital name the layer 'conv1' twice."
            ),
            (["--bank-of", "conv9=sram"], "there is no layer 'conv9'"),
            (["--bank-of", "conv1=attic"], "the chip has no bank 'attic'; it has nvm, sram"),
        ] {
            let run = try hostagent(["deploy", file] + arguments, bench)
            #expect(run.status == 64 && run.stderr.contains(sentence), "\(run.stderr)")
        }
        let deploy = try hostagent(["deploy", file, "--bank-of", "conv1=sram"], bench)
        #expect(deploy.status == 0, "\(deploy.stderr)")
        #expect(
            deploy.stdout.contains("conv1 → matrix 1 in sram, conv2 → matrix 2 in nvm"),
            "\(deploy.stdout)")
        let unknown = try hostagent(["adapt", "--method", "blocks", "--block", "9"], bench)
        #expect(unknown.status == 64 && unknown.stderr.contains("'9'"), "\(unknown.stderr)")
        let still = try hostagent(
            ["adapt", "--layer", "fc2", "--images", "20", "--epochs", "1"], bench)
        #expect(
            still.stdout.contains(
                "nothing was written: a weight is written once it has moved by 2 codes, the "
                    + "nearest moved by 1"), "\(still.stdout)")
        for command in [
            ["evaluate", "--images", "20"],
            ["adapt", "--layer", "conv1", "--images", "20", "--epochs", "1"],
            ["adapt", "--method", "last-layers", "--images", "20", "--program", "open-loop"],
            [
                "adapt", "--method", "blocks", "--block", "0", "--block", "fc1", "--loss",
                "entropy", "--wage", "--program", "open-loop", "--rate", "0.5", "--batch", "10",
                "--write-every", "2", "--images", "20", "--epochs", "1",
            ],
            ["adapt", "--method", "tiny-shared-block", "--images", "20", "--epochs", "1"],
            ["evaluate", "--images", "20"],
        ] {
            let run = try hostagent(command, bench)
            #expect(run.status == 0, "\(run.stderr)")
        }
    }

    @Test(arguments: [
        (
            ["--method", "layer", "--block", "0"],
            "--block belongs to the method 'blocks', not 'layer'."
        ),
        (["--method", "gtm", "--rate", "1"], "not 'gtm'."),
        (["--method", "gtm", "--images", "5"], "--images: the method 'gtm' looks at none."),
        (["--method", "exit", "--epochs", "2"], "--epochs: the method 'exit' makes no passes."),
        (["--method", "blocks", "--loss", "hinge"], "not 'hinge'."),
        (
            ["--method", "blocks", "--rate", "0"],
            "--rate must be above 0 and at most 127, not 0.0."
        ),
        (["--method", "blocks", "--batch", "0"], "--batch must be 1 or more, not 0."),
        (["--method", "blocks", "--write-every", "0"], "--write-every must be 1 or more, not 0."),
        (["--method", "blocks", "--program", "slowly"], "not 'slowly'."),
    ])
    func optionsThatCannotBeAreRefused(arguments: [String], sentence: String) throws {
        let run = try Programs.run(
            "hostagent", ["adapt", "--endpoint", "ipc:///nobody"] + arguments)
        #expect(run.status == 64 && run.stderr.contains(sentence), "\(run.stderr)")
    }
}
