import Foundation
import HostKit
import Testing

/// Test sets with a shift, and networks on the host, as a user asks for them.
@Suite("Shifted images on the command line")
struct ShiftedImagesTests {
    private struct Result: Decodable {
        struct Part: Decodable, Equatable {
            var correct: Int
            var count: Int
        }
        struct Adaptation: Decodable {
            var before: Part
            var after: Part
        }
        var accuracyFloat: Part?
        var accuracyDigital: Part?
        var accuracy: Part?
        var adaptation: Adaptation?
        var images: String
    }

    private static func run(_ arguments: [String]) throws -> Result {
        let run = try Programs.run("hostagent", arguments + ["--data", "digits", "--json"])
        #expect(run.status == 0, "\(run.stderr)")
        return try JSONDecoder().decode(Result.self, from: Data(run.stdout.utf8))
    }

    /// An untrained network.
    private static func write(to file: String) throws {
        let network = try NetworkCatalogue.make("lenet-8x8", seed: 1)
        let images = try EmbeddedDigits.load().training.first(100)
        try Checkpoint(
            network: network, scales: .measured(network, on: images, method: .max),
            command: "test", seed: 1
        ).write(to: file)
    }

    @Test func aNetworkMeetsOtherImages() throws {
        let folder = try Folder()
        let network = folder.path("network.safetensors")
        try Self.write(to: network)
        func evaluate(_ arguments: [String]) throws -> Result {
            try Self.run(["evaluate", network] + arguments)
        }
        let clean = try evaluate([])
        #expect(clean.accuracyFloat?.count == 500 && clean.accuracy == nil)
        let corrupted = try evaluate(["--corruption", "gaussian_blur", "--images", "300"])
        #expect(corrupted.images.hasSuffix("gaussian_blur 5"))
        let checkpoint = try Checkpoint(contentsOf: network)
        let test = try EmbeddedDigits.load().test.first(300).corrupted(
            by: .gaussianBlur, severity: 5, seed: 1)
        let expected = try Evaluation.accuracy(
            checkpoint.network,
            with: IntegerProducts(checkpoint.network, scales: checkpoint.scales), on: test)
        #expect(
            corrupted.accuracyDigital
                == Result.Part(correct: expected.correct, count: expected.count))
        // No label is its own flip: what was right is wrong.
        let flipped = try #require(try evaluate(["--flip"]).accuracyDigital)
        #expect(flipped.correct + (clean.accuracyDigital?.correct ?? 0) <= 500)

        // The file that `data corrupt` writes holds the same images.
        let files = folder.path("c")
        let written = try Programs.run(
            "hostagent",
            [
                "data", "corrupt", "--data", "digits", "--corruption", "gaussian_blur", "--output",
                files, "--images", "300",
            ])
        #expect(written.status == 0, "\(written.stderr)")
        let read = try evaluate(["--corruption", "gaussian_blur", "--cifar-c", files])
        #expect(read.accuracyDigital == corrupted.accuracyDigital)

        // Adapted on the chip to flipped labels, and measured on them.
        let daemon = try Daemon(
            in: folder, spec: Daemon.exactSpec(in: folder, adc: "ideal", tiles: 500))
        let deployment = folder.path("deployment.json")
        let at = ["--endpoint", daemon.endpoint, "--wait"]
        let deployed = try Programs.run(
            "hostagent",
            [
                "deploy", network, "--output", deployment, "--data", "digits", "--method", "swim",
                "--share", "0.05", "--calibration-images", "32",
            ] + at)
        #expect(deployed.status == 0, "\(deployed.stderr)")
        let output = ["--output", folder.path("adapted.safetensors")]
        let adapted = try #require(
            try Self.run(
                [
                    "adapt", deployment, "--layer", "fc2", "--flip", "--images", "1000",
                    "--epochs", "40", "--rate", "8",
                ] + output + at
            ).adaptation)
        #expect(adapted.before == flipped)
        #expect(adapted.after.correct > adapted.before.correct + 50)
        #expect(
            try Self.run(["evaluate", deployment, "--flip"] + at).accuracy == adapted.after)
        #expect(
            try !String(contentsOfFile: deployment, encoding: .utf8).contains("isUpdating"))
        for (refused, sentence) in [
            (["adapt", deployment, "--output", deployment], "--output names the deployment"),
            (["deploy", network, "--output", network], "--output names the checkpoint"),
            (
                ["adapt", deployment, "--method", "blocks", "--block", "0", "--block", "conv1"],
                "--block names the block 'conv1' twice"
            ),
            (
                ["adapt", deployment, "--method", "tiny-shared-block", "--insertions", "3"],
                "a shared block has 1 … 2 insertions"
            ),
        ] {
            let run = try Programs.run("hostagent", refused + at + ["--data", "digits"])
            #expect(run.status == 64)
            #expect(run.stderr.contains(sentence), "\(run.stderr)")
        }
        let again = try #require(
            try Self.run(["adapt", deployment, "--method", "reprogram", "--flip"] + output + at)
                .adaptation)
        #expect(again.before == adapted.after && again.after == again.before)
    }

    @Test(arguments: [
        (["--corruption", "rain"], "the corruption must be one of gaussian_noise"),
        (["--corruption", "fog", "--severity", "0"], "--severity must be 1 … 5, not 0"),
        (["--severity", "3"], "--severity needs --corruption"),
        (["--cifar-c", "folder"], "--cifar-c needs --corruption"),
    ])
    func whatMakesNoSenseIsSaidSo(_ options: [String], _ sentence: String) throws {
        for command in ["evaluate", "adapt"] {
            let run = try Programs.run(
                "hostagent", [command, "x.json", "--endpoint", "ipc:///tmp/x"] + options)
            #expect(run.status == 64)
            #expect(run.stderr.contains(sentence), "\(run.stderr)")
        }
    }

    @Test(arguments: [
        (["evaluate", "x.json", "--exit-entropy=-1"], "--exit-entropy must be 0 or more"),
        (["evaluate", "x.json", "--exit-entropy", "nan"], "--exit-entropy must be 0 or more"),
        (["cost", "x.json", "--images", "0"], "--images must be 1 … 65536, not 0"),
        (["cost", "x.json", "--batch", "0"], "--batch must be 1 … 65536, not 0"),
        (["deploy", "n", "--share", "0.5"], "--share belongs to --method swim, not write-verify"),
        (
            ["deploy", "n", "--method", "swim", "--share", "1.5"],
            "--share must be 0 … 1, not 1.5"
        ),
        (
            ["deploy", "n", "--method", "careful"],
            "the method must be one of open-loop, write-verify, swim, not 'careful'"
        ),
    ])
    func optionsOutOfRangeAreNamed(_ command: [String], _ sentence: String) throws {
        let run = try Programs.run("hostagent", command + ["--endpoint", "ipc:///tmp/x"])
        #expect(run.status == 64)
        #expect(run.stderr.contains(sentence), "\(run.stderr)")
    }

    @Test func aCheckpointNeedsNoChip() throws {
        let folder = try Folder()
        let file = folder.path("n.safetensors")
        try Self.write(to: file)
        for (options, sentence) in [
            (["--endpoint", "ipc:///tmp/x"], "is evaluated on the host"),
            (["--exit-entropy", "0.5"], "lenet-8x8 has one"),
        ] {
            let run = try Programs.run(
                "hostagent", ["evaluate", file, "--data", "digits"] + options)
            #expect(run.status == 64)
            #expect(run.stderr.contains(sentence), "\(run.stderr)")
        }
    }
}
