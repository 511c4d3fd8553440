import Foundation
import Testing

/// The fidelity report against running chips: right ones, and ones that were altered behind its back.
@Suite("nvcim-fidelity")
struct FidelityTests {
    /// What a finding must have; `pass` is null where a law could not be checked.
    private struct Finding: Decodable {
        var law: String
        var number: String
        var figure: String
        var chip: String
        var technology: String
        var unit: String
        var samples: Int
        var expected: Double?
        var measured: Double?
        var bound: Double?
        var boundKind: String?
        var pass: Bool?
        var source: String
    }

    private struct Run {
        var status: Int32
        var stdout: String
        var findings: [Finding]
        var failed: Set<String> { Set(findings.filter { $0.pass == false }.map(\.law)) }
    }

    private func run(
        _ laws: [String], on daemon: Daemon, in folder: Folder, html: Bool = false
    ) throws -> Run {
        let json = folder.path("fidelity.json")
        let run = try Programs.run(
            "nvcim-fidelity",
            ["--endpoint", daemon.endpoint, "--wait", "--json", json]
                + (html ? ["--html", folder.path("fidelity.html")] : [])
                + laws.flatMap { ["--only", $0] })
        let data = try Data(contentsOf: URL(fileURLWithPath: json))
        return Run(
            status: run.status, stdout: run.stdout + run.stderr,
            findings: try JSONDecoder().decode([Finding].self, from: data))
    }

    /// A chip of RRAM-2b whose device file says something else in one line.
    private func alteredSpec(_ key: String, _ value: String, in folder: Folder) throws -> String {
        let spec = try Daemon.smallSpec(in: folder)
        let device = folder.path("specs/devices/rram-2b.yaml")
        let lines = try String(contentsOfFile: device, encoding: .utf8).split(
            separator: "\n", omittingEmptySubsequences: false
        ).map { line in
            line.drop { $0 == " " }.hasPrefix("\(key):")
                ? "\(line.prefix { $0 == " " })\(key): {value: \(value), source: test}"
                : String(line)
        }
        _ = try folder.write(lines.joined(separator: "\n"), to: "specs/devices/rram-2b.yaml")
        return spec
    }

    @Test func aRightChipPassesAndIsReported() throws {
        let folder = try Folder()
        let daemon = try Daemon(
            in: folder, spec: Daemon.smallSpec(in: folder), arguments: ["--simulation-controls"])
        let run = try run(
            [
                "data-sheet", "levels", "read-noise", "adc", "exactly-once", "snapshot", "digital",
                "drift",
            ], on: daemon, in: folder, html: true)
        #expect(run.status == 0, "\(run.stdout)")
        #expect(run.failed.isEmpty)
        for finding in run.findings where finding.pass != nil {
            let expected = try #require(finding.expected)
            let measured = try #require(finding.measured)
            let bound = try #require(finding.bound)
            #expect(abs(measured - expected) <= bound)
            #expect(["99.9 %", "tolerance", "exact"].contains(finding.boundKind))
            #expect(finding.samples > 0 && !finding.source.isEmpty && !finding.number.isEmpty)
            #expect(finding.chip == "rram-2b 1" && finding.technology == "rram-2b")
        }
        // No digital bank was shown: said, not passed.
        let digital = run.findings.filter { $0.law == "digital" }
        #expect(digital.count == 1 && digital[0].pass == nil)
        #expect(run.stdout.contains("no chip was given that it concerns"))
        let page = try String(contentsOfFile: folder.path("fidelity.html"), encoding: .utf8)
        #expect(page.contains("<svg") && !page.contains("http"))
        #expect(daemon.stop() == 0)
    }

    /// Each law fails where its own parameter was altered, and only there.
    @Test(arguments: [
        ("read_noise_relative", "0.2", ["read-noise"]),
        ("programming_noise_relative", "0.12", ["open-loop"]),
        ("tolerance_of_on", "0.04", ["write-verify"]),
        ("window_exponent", "0.3", ["window"]),
        ("window_pulses", "1.2e5", ["closed-window"]),
        ("lifetime_scale_pulses", "2e7", ["lives"]),
        ("drift_coefficient", "0.041", ["drift"]),
    ])
    func anAlteredChipFailsItsLaw(key: String, value: String, laws: [String]) throws {
        let folder = try Folder()
        let daemon = try Daemon(
            in: folder, spec: alteredSpec(key, value, in: folder),
            arguments: ["--simulation-controls"])
        let run = try run(laws + ["repeated-reads", "exactly-once"], on: daemon, in: folder)
        #expect(run.status == 1)
        let alsoNoise = key == "read_noise_relative" ? ["repeated-reads"] : []
        #expect(run.failed == Set(laws + alsoNoise), "\(run.stdout)")
        #expect(daemon.stop() == 0)
    }

    @Test func withoutSimulationLawsAreSkippedInWords() throws {
        let folder = try Folder()
        let daemon = try Daemon(in: folder, spec: Daemon.smallSpec(in: folder))
        let run = try run(["drift", "snapshot", "read-noise"], on: daemon, in: folder)
        #expect(run.status == 0, "\(run.stdout)")
        for finding in run.findings where finding.law != "read-noise" {
            #expect(finding.pass == nil)
            #expect(finding.source.contains("simulation-controls"))
        }
        #expect(run.findings.contains { $0.pass == true })
        #expect(daemon.stop() == 0)
    }

    @Test func aLawThatIsNotThereIsRefused() throws {
        let run = try Programs.run(
            "nvcim-fidelity", ["--endpoint", "ipc:///tmp/absent", "--only", "gravity"])
        #expect(run.status == 64)
        #expect(run.stderr.contains("gravity") && run.stderr.contains("drift"))
    }
}
