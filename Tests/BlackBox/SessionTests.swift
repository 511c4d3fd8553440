import Foundation
import Testing

/// `chipctl --session FILE`: what a killed host still knows.
@Suite("Sessions on the command line")
struct SessionTests {
    private struct Health: Decodable { var commands: String? }

    /// How many changing commands the chip has seen in its life.
    private func commands(_ at: [String]) throws -> Int {
        let run = try Programs.run("chipctl", ["health", "--json"] + at)
        #expect(run.status == 0, "\(run.stderr)")
        let health = try JSONDecoder().decode(Health.self, from: Data(run.stdout.utf8))
        return Int(health.commands ?? "0") ?? -1
    }

    /// Killed with a command under way: `resume` learns or completes it, once.
    @Test func aKilledCommandIsCarriedOutOnce() throws {
        let folder = try Folder()
        let daemon = try Daemon(in: folder, spec: Daemon.smallSpec(in: folder))
        let session = folder.path("session")
        let at = ["--endpoint", daemon.endpoint, "--session", session]
        let lease = try Programs.run("chipctl", ["lease", "acquire", "--wait"] + at)
        #expect(lease.status == 0, "\(lease.stderr)")
        let (rows, columns) = (128, 3_072)
        let map = try Programs.run(
            "chipctl", ["map", "--rows", "\(rows)", "--columns", "\(columns)"] + at)
        #expect(map.status == 0, "\(map.stderr)")
        let codes = try folder.npy("codes.npy", "|i1", [rows, columns]) { UInt8($0 * 7 % 128) }
        let before = try commands(at)

        let host = Process()
        host.executableURL = Programs.path("chipctl")
        host.arguments = ["program", "--matrix", "1", "--in", codes] + at
        host.standardOutput = FileHandle.nullDevice
        host.standardError = FileHandle.nullDevice
        try host.run()
        // The command's bytes are in the file before they are sent.
        func kept() -> Int {
            let attributes = try? FileManager.default.attributesOfItem(atPath: session)
            return attributes?[.size] as? Int ?? 0
        }
        while kept() < rows * columns, host.isRunning {}
        kill(host.processIdentifier, SIGKILL)
        host.waitUntilExit()
        #expect(host.terminationReason == .uncaughtSignal)

        let resumed = try Programs.run("chipctl", ["resume"] + at)
        #expect(resumed.status == 0, "\(resumed.stderr)")
        #expect(resumed.stdout.contains("was carried out"))
        #expect(try commands(at) == before + 1)
        let again = try Programs.run("chipctl", ["resume"] + at)
        #expect(again.stdout.contains("no command was under way"))
        #expect(try commands(at) == before + 1)
        #expect(daemon.stop() == 0)
    }

    /// `--wait`: the daemon is killed, and started while the host already asks.
    @Test func aDaemonThatComesBackIsWaitedFor() throws {
        let folder = try Folder()
        let spec = try Daemon.smallSpec(in: folder)
        let first = try Daemon(in: folder, spec: spec)
        let session = folder.path("session")
        let at = ["--wait", "--timeout", "60", "--session", session, "--endpoint", first.endpoint]
        let lease = try Programs.run("chipctl", ["lease", "acquire", "--term", "600"] + at)
        #expect(lease.status == 0, "\(lease.stderr)")
        first.kill()
        let host = Process()
        host.executableURL = Programs.path("chipctl")
        host.arguments = ["map", "--rows", "4", "--columns", "3"] + at
        host.standardOutput = FileHandle.nullDevice
        try host.run()
        let second = try Daemon(in: folder, spec: spec)
        host.waitUntilExit()
        #expect(host.terminationStatus == 0)
        #expect(try commands(at) == 1)
        #expect(second.stop() == 0)
    }
}
