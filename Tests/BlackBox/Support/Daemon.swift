import Foundation
import Glibc

/// A `chipd serve` that a test started, and ends.
final class Daemon {
    let endpoint: String
    let state: String
    private let process = Process()
    private let log: String

    /// A chip of few tiles on a manual clock: the same commands give the same state.
    static func smallSpec(in folder: Folder) throws -> String {
        let specs = Programs.repository.appendingPathComponent("firmware-specs")
        try FileManager.default.createDirectory(
            atPath: folder.path("specs/chips"), withIntermediateDirectories: true)
        if !FileManager.default.fileExists(atPath: folder.path("specs/devices")) {
            try FileManager.default.copyItem(
                at: specs.appendingPathComponent("devices"),
                to: folder.url.appendingPathComponent("specs/devices"))
        }
        let shipped = try String(
            contentsOf: specs.appendingPathComponent("chips/rram-2b.yaml"), encoding: .utf8)
        var lines: [String] = []
        for line in shipped.split(separator: "\n", omittingEmptySubsequences: false) {
            let key = line.trimmingCharacters(in: .whitespaces)
            if key.hasPrefix("mode:") {
                lines.append(line.replacingOccurrences(of: key, with: "mode: manual"))
            } else if !key.hasPrefix("rate_s_per_s:") {
                lines.append(String(line))
            }
        }
        return try folder.write(lines.joined(separator: "\n"), to: "specs/chips/small.yaml")
    }

    init(
        in folder: Folder, spec: String, state: String = "state", socket: String = "chip",
        arguments: [String] = []
    ) throws {
        endpoint = "ipc://\(folder.path(socket))"
        self.state = folder.path(state)
        log = folder.path("\(state).log")
        _ = FileManager.default.createFile(atPath: log, contents: nil)
        process.executableURL = Programs.path("chipd")
        process.arguments =
            ["serve", "--state", self.state, "--chip", spec, "--listen", endpoint] + arguments
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle(forWritingAtPath: log)
        process.standardInput = FileHandle.nullDevice
        try process.run()
    }

    deinit { if process.isRunning { kill() } }

    var processIdentifier: Int32 { process.processIdentifier }

    /// SIGKILL: nothing can be saved.
    func kill() {
        Glibc.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    /// SIGTERM or SIGINT; returns the exit status.
    func stop(_ signal: Int32 = SIGTERM) -> Int32 {
        Glibc.kill(process.processIdentifier, signal)
        process.waitUntilExit()
        return process.terminationReason == .exit ? process.terminationStatus : -signal
    }

    var logText: String { (try? String(contentsOfFile: log, encoding: .utf8)) ?? "" }
}
