import Foundation
import Protocol
import TestSupport
import Testing

/// SIGKILL at any moment of programming: after the restart the chip is in the state of the last
/// answered command, or of the one that was under way, and in no other; a repeat is carried out
/// once.
@Suite("A killed daemon loses nothing", .serialized)
struct KillTests {
    private static let kills = 200
    private static let (rows, columns) = (40, 24)

    /// Command number `sequence` of every run: 1 maps, the others program.
    private func command(_ sequence: UInt64) -> (WireRequest.OneOf_Command, (WireTensor, Frame)?) {
        if sequence == 1 {
            return (
                .map(
                    .with {
                        $0.rows = UInt32(Self.rows)
                        $0.columns = UInt32(Self.columns)
                        $0.weightBits = 8
                        $0.codeMax = 127
                        $0.mapping = .differential
                    }), nil
            )
        }
        let codes = (0 ..< Self.rows * Self.columns).map {
            Int8(truncatingIfNeeded: ($0 &* 31 &+ Int(sequence) &* 57) % 255 - 127)
        }
        return (
            .program(
                .with {
                    $0.matrix = 1
                    $0.method = sequence % 3 == 0 ? .openLoop : .writeVerify
                    $0.readBack = sequence % 5 == 0
                }),
            (
                .with {
                    $0.type = .i8
                    $0.shape = [UInt32(Self.rows), UInt32(Self.columns)]
                    $0.unit = .code
                }, Frame(elements: codes)
            )
        )
    }

    private func carryOut(_ sequence: UInt64, _ host: RawHost) throws -> WireReply {
        let (command, tensor) = command(sequence)
        return try host.ask(command, sequence: sequence, tensor: tensor).reply
    }

    private func status(_ host: RawHost) throws -> WireStatusResult {
        try host.ask(.status(WireStatusQuery())).reply.status
    }

    @Test func everyKillLeavesAnAnsweredState() throws {
        let folder = try Folder()
        let spec = try Daemon.smallSpec(in: folder)

        // All legal states, from a daemon that is left alone.
        var digests: [Data] = []
        do {
            let daemon = try Daemon(in: folder, spec: spec, state: "reference", socket: "ref")
            let host = try RawHost(daemon.endpoint)
            try host.takeLease()
            digests.append(try status(host).stateDigest)
            for sequence in 1 ... UInt64(2 * Self.kills + 1) {
                let reply = try carryOut(sequence, host)
                #expect(!reply.hasError, "\(reply.error.message)")
                digests.append(try status(host).stateDigest)
            }
            #expect(daemon.stop() == 0)
        }
        #expect(Set(digests).count == digests.count)

        var generator = SeededGenerator(state: 42)
        var answered: UInt64 = 0
        var epoch: UInt64 = 0
        var done = (found: 0, lost: 0)
        for kill in 0 ..< Self.kills {
            let daemon = try Daemon(in: folder, spec: spec)
            let host = try RawHost(daemon.endpoint)
            if epoch == 0 {
                try host.takeLease()
                epoch = host.epoch
            }
            host.epoch = epoch

            let found = try status(host)
            #expect(found.sequenceLast == answered || found.sequenceLast == answered + 1)
            #expect(found.stateDigest == digests[Int(found.sequenceLast)], "kill \(kill)")
            let isDone = found.sequenceLast == answered + 1
            if kill > 0 { isDone ? (done.found += 1) : (done.lost += 1) }

            // The interrupted command is sent again with the same bytes.
            let reply = try carryOut(answered + 1, host)
            #expect(!reply.hasError, "\(reply.error.message)")
            #expect(reply.replayed == isDone)
            answered += 1
            #expect(try status(host).stateDigest == digests[Int(answered)])

            let (command, tensor) = command(answered + 1)
            try host.send(command, sequence: answered + 1, tensor: tensor)
            // Waits for the answer, but not long: the kill comes before, during or after the work.
            if try host.receive(milliseconds: Int.random(in: 0 ... 12, using: &generator)) != nil {
                answered += 1
            }
            daemon.kill()
            if answered + 2 >= UInt64(digests.count) { break }
        }
        // Both outcomes were met, or the kills did not fall into the work.
        #expect(done.found > 0)
        #expect(done.lost > 0)
        let check = try Programs.run("chipd", ["check", folder.path("state")])
        #expect(check.status == 0, "\(check.stderr)")
    }

    @Test func aStopIsCleanAndTheStateIsKept() throws {
        let folder = try Folder()
        let spec = try Daemon.smallSpec(in: folder)
        var digest = Data()
        for signal in [SIGTERM, SIGINT] {
            let daemon = try Daemon(in: folder, spec: spec)
            let host = try RawHost(daemon.endpoint)
            if digest.isEmpty {
                try host.takeLease()
                for sequence in 1 ... UInt64(3) { _ = try carryOut(sequence, host) }
                digest = try status(host).stateDigest
            }
            #expect(try status(host).stateDigest == digest)
            #expect(daemon.stop(signal) == 0)
        }
    }
}
