import Foundation
import HostKit
import Testing

/// `firmware-specs/exit-status.md`, row by row: a number for the shell, one sentence for a person.
@Suite("Exit statuses")
struct ExitStatusTests {
    /// The first line of stderr names `part`; beside it there is at most a usage.
    private func expect(
        _ status: Int32, naming part: String, of run: Programs.Output,
        _ location: SourceLocation = #_sourceLocation
    ) {
        #expect(run.status == status, "\(run.stderr)", sourceLocation: location)
        let lines = run.stderr.split(separator: "\n")
        #expect(
            lines.first?.contains(part) == true, "\(run.stderr)", sourceLocation: location)
        #expect(lines.count == 1 || run.status == 64, "\(run.stderr)", sourceLocation: location)
    }

    @Test(arguments: [
        ["chipd", "check", "folder", "--unknown"], ["chipctl", "status", "--unknown"],
        ["hostagent", "train", "--unknown"],
    ])
    func anUnknownOptionIsAUsageError(_ command: [String]) throws {
        expect(
            64, naming: "--unknown", of: try Programs.run(command[0], Array(command.dropFirst())))
    }

    @Test(arguments: [
        (["chipctl", "status", "--timeout", "0", "--endpoint", "ipc:///tmp/x"], "--timeout"),
        (["chipctl", "status", "--chip", "0", "--endpoint", "ipc:///tmp/x"], "--chip"),
        (["chipctl", "status", "--endpoint", "udp://x"], "udp://x"),
        (["chipctl", "read", "--endpoint", "ipc:///tmp/x"], "--matrix or --tile"),
        (["chipctl", "lease", "acquire", "--endpoint", "ipc:///tmp/x"], "--session"),
        (["hostagent", "train", "--data", "digits", "--epochs", "0"], "--epochs"),
        (["hostagent", "train", "--data", "digits", "--rate", "nan"], "--rate"),
        (["hostagent", "train", "--data", "digits", "--model", "vgg"], "vgg"),
        (["hostagent", "train", "--data", "digits", "--endpoint", "tcp://x"], "tcp://x"),
        (["hostagent", "demo", "--endpoint", "tcp://127.0.0.1:7000"], "tcp://127.0.0.1:7000"),
        (["hostagent", "data", "corrupt", "--corruption", "rain", "--output", "x"], "rain"),
        (
            ["hostagent", "data", "corrupt", "--corruption", "fog", "--severity", "6", "-o", "x"],
            "--severity"
        ),
    ])
    func whatIsOutOfRangeIsNamed(_ command: [String], _ part: String) throws {
        expect(64, naming: part, of: try Programs.run(command[0], Array(command.dropFirst())))
    }

    /// Each option of a training that is out of range, or not allowed beside another.
    @Test(arguments: [
        ("--bits A9W2", "like A4W2, 2 … 8 each, not 'A9W2'"),
        ("--variation layer-fixed", "--variation needs --variation-sigma"),
        ("--variation-sigma 0.1", "--variation-sigma stands beside --variation"),
        ("--variation layer-fixed --variation-sigma 11", "--variation-sigma must be 0 … 10"),
        (
            "--variation layer-fixed --variation-sigma 0.1 --variation-samples 0",
            "--variation-samples must be 1 … 100"
        ),
        (
            "--variation layer-fixed --variation-sigma 0.1 --noise 0.1",
            "--variation and --noise exclude each other"
        ),
        ("--augment blur", "cutout, cutmix or augmix, not 'blur'"),
        ("--augment cutout --augment cutmix", "only one of cutout and cutmix"),
        ("--consistency 3", "--consistency must be 0 … 1000, beside --augment augmix"),
        ("--wage --noise 0.1", "--wage and --noise exclude each other"),
        ("--wage --augment augmix", "--wage goes without --augment augmix"),
        ("--normalised cifar10", "--normalised stands beside --start"),
        ("--start x --normalised mnist", "cifar10, cifar100, imagenet or six numbers"),
    ])
    func trainingOptionsAreChecked(_ options: String, _ part: String) throws {
        let words = options.split(separator: " ").map(String.init)
        expect(
            64, naming: part,
            of: try Programs.run("hostagent", ["train", "--data", "digits"] + words))
    }

    /// Before the first training.
    @Test func anExperimentLooksAtItsDaemonFirst() throws {
        let folder = try Folder()
        for (daemon, part) in [
            (folder.path("nowhere"), "there is no chip daemon at"),
            (folder.path(""), "there is no chip daemon at"),
            ("/bin/echo", "/bin/echo is not the chip daemon of version"),
        ] {
            expect(
                69, naming: part,
                of: try Programs.run(
                    "hostagent",
                    [
                        "experiment", "self-tuning", "--data", "digits", "--quick", "--chipd",
                        daemon, "--output", folder.path("table"),
                    ]))
        }
        #expect(!FileManager.default.fileExists(atPath: folder.path("table")))
    }

    @Test func anAbsentDaemonIsUnavailable() throws {
        let folder = try Folder()
        let endpoint = "ipc://\(folder.path("nobody"))"
        expect(
            69, naming: endpoint,
            of: try Programs.run("chipctl", ["status", "--endpoint", endpoint]))
        expect(
            69, naming: endpoint,
            of: try Programs.run(
                "hostagent", ["train", "--data", "digits", "--endpoint", endpoint]))
        // A socket that a killed daemon left behind refuses.
        let daemon = try Daemon(in: folder, spec: Daemon.smallSpec(in: folder))
        try RawHost(daemon.endpoint).takeLease()
        daemon.kill()
        expect(
            69, naming: daemon.endpoint,
            of: try Programs.run("chipctl", ["status", "--endpoint", daemon.endpoint]))
    }

    @Test func aChipThatIsNotServedIsUnavailable() throws {
        let folder = try Folder()
        let daemon = try Daemon(in: folder, spec: Daemon.smallSpec(in: folder))
        expect(
            69, naming: "no chip 7",
            of: try Programs.run(
                "chipctl", ["status", "--wait", "--chip", "7", "--endpoint", daemon.endpoint]))
        #expect(daemon.stop() == 0)
    }

    @Test func filesThatDoNotFitAreDataErrors() throws {
        let folder = try Folder()
        let daemon = try Daemon(in: folder, spec: Daemon.smallSpec(in: folder))
        let at = ["--wait", "--endpoint", daemon.endpoint]
        let map = try Programs.run("chipctl", ["map", "--rows", "4", "--columns", "3"] + at)
        #expect(map.status == 0, "\(map.stderr)")
        let sound = try folder.npy("sound.npy", "|i1", [4, 3]) { UInt8($0) }
        let whole = try Data(contentsOf: URL(fileURLWithPath: sound))
        for count in [0, 5, 60, whole.count - 1] {
            let short = folder.path("short.npy")
            try whole.prefix(count).write(to: URL(fileURLWithPath: short))
            expect(
                65, naming: short,
                of: try Programs.run("chipctl", ["program", "--matrix", "1", "--in", short] + at))
        }
        let other = try folder.npy("other.npy", "|i1", [3, 4]) { UInt8($0) }
        expect(
            65, naming: other,
            of: try Programs.run("chipctl", ["program", "--matrix", "1", "--in", other] + at))
        let absent = folder.path("absent.npy")
        expect(
            65, naming: absent,
            of: try Programs.run("chipctl", ["program", "--matrix", "1", "--in", absent] + at))
        expect(
            64, naming: "no matrix 9",
            of: try Programs.run("chipctl", ["program", "--matrix", "9", "--in", sound] + at))
        expect(
            65, naming: sound,
            of: try Programs.run("chipctl", ["status", "--session", sound] + at))
        // The result cannot be put where it is asked for.
        let program = try Programs.run("chipctl", ["program", "--matrix", "1", "--in", sound] + at)
        #expect(program.status == 0, "\(program.stderr)")
        let nowhere = folder.path("absent/read.csv")
        expect(
            73, naming: nowhere,
            of: try Programs.run("chipctl", ["read", "--matrix", "1", "--out", nowhere] + at))
        expect(
            74, naming: "/dev/full",
            of: try Programs.run("chipctl", ["read", "--matrix", "1", "--out", "/dev/full"] + at))
        #expect(daemon.stop() == 0)
    }

    @Test func whatTheChipDoesNotPermitIsSaidSo() throws {
        let folder = try Folder()
        let daemon = try Daemon(in: folder, spec: Daemon.smallSpec(in: folder))
        let at = ["--wait", "--endpoint", daemon.endpoint]
        // Held by another.
        let session = folder.path("session")
        let taken = try Programs.run("chipctl", ["lease", "acquire", "--session", session] + at)
        #expect(taken.status == 0, "\(taken.stderr)")
        expect(
            75, naming: "lease",
            of: try Programs.run("chipctl", ["map", "--rows", "4", "--columns", "3"] + at))
        // Given up by order of somebody else.
        let broken = try Programs.run("chipctl", ["lease", "break"] + at)
        #expect(broken.status == 0, "\(broken.stderr)")
        expect(
            77, naming: "lease",
            of: try Programs.run("chipctl", ["lease", "renew", "--session", session] + at))
        // Simulation controls are off.
        expect(
            77, naming: "simul", of: try Programs.run("chipctl", ["clock", "advance", "5"] + at))
        // More than there is.
        expect(
            77, naming: "tiles",
            of: try Programs.run("chipctl", ["map", "--rows", "9999", "--columns", "9999"] + at))
        #expect(daemon.stop() == 0)
    }

    /// Usage is for a command line that can't be, not for what is found while it runs.
    @Test func whatIsFoundWhileRunningIsOneSentence() throws {
        let folder = try Folder()
        let network = try NetworkCatalogue.make("lenet-8x8", seed: 1)
        let scales = try QuantisationScales.measured(
            network, on: EmbeddedDigits.load().training.first(10), method: .max)
        let file = folder.path("n.safetensors")
        try Checkpoint(network: network, scales: scales, command: "test", seed: 1).write(to: file)
        for (program, arguments) in [
            ("hostagent", ["evaluate", file, "--data", "digits", "--endpoint", "ipc:///x"]),
            ("hostagent", ["deploy", file, "--data", "digits", "--output", file]),
        ] {
            let run = try Programs.run(program, arguments)
            #expect(run.status == 64)
            #expect(run.stderr.hasPrefix("\(program): "), "\(run.stderr)")
            #expect(run.stderr.split(separator: "\n").count == 1, "\(run.stderr)")
        }
        let wrong = try Programs.run("hostagent", ["evaluate", "--images", "0"])
        #expect(wrong.status == 64 && wrong.stderr.contains("Usage: hostagent evaluate"))
    }

    @Test func networkFilesAreChecked() throws {
        let folder = try Folder()
        let at = ["--endpoint", "ipc://\(folder.path("nobody"))", "--data", "digits"]
        let foreign = try folder.write("not a network", to: "foreign.safetensors")
        for file in [foreign, folder.path("absent.safetensors")] {
            expect(65, naming: file, of: try Programs.run("hostagent", ["deploy", file] + at))
            expect(65, naming: file, of: try Programs.run("hostagent", ["evaluate", file] + at))
        }
        expect(
            65, naming: folder.path("empty"),
            of: try Programs.run(
                "hostagent", ["train", "--model", "lenet5", "--data", folder.path("empty")]))
        let nowhere = folder.path("absent/network.safetensors")
        expect(
            73, naming: nowhere,
            of: try Programs.run(
                "hostagent",
                ["train", "--data", "digits", "--epochs", "1", "--json", "--output", nowhere]))
    }

    @Test func imageFilesAreChecked() throws {
        let folder = try Folder()
        func corrupt(_ data: String, _ name: String, to output: String) throws -> Programs.Output {
            try Programs.run(
                "hostagent",
                ["data", "corrupt", "--data", data, "--corruption", name, "--output", output])
        }
        let output = folder.path("corrupted")
        let absent = folder.path("absent")
        expect(65, naming: absent, of: try corrupt(absent, "fog", to: output))
        expect(65, naming: "saturate", of: try corrupt("digits", "saturate", to: output))
        let nowhere = folder.path("absent/corrupted")
        expect(73, naming: nowhere, of: try corrupt("digits", "fog", to: nowhere))
        #expect(try corrupt("digits", "fog", to: output).status == 0)
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: output).sorted()
                == ["fog.npy", "labels.npy"])
    }
}
