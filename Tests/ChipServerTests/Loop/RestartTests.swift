import ChipServer
import Foundation
import Logging
import Protocol
import Testing

/// The emulator behind the daemon, on a real store.
@Suite("A restarted daemon has the same chip")
struct RestartTests {
    private func daemon(_ folder: TestFolder) throws -> Daemon {
        let spec = try ResolvedSpec(chipFile: ShippedSpecs.chip("rram-2b"))
        let state = try StateDirectory(path: folder.file("state"), spec: spec)
        let configuration = try ServerConfiguration(
            listen: "ipc://\(folder.file("d"))", control: nil, events: nil, serials: "1",
            isSimulationOn: true, allowsPlainLoopback: false, threads: 2)
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        return try Daemon(configuration, state: state, logger: logger)
    }

    @Test func stateLeaseAndRepliesSurvive() throws {
        let folder = try TestFolder()
        let endpoint = "ipc://\(folder.file("d"))"
        let weights = (0 ..< 128 * 96).map { Int16($0 % 511 - 255) }
        let tensor = Commands.tensor(.i16, [128, 96], .code, weights)

        let first = try daemon(folder)
        var host = try TestHost(endpoint)
        _ = try TestHost(endpoint + ".control").ask(
            .simulatedClock(.with { $0.action = .setManual }))
        #expect(
            try host.ask(.leaseAcquire(.with { $0.termMs = 60_000 })).reply.lease.grants[0].epoch
                == 1)
        let map = WireRequest.OneOf_Command.map(
            .with {
                $0.rows = 128
                $0.columns = 96
                $0.weightBits = 8
                $0.mapping = .differential
            })
        #expect(!(try host.ask(map, sequence: 1).reply.hasError))
        let written = try host.ask(Commands.program(), sequence: 2, tensors: [tensor]).reply
        #expect(written.program.written == 128 * 96 * 8)
        let before = try host.ask(Commands.status).reply.status
        first.stop()

        let second = try daemon(folder)
        defer { second.stop() }
        host = try TestHost(endpoint)
        let after = try host.ask(Commands.status).reply.status
        #expect(after.stateDigest == before.stateDigest)
        #expect(after.matrices == before.matrices)
        #expect(after.clockMode == .manual)
        #expect(after.chipTimeS == before.chipTimeS)
        #expect(after.lease.yours)
        #expect(after.lease.epoch == 1)
        let again = try host.ask(Commands.program(), sequence: 2, tensors: [tensor]).reply
        #expect(again.replayed)
        #expect(again.program == written.program)
        #expect(try host.ask(Commands.status).reply.status.stateDigest == before.stateDigest)
    }
}
