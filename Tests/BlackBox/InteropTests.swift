import Foundation
import Testing

/// The client in another language, written from `firmware-specs/` alone.
@Suite("A client in another language")
struct InteropTests {
    private static let python = URL(fileURLWithPath: "/usr/bin/python3")

    /// What the client needs beside the system's Python; `nil`: all is there.
    private static let missing: String? = {
        guard FileManager.default.isExecutableFile(atPath: python.path) else {
            return "/usr/bin/python3 is not there"
        }
        let probe = try? Programs.run(
            "python3", ["-c", "import zmq, numpy, google.protobuf"], at: python)
        guard probe?.status == 0 else {
            return "python3-zmq, python3-numpy or python3-protobuf is not installed"
        }
        guard
            (try? Programs.run("protoc", ["--version"], at: URL(fileURLWithPath: "/usr/bin/protoc")))?
                .status == 0
        else { return "protobuf-compiler is not installed" }
        return nil
    }()

    @Test(.enabled(if: missing == nil, Comment(rawValue: missing ?? "")))
    func saysHelloMapsProgramsReadsAndMultiplies() throws {
        let folder = try Folder()
        let daemon = try Daemon(in: folder, spec: Daemon.smallSpec(in: folder))
        let client = Programs.repository.appendingPathComponent("Tests/Interop/client.py").path
        let run = try Programs.run(
            "python3", [client, "--endpoint", daemon.endpoint], at: Self.python)
        #expect(run.status == 0, "\(run.stdout)\(run.stderr)")
    }
}
