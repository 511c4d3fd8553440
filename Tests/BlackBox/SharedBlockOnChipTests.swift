import Foundation
import HostKit
import Testing

/// A tiny shared block around a backbone on a daemon's chip.
@Suite("Tiny shared block on a chip")
struct SharedBlockOnChipTests {
    private struct Result: Decodable {
        struct Accuracy: Decodable { var correct: Int }
        struct Adaptation: Decodable {
            var before: Accuracy
            var after: Accuracy
        }
        struct Cost: Decodable { var cellsWritten: Int }
        var cost: Cost
        var adaptation: Adaptation?
        var accuracy: Accuracy?
    }

    /// Deploy, adapt and evaluate as a user does; then what stands on the chip is looked at.
    @Test(arguments: TinySharedBlock.Tiles.allCases)
    func theBlockIsWrittenWithinItsBoundAndTheBackboneIsLeft(tiles: TinySharedBlock.Tiles) throws {
        let folder = try Folder()
        let daemon = try Daemon(in: folder, spec: Daemon.looseSpec(in: folder, spread: 0.25))
        let network = try NetworkCatalogue.make("lenet-8x8", seed: 2)
        let split = try EmbeddedDigits.load()
        var plan = try TrainingPlan.default(for: "lenet-8x8")
        plan.epochs = 15
        try Trainer.train(network, on: split.training, plan: plan)
        let trained = folder.path("n.safetensors")
        try Checkpoint(
            network: network,
            scales: .measured(network, on: split.training.first(500), method: .max),
            command: "test", seed: 2
        ).write(to: trained)
        let (adapted, file) = (folder.path("adapted.safetensors"), folder.path("n.json"))
        let at = ["--endpoint", daemon.endpoint, "--wait", "--data", "digits", "--json"]
        func result(_ arguments: [String]) throws -> Result {
            let run = try Programs.run("hostagent", arguments + at)
            #expect(run.status == 0, "\(run.stderr)")
            return try JSONDecoder().decode(Result.self, from: Data(run.stdout.utf8))
        }
        _ = try result(["deploy", trained, "--output", file, "--method", "open-loop"])
        let adaptation = try result([
            "adapt", file, "--output", adapted, "--method", "tiny-shared-block",
            "--block-channels", "24", "--tiles", tiles.rawValue, "--images", "3000",
        ])
        let report = try #require(adaptation.adaptation)
        #expect(report.after.correct > report.before.correct + 40)
        let evaluated = try #require(try result(["evaluate", file]).accuracy)
        // Read noise is new in every evaluation.
        #expect(abs(evaluated.correct - report.after.correct) < 30)

        let placed = try Deployment(contentsOf: file)
        let block = try Checkpoint(contentsOf: adapted).network
        #expect(block.name == "lenet-8x8-b24" && placed.model == block.name)
        let matrices = Dictionary(
            placed.places.suffix(2).map { ($0.matrix.id, $0) }, uniquingKeysWith: { a, _ in a })
        #expect(matrices.count == (tiles == .common ? 1 : 2))
        // Two slices of pairs at most, and no cell of the 94,000 of the backbone.
        #expect((1 ... matrices.count * 24 * 24 * 4).contains(adaptation.cost.cellsWritten))
        let session = try WireChipSession(endpoint: daemon.endpoint, chip: 0)
        for place in matrices.values {
            let codes = try WeightQuantisation.codes(
                of: block.blockLayers[0], scale: place.scales.weight)
            try Self.expectVerified(codes, place.matrix, session)
        }
    }

    /// Write-verify leaves a spread of 0.035 of G_on at most (firmware-specs/device.md); less
    /// here, since fresh cells that stay at G_off need no pulse. 2,304 cells.
    private static func expectVerified(
        _ codes: WeightCodes, _ matrix: ChipMatrix, _ session: WireChipSession
    ) throws {
        let sheet = session.dataSheet
        let slices = BitSlices(matrix)
        let cells = try session.readConductances(matrix, repeats: 256)
        let size = codes.values.count
        var squares = 0.0
        for slice in 0 ..< slices.slices {
            for (index, code) in codes.values.enumerated() {
                let digit = slices.digit(code, slice: slice)
                for (polarity, level) in [max(0, digit), max(0, -digit)].enumerated() {
                    let target =
                        sheet.offConductance + Double(level)
                        * (sheet.onConductance - sheet.offConductance) / Double(sheet.levels - 1)
                    let found = Double(cells[(slice * 2 + polarity) * size + index])
                    squares += (found - target) * (found - target)
                }
            }
        }
        let spread = (squares / Double(cells.count)).squareRoot() / sheet.onConductance
        #expect(spread < 0.035 && spread > 0.01, "\(spread)")
    }

    @Test(arguments: [
        (["--block-channels", "4"], "5 … 512"), (["--block-layers", "5"], "1 … 4"),
        (["--insertions", "0"], "1 … 1000"), (["--reads", "0"], "1 … 4096"),
        (["--tiles", "shared"], "common or separate"),
        (["--method", "layer", "--reads", "4"], "tiny-shared-block"),
    ])
    func optionsThatCannotBeAreRefused(arguments: [String], sentence: String) throws {
        let method = arguments.contains("--method") ? [] : ["--method", "tiny-shared-block"]
        let run = try Programs.run("hostagent", ["adapt", "none.json"] + method + arguments)
        #expect(run.status == 64)
        #expect(run.stderr.contains(sentence), "\(run.stderr)")
    }
}
