import Foundation
import HostKit
import TestSupport
import Testing

/// A study on the embedded digits, as a user would repeat it.
@Suite("hostagent experiment")
struct ExperimentCommandTests {
    private struct Table: Decodable {
        var header: [String]
        var rows: [[String]]
        var written: String
    }

    @Test func aStudyLeavesItsTableAndItsSettings() throws {
        let folder = try Folder()
        let arguments = [
            "experiment", "qavat-table", "--data", "digits", "--quick", "--epochs", "2", "--chips",
            "2", "--sigma", "0.3", "--seed", "5", "--json", "--output", folder.path("a/table"),
        ]
        let run = try Programs.run("hostagent", arguments)
        #expect(run.status == 0, "\(run.stderr)")
        let table = try JSONDecoder().decode(Table.self, from: Data(run.stdout.utf8))
        #expect(table.rows.map { $0[1] } == ["PTQ-VAT", "PTQ-VAT, clipped", "QAT", "QAVAT"])
        let csv = try String(contentsOfFile: folder.path("a/table/table.csv"), encoding: .utf8)
        #expect(csv.split(separator: "\n").count == 5)
        let settings = try String(
            contentsOfFile: folder.path("a/table/settings.json"), encoding: .utf8)
        #expect(settings.contains("\"seed\" : 5"))
        #expect(settings.contains("hostagent experiment qavat-table --data digits"))

        // Everything is there: the second run does nothing anew.
        let again = try Programs.run("hostagent", arguments)
        #expect(again.stdout == run.stdout)
        #expect(again.stderr.isEmpty)

        let other = try Programs.run("hostagent", arguments + ["--samples", "2"])
        #expect(other.status == 64)
        #expect(other.stderr.contains("holds a run with samples 1, not samples 2;"))
    }

    /// Serials 1 and 2 are off by amounts that a network trained for the variation within a
    /// chip doesn't bear; its images are the embedded digits.
    @Test func theRightSelfTuningIsAheadOfNoneAndOfTheWrongOne() throws {
        let folder = try Folder()
        let run = try Programs.run(
            "hostagent",
            [
                "experiment", "self-tuning", "--data", "digits", "--quick", "--chips", "2",
                "--sigma", "0.4", "--json", "--output", folder.path("table"),
            ])
        #expect(run.status == 0, "\(run.stderr)")
        let table = try JSONDecoder().decode(Table.self, from: Data(run.stdout.utf8))
        for form in ["weight-proportional", "layer-fixed"] {
            let rows = table.rows.filter { $0[0] == form }
            // Ideal cells and real ones, each three times; then two numbers of GTM cells, and
            // where there are LTM columns to vary theirs.
            #expect(
                rows.map { $0[2] }.prefix(6) == ["ideal", "ideal", "ideal", "RRAM", "RRAM", "RRAM"])
            #expect(rows.dropFirst(6).map { $0[3] }.prefix(2) == ["10", "1000"])
            #expect(rows.count == (form == "layer-fixed" ? 9 : 8))
            let accuracies = rows.prefix(3).compactMap { Double($0[6]) }
            #expect(accuracies.count == 3)
            #expect(accuracies[1] > accuracies[0] && accuracies[1] > accuracies[2], "\(rows)")
        }
    }

    /// A window of 2 leaves the network less than one of 10, as deployed and adapted.
    @Test(.enabled(if: imageFolder != nil, "NVCIM_DATA isn't set or names no folder"))
    func batchNormMeetsASmallWindow() throws {
        let folder = try Folder()
        let run = try Programs.run(
            "hostagent",
            [
                "experiment", "batch-norm", "--quick", "--part", "ratio", "--images", "50",
                "--adaptation-images", "50", "--network",
                Programs.repository.appendingPathComponent(
                    "results/networks/vgg8-w0.25.safetensors"
                ).path, "--json", "--output", folder.path("table"),
            ])
        #expect(run.status == 0, "\(run.stderr)")
        let table = try JSONDecoder().decode(Table.self, from: Data(run.stdout.utf8))
        #expect(table.rows.map { $0[2] } == ["2", "10"])
        for arm in 5 ... 7 {
            let accuracies = table.rows.compactMap { Double($0[arm]) }
            #expect(accuracies.count == 2 && accuracies[0] + 20 < accuracies[1], "\(table.rows)")
        }
        let picture = try String(
            contentsOfFile: folder.path("table/ratio-1.svg"), encoding: .utf8)
        #expect(picture.contains("vgg8-w0.25"))
    }

    /// Every part of the study once; the block wins back what programming took.
    @Test func aTinySharedBlockIsAheadOfNone() throws {
        let folder = try Folder()
        let run = try Programs.run(
            "hostagent",
            [
                "experiment", "tiny-shared-block", "--data", "digits", "--quick", "--sigma", "0.3",
                "--block-sigma", "0.3", "--json", "--output", folder.path("table"),
            ])
        #expect(run.status == 0, "\(run.stderr)")
        let table = try JSONDecoder().decode(Table.self, from: Data(run.stdout.utf8))
        let arms = [
            "noise-free", "noise injection only", "tiny shared block", "the same, not written",
            "retrain last layer", "retrain last layers", "retrain last layers, open loop",
        ]
        #expect(table.rows.prefix(14).map { $0[2] } == arms + arms)
        let whole = table.rows[7 ..< 14].compactMap { Double($0[3]) }
        #expect(whole.count == 7 && whole[2] > whole[1] + 5, "\(table.rows)")
        #expect(
            table.rows.dropFirst(14).map { "\($0[0]) \($0[1])" }
                == [
                    "channels 16", "channels 32", "layers 1", "insertions 1", "reads 1", "reads 16",
                ].flatMap { [$0, $0] })
    }

    @Test(arguments: [
        ["--sigma", "1.5"], ["--model", "densenet40"], ["--model", "lenet-8x8-b5"],
        ["--block-epochs", "11"], ["--training-images", "0"], ["--model", "resnet21"],
    ])
    func aBlockThatCannotBeIsRefused(arguments: [String]) throws {
        let run = try Programs.run(
            "hostagent", ["experiment", "tiny-shared-block", "--data", "digits"] + arguments)
        #expect(run.status == 64, "\(run.stderr)")
    }

    /// The network is untrained: of the form of the table, and of its costs.
    @Test func blocksAreAdaptedOneByOneAndTogether() throws {
        let folder = try Folder()
        let network = try NetworkCatalogue.make("lenet-8x8", seed: 4)
        let images = try EmbeddedDigits.load().training.first(50)
        let file = folder.path("n.safetensors")
        try Checkpoint(
            network: network, scales: .measured(network, on: images, method: .max),
            command: "test", seed: 4
        ).write(to: file)
        let arguments = [
            "experiment", "block-wise", "--data", "digits", "--quick", "--network", file, "--json",
        ]
        let run = try Programs.run("hostagent", arguments + ["--output", folder.path("table")])
        #expect(run.status == 0, "\(run.stderr)")
        let table = try JSONDecoder().decode(Table.self, from: Data(run.stdout.utf8))
        let adapted = ["none", "conv1", "fc2", "all"]
        // Two shifts and two losses; one of them in two more placements, and in worn cells that
        // are written in two ways; costs in three placements.
        #expect(
            table.rows.map { $0[4] }
                == adapted + adapted + adapted + adapted + ["none", "conv1", "none", "conv1"]
                + adapted + adapted
                + ["conv1", "fc2", "all", "conv1", "fc2", "all", "conv1", "fc2", "all"])
        for row in table.rows.dropLast(9) where row[4] != "none" {
            let zeros = row[7 ... 8].compactMap(Double.init)
            #expect(zeros.count == 2 && zeros[0] <= zeros[1] && zeros[1] < 100)
        }
        // A step open loop is one pulse; write-verify spends more on what the window has lost.
        func pulses(_ cells: String) -> [Double] {
            table.rows.filter { $0[1] == cells }.compactMap { Double($0[9]) }
        }
        let (open, verified) = (
            pulses("RRAM after 1000000 pulses, open-loop"),
            pulses("RRAM after 1000000 pulses, write-verify")
        )
        #expect(open.count == 3 && verified.count == 3)
        #expect(zip(open, verified).allSatisfy { $0 < $1 })
        // All blocks take as long as the one that takes longest.
        let latencies = table.rows.suffix(9).compactMap { Double($0[10]) }
        #expect(latencies.count == 9 && latencies.allSatisfy { $0 > 0 })
        for first in [0, 3, 6] {
            #expect(latencies[first + 2] >= max(latencies[first], latencies[first + 1]))
        }
        #expect(latencies[5] == latencies[8])
        // One block of a hybrid: the others multiply as slowly as in RRAM, it is written as
        // quickly as in SRAM.
        for block in 0 ... 1 {
            #expect(latencies[6 + block] < latencies[3 + block])
            #expect(latencies[3 + block] < latencies[block])
        }

        let twice = try Programs.run("hostagent", arguments + ["--network", file])
        #expect(twice.status == 64 && twice.stderr.contains("--network names one twice."))
        let noLoss = try Programs.run("hostagent", arguments + ["--loss", "mse"])
        #expect(noLoss.status == 64)
        #expect(
            noLoss.stderr.contains(
                "the loss must be one of squared-error, cross-entropy, entropy, not 'mse'."))
        let many = try Programs.run(
            "hostagent", arguments + ["--chips", "1000", "--output", folder.path("other")])
        #expect(many.status == 65 && many.stderr.contains("at least 20000 images"))
    }

    /// They all learn the images that the first one's classes name.
    @Test func networksOfDifferentClassesAreNoStudy() throws {
        let run = try Programs.run(
            "hostagent",
            ["experiment", "sensitivity", "--network", "resnet20", "--network", "resnet20-c100"])
        #expect(run.status == 64)
        #expect(run.stderr.contains("--network names networks of 10 and of 100 classes"))
    }

    /// Each study's own, where no other figure is told.
    @Test(arguments: [
        ("tiny-shared-block", TinySharedBlockTable.Settings().chips),
        ("block-wise", BlockWiseStudy.Settings().chips),
        ("batch-norm", BatchNormStudy.Settings().chips),
        ("sensitivity", SensitivityStudy.Settings().chips),
        ("self-tuning", QAVATTable.Settings().chips), ("qavat-table", QAVATTable.Settings().chips),
    ])
    func helpTellsTheStudysDefaults(study: String, chips: Int) throws {
        let run = try Programs.run("hostagent", ["experiment", study, "--help"])
        #expect(run.status == 0)
        let words = run.stdout.split { $0.isWhitespace }.joined(separator: " ")
        #expect(words.contains("Defaults: \(chips) chips, "), "\(words)")
        #expect(words.contains("Chips to try each network on (default: the study's, above)"))
    }

    @Test(arguments: [
        (["qavat-table", "--chips", "0"], 64), (["qavat-table", "--bits", "A1W2"], 64),
        (["qavat-table", "--sigma", "-1"], 64), (["qavat-table", "--network", "nowhere"], 65),
        (["qavat-table", "--output", "/proc/nowhere"], 73),
        // One name of σ/√2 to two decimals; stops at 15, 30 and 50 % of two passes.
        (["self-tuning", "--sigma", "0.29", "--sigma", "0.30"], 64),
        (["tiny-shared-block", "--epochs", "2"], 64),
    ])
    func whatCannotBeIsRefused(arguments: [String], status: Int) throws {
        let run = try Programs.run("hostagent", ["experiment"] + arguments + ["--data", "digits"])
        #expect(Int(run.status) == status, "\(run.stderr)")
    }
}
