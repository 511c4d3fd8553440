import Foundation
import Testing

/// Bad input gets one sentence and the exit status of `firmware-specs/exit-status.md`.
@Suite("The programs on the command line")
struct CommandLineTests {
    @Test(arguments: ["chipd", "chipctl", "hostagent"])
    func helpAndVersionAreThere(_ program: String) throws {
        let help = try Programs.run(program, ["--help"])
        #expect(help.status == 0)
        #expect(help.stdout.contains("USAGE: \(program)"))
        let version = try Programs.run(program, ["--version"])
        #expect(version.status == 0)
        #expect(version.stdout.split(separator: ".").count == 3)
    }

    @Test(arguments: ["chipd", "chipctl", "hostagent"])
    func aShellCanCompleteThem(_ program: String) throws {
        let run = try Programs.run(program, ["--generate-completion-script", "bash"])
        #expect(run.status == 0)
        let folder = try Folder()
        let script = try folder.write(run.stdout, to: "completion")
        let shell = try Programs.run(
            "bash", ["-c", "source '\(script)' && complete -p \(program)"],
            at: URL(fileURLWithPath: "/bin/bash"))
        #expect(shell.status == 0, "\(shell.stderr)")
        #expect(shell.stdout.contains(program))
    }

    @Test(arguments: [
        ("tiles: 192", "tiles: 0", "tiles"),
        ("dac_bits: 8", "dac_bits: 80", "dac_bits"),
        ("read_voltage_V:", "read_voltage:", "read_voltage"),
        ("wires: ideal", "wires: copper", "wires"),
    ])
    func aWrongSpecIsNamed(_ good: String, _ bad: String, _ key: String) throws {
        let folder = try Folder()
        let spec = try Daemon.smallSpec(in: folder)
        let text = try String(contentsOfFile: spec, encoding: .utf8)
        try #require(text.contains(good))
        let wrong = try folder.write(
            text.replacingOccurrences(of: good, with: bad), to: "specs/chips/wrong.yaml")
        let run = try Programs.run(
            "chipd",
            [
                "serve", "--state", folder.path("state"), "--chip", wrong, "--listen",
                "ipc://\(folder.path("chip"))",
            ])
        #expect(run.status == 65)
        #expect(run.stderr.contains("wrong.yaml"))
        #expect(run.stderr.contains(key))
    }

    @Test func aSecondDaemonOnTheSameStateIsRefused() throws {
        let folder = try Folder()
        let spec = try Daemon.smallSpec(in: folder)
        let daemon = try Daemon(in: folder, spec: spec)
        let host = try RawHost(daemon.endpoint)
        try host.takeLease()
        let second = try Programs.run(
            "chipd",
            [
                "serve", "--state", folder.path("state"), "--chip", spec, "--listen",
                "ipc://\(folder.path("other"))",
            ])
        #expect(second.status == 75)
        #expect(second.stderr.contains(folder.path("state")))
        #expect(daemon.stop() == 0)
    }

    @Test(arguments: ["tcp://127.0.0.1:5999", "tcp://*:5999", "ipc://@abstract", "udp://x"])
    func otherEndpointsAreRefused(_ endpoint: String) throws {
        let folder = try Folder()
        let run = try Programs.run(
            "chipd",
            [
                "serve", "--state", folder.path("state"), "--chip",
                Daemon.smallSpec(in: folder), "--listen", endpoint,
            ])
        #expect(run.status != 0)
        #expect(run.stderr.contains(endpoint))
    }

    @Test func faultsAreMadeListedAndCleared() throws {
        let folder = try Folder()
        let daemon = try Daemon(
            in: folder, spec: Daemon.smallSpec(in: folder), arguments: ["--simulation-controls"])
        let at = ["--endpoint", daemon.endpoint, "--wait"]
        let steps: [(words: [String], says: String)] = [
            (["fault", "stuck-on", "--count", "2", "--tile", "3", "--seed", "5"], "in all  2"),
            (["fault", "dead-bit-line", "--count", "1", "--bank", "nvm"], "in all  3"),
            (["health"], "of tile 3 is stuck ON"),
            (["fault", "clear"], "in all  0"),
        ]
        for (words, sentence) in steps {
            let run = try Programs.run("chipctl", words + at)
            #expect(run.status == 0, "\(run.stderr)")
            #expect(run.stdout.contains(sentence), "\(run.stdout)")
        }
        #expect(daemon.stop() == 0)
    }

    private struct DemoOutput: Decodable {
        struct Result: Decodable { var stages: [Stage] }
        struct Stage: Decodable {
            var name: String
            var accuracies: [Double]
            var mean: Double { accuracies.reduce(0, +) / Double(accuracies.count) }
        }
        var result: Result
    }

    /// Five chips: within 2 points of the digital integers after write-verify, and better after
    /// adaptation than before.
    @Test func theDemonstrationKeepsItsWord() throws {
        let folder = try Folder()
        let page = folder.path("report.html")
        let spec = Programs.repository.appendingPathComponent("firmware-specs/chips/rram-2b.yaml")
        let run = try Programs.run(
            "hostagent", ["demo", "--json", "--report", page, "--spec", spec.path])
        #expect(run.status == 0, "\(run.stderr)")
        let stages = try JSONDecoder().decode(DemoOutput.self, from: Data(run.stdout.utf8)).result
            .stages
        func accuracy(_ part: String) throws -> Double {
            try #require(stages.first { $0.name.contains(part) }).mean
        }
        #expect(abs(try accuracy("8-bit") - accuracy("write-verify")) <= 0.02)
        #expect(try accuracy("adaptation") > accuracy("restarted"))
        let text = try String(contentsOfFile: page, encoding: .utf8)
        #expect(text.contains("<svg"))
        // Opens without a network.
        #expect(!text.contains("src=\"http"))
        #expect(!text.contains("href=\"http"))
    }

    /// As when the program that started it is killed: nobody is left to send a signal.
    @Test func aDaemonEndsWithItsInput() throws {
        let folder = try Folder()
        let input = Pipe()
        let daemon = try Daemon(
            in: folder, spec: Daemon.smallSpec(in: folder), arguments: ["--until-input-ends"],
            input: input)
        let described = try Programs.run(
            "chipctl", ["describe", "--wait", "--endpoint", daemon.endpoint])
        #expect(described.status == 0, "\(described.stderr)")
        try input.fileHandleForWriting.close()
        #expect(daemon.waitUntilExit() == 0, "\(daemon.logText)")
    }
}
