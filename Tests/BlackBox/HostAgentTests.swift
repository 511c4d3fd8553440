import Foundation
import HostKit
import Testing

/// Train, deploy, evaluate, adapt on the embedded digits, as a user would.
@Suite("hostagent")
struct HostAgentTests {
    private struct Accuracy: Decodable {
        var correct: Int
        var count: Int
    }
    private struct Result: Decodable {
        struct Adaptation: Decodable { var after: Accuracy }
        struct Cost: Decodable { var pulses: UInt64 }
        var test: Accuracy?
        var accuracy: Accuracy?
        var adaptation: Adaptation?
        var cost: Cost?
        var written: String?
    }

    @Test func aNetworkGoesThroughItsLife() throws {
        let folder = try Folder()
        let daemon = try Daemon(
            in: folder, spec: Daemon.smallSpec(in: folder), arguments: ["--simulation-controls"])
        let network = folder.path("network.safetensors")
        let deployment = folder.path("deployment.json")
        func run(_ arguments: [String]) throws -> Result {
            let run = try Programs.run("hostagent", arguments + ["--json", "--data", "digits"])
            #expect(run.status == 0, "\(run.stderr)")
            return try JSONDecoder().decode(Result.self, from: Data(run.stdout.utf8))
        }
        let at = ["--endpoint", daemon.endpoint, "--wait"]
        let trained = try run(["train", "--epochs", "20", "--output", network])
        let test = try #require(trained.test)
        #expect(test.count == 500)
        #expect(test.correct > 400)

        let deployed = try run(["deploy", network, "--output", deployment] + at)
        #expect(deployed.written == deployment)
        #expect(try #require(deployed.cost).pulses > 0)

        let fresh = try #require(
            try run(["evaluate", deployment, "--images", "200"] + at).accuracy)
        #expect(fresh.count == 200)
        #expect(fresh.correct > 150)

        let year = try Programs.run("chipctl", ["clock", "advance", "3e7"] + at)
        #expect(year.status == 0, "\(year.stderr)")
        let aged = try #require(try run(["evaluate", deployment] + at).accuracy)
        let adapted = folder.path("adapted.safetensors")
        let report = try run(
            ["adapt", deployment, "--output", adapted, "--images", "256", "--epochs", "3"] + at)
        #expect(try #require(report.adaptation).after.correct > aged.correct)
        // The deployment now names the adapted network.
        #expect(
            try String(contentsOfFile: deployment, encoding: .utf8).contains("adapted.safetensors"))

        let unknown = try Programs.run(
            "hostagent", ["adapt", deployment, "--layer", "conv9", "--data", "digits"] + at)
        #expect(unknown.status == 64)
        #expect(unknown.stderr.contains("conv9"))

        // Unless told otherwise, into a file of its own beside the deployment's.
        let again = try run(
            ["adapt", deployment, "--method", "reprogram", "--test-images", "50"] + at)
        #expect(try #require(again.adaptation).after.count == 50)
        let own = folder.path("deployment-adapted.safetensors")
        #expect(again.written == "\(own), \(deployment)")
        // What the chip holds is not what this file says now.
        try Data(contentsOf: URL(fileURLWithPath: network)).write(
            to: URL(fileURLWithPath: own))
        for command in ["evaluate", "adapt", "cost"] {
            let run = try Programs.run("hostagent", [command, deployment, "--data", "digits"] + at)
            #expect(run.status == 65 && run.stderr.contains("deploy --update"), "\(run.stderr)")
        }
        #expect(daemon.stop() == 0)
    }

    /// The deployment is read when the lease is there, the checkpoint before.
    @Test func anUpdateStartsFromWhatTheHolderOfTheLeaseLeft() throws {
        let folder = try Folder()
        let daemon = try Daemon(in: folder, spec: Daemon.smallSpec(in: folder))
        let (network, other) = (folder.path("network.st"), folder.path("other.st"))
        let deployment = folder.path("deployment.json")
        let deploy = [
            "deploy", network, "--output", deployment, "--data", "digits", "--wait",
            "--endpoint", daemon.endpoint,
        ]
        for arguments in [
            ["train", "--epochs", "1", "--data", "digits", "--output", network],
            ["train", "--epochs", "1", "--data", "digits", "--output", other, "--seed", "2"],
            deploy,
        ] {
            let run = try Programs.run("hostagent", arguments)
            #expect(run.status == 0, "\(run.stderr)")
        }
        let host = try RawHost(daemon.endpoint)
        try host.takeLease()
        let update = Process()
        update.executableURL = Programs.path("hostagent")
        update.arguments = deploy + ["--update"]
        let errors = Pipe()
        update.standardError = errors
        update.standardOutput = FileHandle.nullDevice
        try update.run()
        try errors.read(until: "waiting for it, at most 1 min 00 s")
        var left = try Deployment(contentsOf: deployment)
        let layer = left.places[0].layer
        left.places[0].writingCost = ChipCost(pulses: 4711)
        try left.write(to: deployment)
        try Data(contentsOf: URL(fileURLWithPath: other)).write(
            to: URL(fileURLWithPath: network))
        try host.releaseLease()
        update.waitUntilExit()
        #expect(update.terminationStatus == 0)
        let new = try Deployment(contentsOf: deployment)
        #expect(new.places.first { $0.layer == layer }?.writingCost?.pulses == 4711)
        // The chip holds the network that was read, not the one that is there now.
        #expect(throws: DataError.self) { try new.loadCheckpoint(beside: deployment) }
        #expect(daemon.stop() == 0)
    }

    /// Whatever their order, the chip then holds the network that the deployment names: to
    /// write it again writes nothing.
    @Test func twoAdaptationsAtOnceGoOneAfterTheOther() throws {
        let folder = try Folder()
        let daemon = try Daemon(in: folder, spec: Daemon.smallSpec(in: folder))
        let deployment = folder.path("deployment.json")
        let network = folder.path("network.safetensors")
        let at = ["--endpoint", daemon.endpoint, "--wait"]
        func run(_ arguments: [String]) throws -> Programs.Output {
            try Programs.run("hostagent", arguments + ["--data", "digits", "--json"])
        }
        #expect(try run(["train", "--epochs", "2", "--output", network]).status == 0)
        #expect(try run(["deploy", network, "--output", deployment] + at).status == 0)
        let adaptations = try ["conv1", "fc2"].map { layer in
            let process = Process()
            process.executableURL = Programs.path("hostagent")
            process.arguments =
                ["adapt", deployment, "--layer", layer, "--output", folder.path("\(layer).st")]
                + ["--data", "digits"] + at
            let output = Pipe()
            process.standardOutput = output
            try process.run()
            return (process: process, output: output.fileHandleForReading)
        }
        for adaptation in adaptations {
            let text = String(decoding: adaptation.output.readDataToEndOfFile(), as: UTF8.self)
            adaptation.process.waitUntilExit()
            #expect(adaptation.process.terminationStatus == 0)
            // What the cells had lost before is told too.
            let share = #"(\d+(?:\.\d+)?(?:e-\d\d)?) %"#
            let life = try #require(
                text.firstMatch(of: try Regex("life: \(share) spent now, \(share) in all")))
            let shares = try (1 ... 2).map { try #require(Double(life[$0].substring ?? "")) }
            #expect(shares[1] > 0 && shares[0] <= shares[1])
        }
        let last = try Deployment(contentsOf: deployment).checkpointPath(beside: deployment)
        let again = try run(
            ["deploy", last, "--update", "--output", deployment] + at)
        #expect(again.status == 0, "\(again.stderr)")
        let report = try JSONDecoder().decode(Result.self, from: Data(again.stdout.utf8))
        #expect(try #require(report.cost).pulses == 0)
        #expect(daemon.stop() == 0)
    }

    /// From the command line to an exact chip and back: the chip gets right as many images
    /// as the network in integers did after its training.
    @Test(arguments: [
        ["--bits", "A2W2", "--variation", "layer-fixed", "--variation-sigma", "0.1"],
        ["--bits", "A8W4", "--augment", "cutout"], ["--wage"],
    ])
    func aNetworkOfFewBitsIsTheSameOnAnExactChip(options: [String]) throws {
        struct Trained: Decodable {
            var test: Accuracy
            var testInteger: Accuracy
            var arithmetic: String
        }
        struct Evaluated: Decodable {
            var accuracy: Accuracy
            var accuracyDigital: Accuracy
        }
        struct OnTheHost: Decodable {
            var accuracyFloat: Accuracy?
            var accuracyAsTrained: Accuracy?
            var bits: String?
        }
        let folder = try Folder()
        let daemon = try Daemon(
            in: folder, spec: Daemon.exactSpec(in: folder, adc: "ideal", tiles: 200))
        let network = folder.path("network.safetensors")
        let deployment = folder.path("deployment.json")
        func run<Value: Decodable>(_ arguments: [String], as: Value.Type) throws -> Value {
            let run = try Programs.run("hostagent", arguments + ["--json", "--data", "digits"])
            #expect(run.status == 0, "\(run.stderr)")
            return try JSONDecoder().decode(Value.self, from: Data(run.stdout.utf8))
        }
        let at = ["--endpoint", daemon.endpoint, "--wait"]
        var start: [String] = []
        if options[0] == "--bits" {
            let float = folder.path("float.safetensors")
            _ = try run(["train", "--epochs", "8", "--output", float], as: Trained.self)
            start = ["--start", float]
        }
        let trained = try run(
            ["train", "--epochs", "6", "--output", network] + start + options, as: Trained.self)
        #expect(trained.test.correct > 300)
        // Float32's rounding may take a value across the edge between two codes.
        #expect(abs(trained.testInteger.correct - trained.test.correct) <= 2)
        #expect(trained.arithmetic == (options[0] == "--wage" ? "WAGE, 8 bits" : options[1]))
        _ = try run(
            ["deploy", network, "--output", deployment, "--method", "open-loop"] + at,
            as: Result.self)
        let evaluated = try run(["evaluate", deployment] + at, as: Evaluated.self)
        #expect(evaluated.accuracy.count == 500)
        #expect(evaluated.accuracy.correct == trained.testInteger.correct)
        #expect(evaluated.accuracyDigital.correct == trained.testInteger.correct)
        let host = try run(["evaluate", network], as: OnTheHost.self)
        #expect(host.accuracyFloat == nil)
        #expect(host.accuracyAsTrained?.correct == trained.test.correct)
        let bits = ["A2W2": "2 bits", "A8W4": "8-bit inputs, 4-bit weights", "--wage": "8 bits"]
        #expect(host.bits == bits[options.count == 1 ? options[0] : options[1]])
        #expect(daemon.stop() == 0)
    }

    /// A training that is killed between two epochs ends as one that was not.
    @Test func aKilledTrainingIsResumed() throws {
        let folder = try Folder()
        func arguments(_ output: String) -> [String] {
            [
                "train", "--data", "digits", "--epochs", "6", "--output", folder.path(output),
                "--bits", "A4W2", "--variation", "weight-proportional", "--variation-sigma", "0.2",
                "--variation-between", "0.1", "--variation-samples", "2", "--patience", "6",
            ]
        }
        let whole = try Programs.run("hostagent", arguments("whole"))
        #expect(whole.status == 0, "\(whole.stderr)")
        let host = Process()
        host.executableURL = Programs.path("hostagent")
        host.arguments = arguments("killed") + ["--resume"]
        let output = Pipe()
        host.standardOutput = output
        host.standardError = FileHandle.nullDevice
        try host.run()
        try output.read(until: "epoch 2/6")
        kill(host.processIdentifier, SIGKILL)
        host.waitUntilExit()
        #expect(FileManager.default.fileExists(atPath: folder.path("killed.training")))
        let other = try Programs.run(
            "hostagent", arguments("killed") + ["--resume", "--augment", "cutout"])
        #expect(other.status == 65)
        #expect(other.stderr.contains("killed.training: expected the state of a training with"))
        let resumed = try Programs.run("hostagent", arguments("killed") + ["--resume"])
        #expect(resumed.status == 0, "\(resumed.stderr)")
        #expect(!resumed.stdout.contains("epoch 2/6"))
        #expect(!FileManager.default.fileExists(atPath: folder.path("killed.training")))
        func kept(_ name: String) throws -> [String: [Float]] {
            try Dictionary(
                uniqueKeysWithValues: SafeTensors(contentsOf: folder.path(name)).entries.map {
                    ($0.name, $0.values)
                })
        }
        #expect(try kept("whole") == kept("killed"))
    }

    /// Copied as `make install` copies, run elsewhere: it finds its daemon and its spec.
    @Test func anInstalledDemonstrationFindsItsOwn() throws {
        let folder = try Folder()
        let files = FileManager.default
        try files.createDirectory(atPath: folder.path("bin"), withIntermediateDirectories: true)
        try files.createDirectory(
            atPath: folder.path("share/nvcim"), withIntermediateDirectories: true)
        for name in ["chipd", "hostagent", "nvcim_HostKit.resources"] {
            try files.copyItem(
                at: Programs.path(name), to: folder.url.appendingPathComponent("bin/\(name)"))
        }
        try files.copyItem(
            at: Programs.repository.appendingPathComponent("firmware-specs"),
            to: folder.url.appendingPathComponent("share/nvcim/firmware-specs"))
        let run = try Programs.run(
            "hostagent", ["demo", "--chip", "3", "--report", folder.path("page.html")],
            at: folder.url.appendingPathComponent("bin/hostagent"), in: folder.url)
        #expect(run.status == 0, "\(run.stderr)")
        #expect(run.stdout.contains("1 chip of rram-2b"))
        let elsewhere = try Programs.run(
            "hostagent", ["demo", "--report", folder.path("page.html")],
            at: folder.url.appendingPathComponent("bin/hostagent"), in: folder.url,
            environment: ["TMPDIR": folder.path("absent")])
        #expect(elsewhere.status == 73)
    }

    /// Interrupted, it takes its daemon and its folder along.
    @Test(arguments: [SIGINT, SIGTERM])
    func anInterruptedDemonstrationLeavesNothing(_ signal: Int32) throws {
        let folder = try Folder()
        try endDemonstration(signal, in: folder)
        #expect(try processes(naming: folder.path("tmp")).isEmpty)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path("tmp")).isEmpty)
    }

    /// Nothing of it runs any more then that could end the daemon.
    @Test func aKilledDemonstrationLeavesNoDaemon() throws {
        let folder = try Folder()
        try endDemonstration(SIGKILL, in: folder)
        let deadline = ContinuousClock.now + .seconds(30)
        while try !processes(naming: folder.path("tmp")).isEmpty {
            try #require(ContinuousClock.now < deadline, "the daemon goes on")
        }
    }

    /// Starts a demonstration and ends it by a signal while it trains and its daemon runs; its
    /// temporary folder is "tmp" of `folder`.
    private func endDemonstration(_ signal: Int32, in folder: Folder) throws {
        try FileManager.default.createDirectory(
            atPath: folder.path("tmp"), withIntermediateDirectories: true)
        let host = Process()
        host.executableURL = Programs.path("hostagent")
        host.arguments = ["demo", "--report", folder.path("page.html")]
        host.currentDirectoryURL = Programs.repository
        host.environment = ProcessInfo.processInfo.environment.merging([
            "TMPDIR": folder.path("tmp")
        ]) { $1 }
        let progress = Pipe()
        host.standardError = progress
        host.standardOutput = FileHandle.nullDevice
        try host.run()
        try progress.read(until: "training")
        let daemons = try processes(naming: folder.path("tmp"))
        #expect(daemons.count == 1)
        kill(host.processIdentifier, signal)
        host.waitUntilExit()
        #expect(host.terminationReason == .uncaughtSignal)
        #expect(host.terminationStatus == signal)
    }

    /// The processes whose command line holds `text`.
    private func processes(naming text: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "/proc").filter { entry in
            guard Int(entry) != nil,
                let command = FileManager.default.contents(atPath: "/proc/\(entry)/cmdline")
            else { return false }
            return String(decoding: command, as: UTF8.self).contains(text)
        }
    }

    /// All commands after the first find the second analog bank in the deployment file.
    @Test func aDeploymentStaysInItsBank() throws {
        let folder = try Folder()
        _ = try Daemon.smallSpec(in: folder)
        let shipped = try String(
            contentsOf: Programs.repository.appendingPathComponent(
                "firmware-specs/chips/hybrid.yaml"), encoding: .utf8)
        let spec = try folder.write(
            shipped.replacingOccurrences(of: "name: sram", with: "name: second")
                .replacingOccurrences(of: "device: sram", with: "device: rram"),
            to: "specs/chips/two.yaml")
        let daemon = try Daemon(in: folder, spec: spec)
        let network = folder.path("network.safetensors")
        let deployment = folder.path("deployment.json")
        let at = ["--endpoint", daemon.endpoint, "--wait", "--data", "digits", "--json"]
        func run(_ arguments: [String]) throws -> Programs.Output {
            try Programs.run("hostagent", arguments)
        }
        let trained = try run(
            ["train", "--epochs", "3", "--output", network, "--data", "digits"])
        #expect(trained.status == 0, "\(trained.stderr)")
        for arguments in [["--bank", "second"], ["--update"]] {
            let deployed = try run(["deploy", network, "--output", deployment] + arguments + at)
            #expect(deployed.status == 0, "\(deployed.stderr)")
            let text = try String(contentsOfFile: deployment, encoding: .utf8)
            #expect(text.contains("\"bank\" : \"second\""))
            #expect(!text.contains("isUpdating"))
            let evaluated = try run(["evaluate", deployment, "--images", "50"] + at)
            #expect(evaluated.status == 0, "\(evaluated.stderr)")
            let result = try JSONDecoder().decode(Result.self, from: Data(evaluated.stdout.utf8))
            #expect(result.accuracy?.count == 50)
        }
        for option in [["--bank", "nvm"], ["--mapping", "offset"], ["--digital", "fc1"]] {
            let refused = try run(
                ["deploy", network, "--output", deployment, "--update"] + option + at)
            #expect(refused.status == 64)
            #expect(refused.stderr.contains("\(option[0]) and --update exclude each other"))
        }
    }
}
