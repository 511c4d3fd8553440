import Foundation
import HostKit
import TestSupport
import Testing

/// Chips that deviate as a whole, corrected by their tuning columns, against the exact
/// integers: no other deviation is there, so that nothing but rounding may be left.
@Suite("Self-tuning on a chip")
struct SelfTuningOnChipTests {
    struct Case: CustomTestStringConvertible {
        let model: String
        let mapping: WeightMapping
        let right: SelfTuning.Correction
        let wrong: SelfTuning.Correction
        var testDescription: String { "\(model), \(mapping), \(right)" }

        /// No cell may reach 0: layer-fixed deviations take up to 4 σ_B·G_on off G_off.
        var onOffRatio: Double { model == "layer-fixed" ? 2 : 10 }
        var betweenChips: Double { model == "layer-fixed" ? 0.1 : 0.2 }
    }

    /// Largest difference from the integers of each layer, in units of the rounding of
    /// Float32 sums: 1e-6 of ΣX·255·G_on/(G_on − G_off), all that the cells carry.
    private final class Compared: MatrixProducts {
        let integers: IntegerProducts
        let scales: QuantisationScales
        let chips: [String: ChipProducts]
        let ratio: Double
        var worst: [String: [Double]] = [:]

        init(
            _ network: Network, _ scales: QuantisationScales, _ chips: [String: ChipProducts],
            onOffRatio: Double
        ) throws {
            integers = try IntegerProducts(network, scales: scales)
            self.scales = scales
            self.chips = chips
            ratio = onOffRatio
        }

        func product(of layer: MatrixLayer, with input: Tensor) throws -> Tensor {
            let expected = try integers.product(of: layer, with: input)
            let scales = try scales.scales(of: layer)
            let codes = try Unrolling.vectors(
                InputQuantisation.codes(input, scale: scales.input), of: layer)
            let sum = try codes.matrixProduct(.full(1, shape: [layer.rows, 1])).maximum()
            let rounding = 1e-6 * sum * 255 / (1 - 1 / ratio)
            for (name, chip) in chips {
                let found = try chip.product(of: layer, with: input)
                #expect(found.shape == expected.shape)
                let difference = try found.adding(expected, times: -1).absolute().maximum()
                worst[name, default: []].append(
                    difference / (scales.input * scales.weight) / rounding)
            }
            return expected
        }
    }

    /// Dense layers and convolutions unrolled by the chip, more columns and rows than a tile
    /// has; fresh and after eleven days.
    @Test(arguments: [
        Case(
            model: "weight-proportional", mapping: .differential, right: .gtm,
            wrong: .ltmOfOneSide),
        Case(model: "weight-proportional", mapping: .offset, right: .gtm, wrong: .gtmAndLTM),
        Case(model: "layer-fixed", mapping: .offset, right: .gtmAndLTM, wrong: .gtm),
        Case(model: "layer-fixed", mapping: .differential, right: .gtmAndLTM, wrong: .gtm),
    ])
    func theRightCorrectionGivesTheIntegersBack(_ chip: Case) throws {
        let folder = try Folder()
        let daemon = try Daemon(
            in: folder,
            spec: Daemon.tuningSpec(
                in: folder, model: chip.model, betweenChips: chip.betweenChips,
                onOffRatio: chip.onOffRatio), arguments: ["--simulation-controls"])
        let session = try WireChipSession(endpoint: daemon.endpoint, chip: 0, waitsForDaemon: true)
        try session.acquireLease()
        let (network, images, scales) = try Self.network()
        var mapper = Mapper(network, scales: scales)
        mapper.mapping = chip.mapping
        mapper.writesReferences = true
        let fresh = try mapper.deploy(
            to: session, checkpoint: "n", calibration: images, options: ProgramOptions(.openLoop)
        ).deployment
        let references = try #require(fresh.references)
        // There is something to correct.
        #expect(abs(references.initialRatio - 1) > 0.02)
        #expect(references.ltm.values.map(\.conductance) == [session.dataSheet.onConductance])
        #expect(session.dataSheet.ltmColumns == 3 && session.dataSheet.gtmCells == 1000)

        for age in [0, 1e6] {
            try session.advanceClock(seconds: age)
            func products(_ correction: SelfTuning.Correction) throws -> ChipProducts {
                var deployment = fresh
                try SelfTuningByReferences(correction).adapt(
                    network, &deployment, on: session, images: images)
                return ChipProducts(session, deployment)
            }
            let compared = try Compared(
                network, scales,
                [
                    "right": products(chip.right), "wrong": products(chip.wrong),
                    "none": ChipProducts(session, fresh),
                ], onOffRatio: chip.onOffRatio)
            _ = try noGrad { try network.scores(images.batch(0 ..< 4).images, with: compared) }
            let worst = compared.worst
            #expect(worst["right"]!.count == network.matrixLayers.count)
            #expect(worst["right"]!.allSatisfy { $0 < 1 }, "\(worst)")
            #expect(worst["wrong"]!.allSatisfy { $0 > 100 }, "\(worst)")
            // Nothing to correct on a fresh chip whose pairs deviate alike.
            let needsNone =
                chip.model == "layer-fixed" && chip.mapping == .differential && age == 0
            #expect(worst["none"]!.allSatisfy { needsNone ? $0 < 1 : $0 > 100 }, "\(worst)")
        }
        // Written again, all is of one age: M_0 is that of the fresh cells.
        var again = fresh
        _ = try mapper.program(
            &again, on: session, options: ProgramOptions(.openLoop, all: true))
        #expect(
            abs(again.references!.initialRatio / references.initialRatio - 1) < 1e-6)
    }

    /// The tuning columns are cells of the resistive bank, wherever the session's own
    /// matrices go: M_0 = 1 + ε̂_B with all columns at G_on, so that a = ε̂_B/(1 + ε̂_B) = 1 − 1/M_0.
    @Test func aSessionInTheDigitalBankIsTunedByTheGTMsOwnFigures() throws {
        let folder = try Folder()
        let daemon = try Daemon(
            in: folder, spec: Daemon.digitalTuningSpec(in: folder, betweenChips: 0.1),
            arguments: ["--simulation-controls"])
        let session = try WireChipSession(
            endpoint: daemon.endpoint, chip: 0, bank: "sram", waitsForDaemon: true)
        try session.acquireLease()
        let (network, images, scales) = try Self.network()
        var mapper = Mapper(network, scales: scales)
        mapper.mapping = .offset
        mapper.writesReferences = true
        mapper.banks = ["conv1": "nvm", "conv2": "nvm", "fc1": "nvm"]
        var deployment = try mapper.deploy(
            to: session, checkpoint: "n", calibration: images, options: ProgramOptions(.openLoop)
        ).deployment
        try SelfTuningByReferences(.gtmAndLTM).adapt(
            network, &deployment, on: session, images: images)
        let tuning = try #require(deployment.selfTuning)
        let initial = try #require(deployment.references).initialRatio
        #expect(abs(initial - 1) > 0.02)
        let expected = (1 - 1 / initial) / tuning.divisor
        #expect(abs(tuning.ltmShare(.offset, bank: "nvm") - expected) < 1e-6)
        let found = try noGrad {
            try network.scores(
                images.batch(0 ..< 4).images, with: ChipProducts(session, deployment))
        }
        let integers = try noGrad {
            try network.scores(
                images.batch(0 ..< 4).images, with: IntegerProducts(network, scales: scales))
        }
        // A code that falls on a half may be rounded to either side.
        let difference = try found.adding(integers, times: -1).absolute().maximum()
        #expect(difference < 0.01 * (try integers.absolute().maximum()))
    }

    private static func network() throws -> (Network, ImageSet, QuantisationScales) {
        let network = try NetworkCatalogue.make("lenet-8x8", seed: 4)
        let shape = [4] + network.imageShape
        let images = ImageSet(
            name: "noise",
            pixels: try RandomGenerator(seed: 5).uniform(0 ..< 256, shape).cast(to: .uint8),
            labels: try .integers([Int64](repeating: 0, count: 4), shape: [4]), pixelMax: 255)
        return (network, images, try .measured(network, on: images, method: .max))
    }

    // MARK: From the command line

    private struct Result: Decodable {
        struct Accuracy: Decodable { var correct: Int }
        struct Adaptation: Decodable {
            var strategy: String
            var data: String
            var imagesUsed: Int
            var before: Accuracy
            var after: Accuracy
            var lifeUsed: Double
        }
        struct Cost: Decodable {
            var pulses: UInt64
            var cellsWritten: UInt64
        }
        var adaptation: Adaptation?
        var accuracy: Accuracy?
        var cost: Cost
    }

    @Test func aDeploymentWithReferencesIsTunedFromTheCommandLine() throws {
        let folder = try Folder()
        let daemon = try Daemon(
            in: folder,
            spec: Daemon.tuningSpec(
                in: folder, model: "weight-proportional", betweenChips: 0.2, onOffRatio: 10))
        let (network, images, scales) = try Self.network()
        let (checkpoint, deployment) = (folder.path("n.safetensors"), folder.path("n.json"))
        try Checkpoint(network: network, scales: scales, command: "test", seed: 4).write(
            to: checkpoint)
        _ = images
        let at = ["--endpoint", daemon.endpoint, "--wait", "--data", "digits", "--json"]
        func run(_ arguments: [String]) throws -> (status: Int32, stdout: String, stderr: String) {
            let run = try Programs.run("hostagent", arguments + at)
            return (run.status, run.stdout, run.stderr)
        }
        func result(_ arguments: [String]) throws -> Result {
            let run = try run(arguments)
            #expect(run.status == 0, "\(run.stderr)")
            return try JSONDecoder().decode(Result.self, from: Data(run.stdout.utf8))
        }
        let deploy = ["deploy", checkpoint, "--output", deployment, "--method", "open-loop"]
        let plain = try result(deploy)
        let adapt = ["adapt", deployment, "--output", folder.path("adapted.safetensors")]
        let unready = try run(adapt + ["--method", "gtm"])
        #expect(unready.status == 65)
        #expect(unready.stderr.contains("deploy with --references"), "\(unready.stderr)")

        let deployed = try result(deploy + ["--references", "--replace"])
        // 1,000 cells of the GTM; 3 LTM columns of each tile in the rows that matrices take.
        #expect(deployed.cost.cellsWritten > plain.cost.cellsWritten + 1000)
        let tuned = try result(adapt + ["--method", "gtm"])
        let report = try #require(tuned.adaptation)
        #expect(report.strategy == "self-tuning, gtm")
        #expect(report.data == "nothing" && report.imagesUsed == 0 && report.lifeUsed == 0)
        #expect(tuned.cost.pulses == 0 && tuned.cost.cellsWritten == 0)
        // The deployment keeps the correction.
        #expect(try result(["evaluate", deployment]).accuracy?.correct == report.after.correct)

        // The columns say nothing of weights written after them.
        let late = try run(adapt + ["--method", "layer"])
        #expect(late.status == 65)
        #expect(late.stderr.contains("corrected by tuning columns (gtm)"), "\(late.stderr)")
        #expect(try result(["evaluate", deployment]).accuracy?.correct == report.after.correct)
        // Written with the weights, they stay; the correction is void.
        let again = try result(adapt + ["--method", "reprogram"])
        #expect(again.cost.cellsWritten == deployed.cost.cellsWritten)
        #expect(try Deployment(contentsOf: deployment).selfTuning == nil)
        #expect(try result(adapt + ["--method", "drift"]).adaptation?.data == "nothing")
        // By write-verify, which the columns aren't.
        let verified = try run(adapt + ["--method", "gtm"])
        #expect(verified.status == 65)
        #expect(verified.stderr.contains("or choose drift"), "\(verified.stderr)")

        let without = try run(adapt + ["--method", "batch-norm"])
        #expect(without.status == 64)
        #expect(without.stderr.contains("lenet-8x8 has no batch norm"), "\(without.stderr)")
        let unknown = try run(adapt + ["--method", "prayer"])
        #expect(unknown.status == 64)
        #expect(unknown.stderr.contains("one of layer, "), "\(unknown.stderr)")
        #expect(try run(adapt + ["--method", "drift", "--layer", "fc1"]).status == 64)
    }
}
