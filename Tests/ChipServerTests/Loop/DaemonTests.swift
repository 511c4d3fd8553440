import ChipCore
import ChipServer
import Foundation
import Protocol
import Testing

@Suite("The daemon: order, exactly once, limits, and who waits for whom")
struct DaemonTests {
    @Test func aSessionsCommandsKeepTheirOrder() throws {
        let test = try TestDaemon()
        let host = try TestHost(test.endpoint)
        var sent: [UInt64] = []
        for sequence in 1 ... 8 as ClosedRange<UInt64> {
            sent.append(try host.send(Commands.calibrate, sequence: sequence))
        }
        let got = try sent.map { _ in try host.receive().reply }
        #expect(got.map(\.requestID) == sent)
        #expect(got.map(\.sequence) == Array(1 ... 8))
        #expect(test.chip.log == ["open"] + (1 ... 8).map { "change \($0)" })
    }

    @Test func aReplyCarriesWhatTheChipSaid() throws {
        let test = try TestDaemon()
        let host = try TestHost(test.endpoint)
        let (reply, tensors) = try host.ask(
            Commands.program { $0.readBack = true }, sequence: 1, tensors: [Commands.codes])
        #expect(!reply.hasError)
        #expect(reply.effect == .full)
        #expect(reply.backend == .emulator)
        #expect(reply.chipTimeS == 1.5)
        #expect(reply.warnings == ["w"])
        #expect(reply.program.cells == 4)
        #expect(reply.tensors.map(\.label) == ["f32 [2, 2]", "u8 [1, 1, 2, 2]"])
        #expect(reply.tensors.map(\.unit) == [.weight, .cellStatus])
        #expect(tensors[0].elements(of: Float.self) == [1, 2, 3, 4])
    }

    @Test func aRepeatGetsTheStoredReplyWithItsOwnRequestID() throws {
        let test = try TestDaemon()
        let host = try TestHost(test.endpoint)
        let first = try host.ask(Commands.program(), sequence: 1, tensors: [Commands.codes])
        let again = try host.ask(Commands.program(), sequence: 1, tensors: [Commands.codes])
        #expect(!first.reply.replayed)
        #expect(again.reply.replayed)
        #expect(again.reply.requestID == first.reply.requestID + 1)
        var same = again.reply
        same.replayed = false
        same.requestID = first.reply.requestID
        #expect(same == first.reply)
        #expect(again.tensors.map(\.bytes) == first.tensors.map(\.bytes))
    }

    @Test func aQueryBringsTheStoredReplyAndItsTensors() throws {
        let test = try TestDaemon()
        let host = try TestHost(test.endpoint)
        let first = try host.ask(Commands.program(), sequence: 1, tensors: [Commands.codes])
        let control = try TestHost(test.endpoint + ".control")
        let done = try control.ask(.query(.with { $0.sequence = 1 }))
        #expect(done.reply.query.state == .done)
        #expect(done.reply.query.reply.program == first.reply.program)
        #expect(done.tensors.map(\.bytes) == first.tensors.map(\.bytes))
        let never = try control.ask(.query(.with { $0.sequence = 2 }))
        #expect(never.reply.query.state == .neverSeen)
    }

    @Test func theNinthRequestInFlightIsRefused() throws {
        let test = try TestDaemon(held: [1])
        let host = try TestHost(test.endpoint)
        for sequence in 1 ... 9 as ClosedRange<UInt64> {
            try host.send(Commands.calibrate, sequence: sequence)
        }
        let refused = try host.receive().reply
        #expect(refused.sequence == 9)
        #expect(refused.error.code == .resourceExhausted)
        #expect(refused.error.reason == .queueFull)
        #expect(refused.error.retry == .afterBackoff)
        // Another session has room of its own.
        let other = try TestHost(test.endpoint)
        other.session = Data(repeating: 2, count: 16)
        try other.send(Commands.calibrate, sequence: 20)
        test.chip.openGate()
        #expect(try (1 ... 8).map { _ in try host.receive().reply.sequence } == Array(1 ... 8))
        #expect(try other.receive().reply.sequence == 20)
    }

    @Test func theDataSheetNamesTheResistancesOfTheWires() throws {
        for (spec, ohms) in [("rram-2b", [0.0, 0, 0, 0]), ("rram-wires", [1000, 5, 10, 1000])] {
            let test = try TestDaemon(spec: spec)
            let host = try TestHost(test.endpoint)
            let wires = try withExtendedLifetime(test) {
                try host.ask(.describe(WireDescribe())).reply.describe.wires
            }
            #expect(
                [wires.driverOhm, wires.rowWireOhm, wires.columnWireOhm, wires.senseOhm] == ohms)
        }
    }

    @Test func theControlSocketNeverWaitsForWork() throws {
        let test = try TestDaemon(held: [1])
        let host = try TestHost(test.endpoint)
        let change = try host.send(Commands.calibrate, sequence: 1)
        test.chip.begun.wait()
        let status = try host.send(Commands.status)
        let control = try TestHost(test.endpoint + ".control")
        #expect(try control.ask(Commands.status).reply.status.tiles == 2)
        #expect(try control.ask(.health(WireHealthQuery())).reply.health.cells == 2)
        #expect(try control.ask(.describe(WireDescribe())).reply.describe.banks.count == 1)
        #expect(try control.ask(.query(.with { $0.sequence = 1 })).reply.query.state == .running)
        // Only hello goes past what waits on the command socket.
        #expect(try host.ask(Commands.hello).reply.hello.chips == [1])
        test.chip.openGate()
        #expect(try host.receive().reply.requestID == change)
        #expect(try host.receive().reply.requestID == status)
    }

    @Test func aDeadlineCountsWhileACommandWaits() throws {
        let test = try TestDaemon(held: [1])
        let host = try TestHost(test.endpoint)
        try host.send(Commands.calibrate, sequence: 1)
        test.chip.begun.wait()
        try host.send(Commands.calibrate, sequence: 2, deadline: 100)
        try host.send(Commands.calibrate, sequence: 3, deadline: 500)
        // Both have been received once this is answered.
        _ = try host.ask(Commands.hello)
        test.boot.advance(milliseconds: 100)
        test.chip.openGate()
        #expect(!(try host.receive().reply.hasError))
        let late = try host.receive().reply
        #expect(late.error.code == .deadlineExceeded)
        #expect(late.effect == .none)
        #expect(!(try host.receive().reply.hasError))
        #expect(test.chip.log == ["open", "change 1", "change 3"])
    }

    @Test func aRunningCommandIsToldOfItsDeadline() throws {
        let test = try TestDaemon(held: [1])
        let host = try TestHost(test.endpoint)
        try host.send(Commands.calibrate, sequence: 1, deadline: 50)
        test.chip.begun.wait()
        test.boot.advance(milliseconds: 50)
        #expect(try host.receive().reply.error.message == "during the work")
    }

    @Test func waitingAndRunningCommandsAreCancelled() throws {
        let test = try TestDaemon(held: [1])
        let host = try TestHost(test.endpoint)
        try host.send(Commands.calibrate, sequence: 1)
        test.chip.begun.wait()
        try host.send(Commands.calibrate, sequence: 2)
        _ = try host.ask(Commands.hello)
        let control = try TestHost(test.endpoint + ".control")
        for sequence in [2, 1, 3] as [UInt64] {
            let reply = try control.ask(.cancel(.with { $0.sequence = sequence })).reply
            #expect(reply.cancel.requested == (sequence < 3))
        }
        #expect(try host.receive().reply.error.message == "cancelled in the work")
        let second = try host.receive().reply
        #expect(second.error.reason == .cancelledByRequest)
        #expect(test.chip.log == ["open", "change 1"])
    }

    @Test func anotherSessionsCommandIsNotCancelled() throws {
        let test = try TestDaemon(held: [1])
        let host = try TestHost(test.endpoint)
        try host.send(Commands.calibrate, sequence: 1)
        try host.send(Commands.calibrate, sequence: 2)
        test.chip.begun.wait()
        let other = try TestHost(test.endpoint + ".control")
        other.session = Data(repeating: 9, count: 16)
        #expect(try !other.ask(.cancel(.with { $0.sequence = 2 })).reply.cancel.requested)
        test.chip.openGate()
        _ = try host.receive()
        #expect(!(try host.receive().reply.hasError))
    }

    @Test func unknownChipsAreRefused() throws {
        let test = try TestDaemon(serials: "1,3")
        let host = try TestHost(test.endpoint)
        host.chip = 2
        let unknown = try host.ask(Commands.status).reply.error
        #expect(unknown.code == .notFound)
        #expect(unknown.reason == .noSuchChip)
        #expect(unknown.message == "chip is 2, which this daemon does not serve")
        host.chip = 0
        #expect(try host.ask(Commands.status).reply.error.message.contains("serves 2 chips"))
        host.chip = 3
        #expect(!(try host.ask(Commands.status).reply.hasError))
    }

    @Test func garbageIsAnsweredOrDroppedAndNothingStops() throws {
        let test = try TestDaemon()
        let host = try TestHost(test.endpoint)
        let control = try TestHost(test.endpoint + ".control")
        var seed: UInt64 = 42
        func noise(_ count: Int) -> Frame {
            Frame(
                (0 ..< count).map { _ -> UInt8 in
                    seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                    return UInt8(truncatingIfNeeded: seed >> 33)
                })
        }
        for target in [host, control] {
            // Fewer at a time than a socket keeps for a peer.
            for round in 0 ..< 40 {
                for frames in 1 ... 8 {
                    try target.sendRaw((0 ..< frames).map { noise(round * 5 + $0) })
                }
                let id = try target.send(Commands.hello)
                while true {
                    let reply = try target.receive().reply
                    if reply.requestID == id, !reply.hasError { break }
                    #expect(reply.hasError)
                    #expect(!reply.error.message.isEmpty)
                }
            }
        }
    }

    @Test func eachSocketTakesOnlyWhatBelongsThere() throws {
        let test = try TestDaemon(isSimulationOn: true)
        let host = try TestHost(test.endpoint)
        let control = try TestHost(test.endpoint + ".control")
        let clock = WireRequest.OneOf_Command.simulatedClock(.with { $0.action = .get })
        #expect(try control.ask(clock).reply.simulatedClock.mode == .manual)
        let simulated = try host.ask(clock).reply.error
        #expect(simulated.message.contains("send it on the control socket"))
        let work = try control.ask(Commands.calibrate, sequence: 1).reply.error
        #expect(work.message.contains("send it on the command socket"))
        let read = try control.ask(.read(.with { $0.matrix = 1 })).reply.error
        #expect(read.message.contains("send it on the command socket"))
    }

    @Test func simulationControlsAreOffUnlessAskedFor() throws {
        let test = try TestDaemon()
        for endpoint in [test.endpoint, test.endpoint + ".control"] {
            let host = try TestHost(endpoint)
            let reply = try host.ask(.simulatedTruth(WireSimulatedTruth())).reply
            #expect(reply.error.reason == .simulationOff)
        }
        #expect(test.chip.log.isEmpty)
    }

    @Test func leasesOfManyChipsAreAllOrNone() throws {
        let test = try TestDaemon(serials: "1-3")
        let first = try TestHost(test.endpoint + ".control")
        first.chip = 2
        _ = try first.ask(.leaseAcquire(.with { $0.termMs = 1_000 }))
        let second = try TestHost(test.endpoint + ".control")
        second.session = Data(repeating: 2, count: 16)
        let all = WireRequest.OneOf_Command.leaseAcquire(
            .with {
                $0.termMs = 1_000
                $0.chips = [3, 1, 2]
            })
        #expect(try second.ask(all).reply.error.code == .leaseHeld)
        let free = try [1, 3].map { serial in
            try #require(test.chips[UInt32(serial)]).state.withLock { $0.holder == nil }
        }
        #expect(free == [true, true])
        _ = try first.ask(.leaseRelease(WireLeaseRelease()))
        #expect(try second.ask(all).reply.lease.grants.map(\.chip) == [1, 2, 3])
        let term = try second.ask(.leaseAcquire(.with { $0.termMs = 0 })).reply.error
        #expect(term.message == "term_ms is 0; allowed: 1 … 600000")
    }

    @Test func eventsAreNumberedByTopic() throws {
        let test = try TestDaemon()
        let listener = try TestHost(test.endpoint + ".events", .sub)
        let host = try TestHost(test.endpoint)
        // A subscription travels on its own: events before it are lost, and the numbers show it.
        var number: UInt64 = 0
        var sequence: UInt64 = 0
        while number == 0 {
            sequence += 1
            _ = try host.ask(.power(.with { $0.on = true }), sequence: sequence)
            guard let message = try? listener.receiveRaw(milliseconds: 50) else { continue }
            let event = try #require(Codec.decodeEvent(message))
            #expect(event.topic == "power.1")
            number = event.number
        }
        #expect((1 ... sequence).contains(number))
        _ = try host.ask(Commands.program(), sequence: sequence + 1, tensors: [Commands.codes])
        while true {
            let event = try #require(Codec.decodeEvent(try listener.receiveRaw()))
            guard event.kind == .programmed else { continue }
            #expect(event.number == 1)
            break
        }
    }

    @Test func partsOfACommandRunOnManyThreads() throws {
        let test = try TestDaemon(threads: 4)
        let host = try TestHost(test.endpoint)
        let input = Commands.tensor(.u8, [3, 2], .code, [0, 1, 2, 3, 4, 255] as [UInt8])
        for _ in 0 ..< 20 {
            let (reply, tensors) = try host.ask(
                .multiply(
                    .with {
                        $0.matrix = 1
                        $0.output = .codes
                    }), tensors: [input])
            #expect(tensors.first?.elements(of: Int32.self) == [3 * 499_500, 3])
            #expect(reply.multiply.clipped == 1)
        }
    }

    @Test func theLeastRecentlyUsedChipIsClosedForAnother() throws {
        let test = try TestDaemon(serials: "1-3", openMax: 2)
        let host = try TestHost(test.endpoint)
        for serial in [1, 2, 1, 3, 1] as [UInt32] {
            host.chip = serial
            #expect(!(try host.ask(Commands.status).reply.hasError))
        }
        #expect(test.chips[1]?.log == ["open"])
        #expect(test.chips[2]?.log == ["open", "close"])
        #expect(test.chips[2]?.state.withLock { $0.timesRemembered } == 1)
    }

    @Test func aStopAnswersWhatWaitsAndStoresTheTime() throws {
        let test = try TestDaemon(held: [1], threads: 1)
        let host = try TestHost(test.endpoint)
        try host.send(Commands.calibrate, sequence: 1)
        test.chip.begun.wait()
        try host.send(Commands.calibrate, sequence: 2)
        _ = try host.ask(Commands.hello)
        let stopped = DispatchSemaphore(value: 0)
        let daemon = test.daemon
        Thread.detachNewThread {
            daemon.stop()
            stopped.signal()
        }
        let waiting = try host.receive().reply
        #expect(waiting.sequence == 2)
        #expect(waiting.error.reason == .shuttingDown)
        #expect(waiting.error.retry == .sameRequest)
        test.chip.openGate()
        #expect(!(try host.receive().reply.hasError))
        stopped.wait()
        #expect(test.chip.log.last == "close")
        #expect(test.chip.state.withLock { $0.timesRemembered } == 1)
        #expect(!FileManager.default.fileExists(atPath: test.folder.file("d")))
    }
}
