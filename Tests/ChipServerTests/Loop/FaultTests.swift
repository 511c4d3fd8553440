import ChipServer
import Foundation
import Logging
import Protocol
import Testing

/// The emulator behind the daemon, on a real store.
@Suite("Faults over the wire")
struct FaultWireTests {
    private let folder: TestFolder
    private var endpoint: String { "ipc://\(folder.file("d"))" }

    init() throws { folder = try TestFolder() }

    private func daemon() throws -> Daemon {
        let spec = try ResolvedSpec(chipFile: ShippedSpecs.chip("rram-2b"))
        let state = try StateDirectory(path: folder.file("state"), spec: spec)
        let configuration = try ServerConfiguration(
            listen: endpoint, control: nil, events: nil, serials: "1", isSimulationOn: true,
            allowsPlainLoopback: false, threads: 2)
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        return try Daemon(configuration, state: state, logger: logger)
    }

    private func fault(_ fill: (inout WireSimulatedFault) -> Void) -> WireRequest.OneOf_Command {
        var fault = WireSimulatedFault()
        (fault.kind, fault.seed) = (.stuckOn, 7)
        fill(&fault)
        return .simulatedFault(fault)
    }

    private let health = WireRequest.OneOf_Command.health(WireHealthQuery())

    @Test func faultsAreCountedListedKeptAndCleared() throws {
        let first = try daemon()
        var control = try TestHost(endpoint + ".control")
        _ = try control.ask(.simulatedClock(.with { $0.action = .setManual }))
        let fresh = try control.ask(Commands.status).reply.status.stateDigest
        let none = try control.ask(fault { $0.probability = 0 }).reply
        #expect(none.simulatedFault == WireSimulatedFaultResult())
        #expect(try control.ask(Commands.status).reply.status.stateDigest == fresh)
        let stuck = try control.ask(fault { $0.count = 70 }).reply.simulatedFault
        #expect((stuck.added, stuck.total) == (70, 70))
        let line = fault {
            ($0.kind, $0.bank, $0.tiles, $0.count) = (.deadBitLine, "nvm", [5], 128)
        }
        let dead = try control.ask(line).reply.simulatedFault
        #expect((dead.added, dead.total) == (128, 198))
        let offset = fault {
            ($0.kind, $0.tiles, $0.count, $0.offsetLsb) = (.adcOffset, [0], 1, -2.5)
        }
        #expect(try control.ask(offset).reply.simulatedFault.total == 199)
        let faults = try control.ask(health).reply.health.faults
        #expect(faults.count == 65)
        #expect(faults.first == "the ADC of tile 0 is off by -2.5 LSB")
        #expect(faults.last == "and 135 more")
        let broken = try control.ask(Commands.status).reply.status.stateDigest
        #expect(broken != fresh)
        first.stop()

        // It holds the state for as long as it is there.
        do {
            let inspection = try StateInspection(path: folder.file("state"), serial: nil)
            #expect(inspection.check(serial: 1).isEmpty)
            let summary = try inspection.show(serial: 1)
            #expect(summary.faults == 199)
            #expect(summary.table.contains("199"))
        }

        let second = try daemon()
        defer { second.stop() }
        control = try TestHost(endpoint + ".control")
        #expect(try control.ask(health).reply.health.faults == faults)
        #expect(try control.ask(Commands.status).reply.status.stateDigest == broken)
        let host = try TestHost(endpoint)
        let read = try host.ask(
            .read(
                .with {
                    $0.ofTile = true
                    $0.tile = 5
                }))
        #expect(read.tensors.first?.elements(of: Float.self)?.allSatisfy { $0 == 0 } == true)
        let snapshot = WireRequest.OneOf_Command.simulatedSnapshot(.with { $0.name = "broken" })
        #expect(try control.ask(snapshot).reply.simulatedSnapshot.stateDigest == broken)
        let cleared = try control.ask(.simulatedFault(.with { $0.clear = true })).reply
        #expect(!cleared.hasError)
        #expect(cleared.simulatedFault.total == 0)
        #expect(try control.ask(health).reply.health.faults.isEmpty)
        let restore = WireRequest.OneOf_Command.simulatedRestore(.with { $0.name = "broken" })
        #expect(try control.ask(restore).reply.simulatedRestore.stateDigest == broken)
        #expect(try control.ask(health).reply.health.faults == faults)
    }

    /// Asks until the listener, whose subscription travels on its own, hears the kind.
    private func event(
        _ kind: WireEvent.Kind, _ listener: TestHost, _ ask: () throws -> Void
    ) throws -> WireEvent {
        for _ in 0 ..< 100 {
            try ask()
            while let message = try? listener.receiveRaw(milliseconds: 50) {
                let event = try #require(Codec.decodeEvent(message))
                if event.kind == kind { return event }
            }
        }
        throw TestHost.NoAnswer()
    }

    @Test func faultsAndWearArePublished() throws {
        let daemon = try daemon()
        defer { daemon.stop() }
        let listener = try TestHost(endpoint + ".events", .sub)
        let control = try TestHost(endpoint + ".control")
        var total: UInt64 = 0
        let broken = try event(.fault, listener) {
            total = try control.ask(fault { ($0.tiles, $0.count) = ([7], 2) })
                .reply.simulatedFault.total
        }
        #expect(broken.topic == "fault.1")
        #expect(broken.text == "2 added, \(total) in all")

        // 10⁶ pulses: r = 5.49, G_off 3.64 µS, level 0 of 2 µS is out of the band of 0.6 µS.
        let host = try TestHost(endpoint)
        _ = try host.ask(.leaseAcquire(.with { $0.termMs = 60_000 }))
        let region = WireRegion.with { ($0.rows, $0.columns) = (2, 2) }
        _ = try host.ask(
            .pulse(
                .with {
                    $0.region = region
                    $0.direction = .alternating
                    $0.pulses = 1_000_000
                    $0.step = 0.1
                }), sequence: 1)
        var sequence: UInt64 = 1
        var result = WireProgramResult()
        let wear = try event(.wear, listener) {
            sequence += 1
            result = try host.ask(
                Commands.program {
                    $0.matrix = 0
                    $0.conductances = true
                    $0.method = .writeVerify
                    $0.region = region
                }, sequence: sequence,
                tensors: [
                    Commands.tensor(.f32, [2, 2], .microsiemens, [2, 2, 2, 2] as [Float])
                ]
            ).reply.program
        }
        #expect(wear.topic == "wear.1")
        #expect(result.windowClosed > 0)
        #expect(
            wear.text
                == "0 cells newly stuck, \(result.windowClosed) without a window for their target")
    }

    @Test func wrongRequestsAreRefusedWithASentence() throws {
        let test = try TestDaemon(isSimulationOn: true)
        let control = try TestHost(test.endpoint + ".control")
        let cases: [(WireRequest.OneOf_Command, String)] = [
            (fault { $0.kind = .unspecified }, "kind is 0; allowed: 1 … 5"),
            (fault { $0.probability = 1.5 }, "probability is 1.5; allowed: 0.0 … 1.0"),
            (fault { $0.probability = .nan }, "probability is nan; allowed: 0.0 … 1.0"),
            (
                fault { ($0.count, $0.probability) = (1, 0.5) },
                "count is 1 and probability 0.5; allowed: one of them"
            ),
            (fault { $0.offsetLsb = 1 }, "offset_lsb is 1.0, but only the kind ADC_OFFSET has one"),
            (
                fault { $0.kind = .adcOffset },
                "offset_lsb is 0.0; allowed: -256 … 256, not 0"
            ),
            (
                fault { ($0.kind, $0.offsetLsb) = (.adcOffset, 257) },
                "offset_lsb is 257.0; allowed: -256 … 256, not 0"
            ),
            (
                fault { $0.tiles = Array(repeating: 0, count: 65_537) },
                "tiles is 65537 entries long; allowed: at most 65536"
            ),
            (fault { $0.bank = "a\nb" }, "bank contains a control character"),
            (fault { $0.clear = true }, "clear is true, but other fields are given too"),
        ]
        for (command, sentence) in cases {
            let error = try control.ask(command).reply.error
            #expect(error.message.contains(sentence), "\(error.message)")
        }
        #expect(test.chip.log == ["open"])
    }

    @Test func withoutSimulationControlsThereAreNone() throws {
        let test = try TestDaemon()
        let control = try TestHost(test.endpoint + ".control")
        let reply = try control.ask(fault { $0.count = 1 }).reply
        #expect(reply.error.reason == .simulationOff)
        #expect(test.chip.log.isEmpty)
    }
}
