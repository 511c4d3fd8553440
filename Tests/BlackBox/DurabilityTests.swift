import Foundation
import Protocol
import Testing

/// What the system sees: a changing command is synced to the disk before its reply leaves.
@Suite("Synced before answered")
struct DurabilityTests {
    private static let strace = URL(fileURLWithPath: "/usr/bin/strace")

    /// Why the daemon cannot be traced here; `nil`: it can.
    private static let missing: String? = {
        guard FileManager.default.isExecutableFile(atPath: strace.path) else {
            return "strace is not installed"
        }
        let probe = try? Programs.run("strace", ["-e", "trace=none", "/bin/true"], at: strace)
        return probe?.status == 0 ? nil : "this system does not let a process be traced"
    }()

    private enum Seen { case request, sync, reply }

    @Test(.enabled(if: missing == nil, Comment(rawValue: missing ?? "")))
    func everyChangeIsSyncedBeforeItsReplyLeaves() throws {
        let folder = try Folder()
        let spec = try Daemon.smallSpec(in: folder)
        let trace = folder.path("trace")
        let daemon = try Daemon(
            in: folder, spec: spec,
            tracedBy: [
                Self.strace.path, "-f", "-o", trace, "-s", "0", "-e",
                "trace=fdatasync,fsync,recvfrom,sendto",
            ])
        let host = try RawHost(daemon.endpoint)
        try host.takeLease()
        let map = WireRequest.OneOf_Command.map(
            .with {
                $0.rows = 8
                $0.columns = 8
                $0.weightBits = 2
                $0.mapping = .differential
            })
        _ = try host.ask(map, sequence: 1)
        let changes = 10
        for sequence in 2 ... UInt64(changes) {
            let codes = (0 ..< 64).map { Int8(($0 + Int(sequence)) % 7) - 3 }
            let reply = try host.ask(
                .program(
                    .with {
                        $0.matrix = 1
                        $0.method = .openLoop
                    }), sequence: sequence,
                tensor: (
                    .with {
                        $0.type = .i8; $0.shape = [8, 8]; $0.unit = .code
                    },
                    Frame(elements: codes)
                )
            ).reply
            #expect(!reply.hasError, "\(reply.error.message)")
        }
        _ = daemon.stop()

        // Messages have more than 32 bytes; libzmq's wake-ups and its handshake have fewer.
        let seen = try String(contentsOfFile: trace, encoding: .utf8).split(separator: "\n")
            .compactMap { line -> Seen? in
                let size = line.split(separator: " ").last.flatMap { Int($0) } ?? -1
                if line.contains("sync"), size == 0 { return .sync }
                if line.contains("recvfrom"), size > 32 { return .request }
                if line.contains("sendto"), size > 32 { return .reply }
                return nil
            }
        var isSynced = false
        var replies: [Bool] = []
        for event in seen {
            switch event {
            case .request: isSynced = false
            case .sync: isSynced = true
            case .reply: replies.append(isSynced)
            }
        }
        // The lease's grant and every change; what was sent before is libzmq's handshake.
        let answers = replies.suffix(changes + 1)
        #expect(answers.count == changes + 1)
        #expect(answers.allSatisfy { $0 })
    }
}
