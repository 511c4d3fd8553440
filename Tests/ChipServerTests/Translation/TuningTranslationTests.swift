import ChipCore
import Foundation
import Protocol
import Testing

@Suite("References and LTM sums between the wire and the chip")
struct TuningTranslationTests {
    private let test: TestDaemon
    private let host: TestHost

    init() throws {
        test = try TestDaemon()
        host = try TestHost(test.endpoint)
    }

    private static func program(_ matrix: UInt32, _ microsiemens: Double)
        -> WireRequest.OneOf_Command
    {
        .referenceProgram(
            .with {
                $0.matrix = matrix
                $0.conductanceUs = microsiemens
            })
    }

    /// The chip knows its window: all numbers reach it as they are.
    @Test(arguments: [0, 12.5, -1, .nan, .infinity, -.infinity] as [Double])
    func aTargetAndAConductanceReachTheChip(_ microsiemens: Double) throws {
        for (sequence, matrix) in [(UInt64(1), UInt32(0)), (2, 3)] {
            let reply = try host.ask(Self.program(matrix, microsiemens), sequence: sequence).reply
            #expect(!reply.hasError)
        }
        let references = test.chip.state.withLock { $0.references }
        #expect(references.map(\.target) == [.gtm, .ltm(matrix: 3)])
        for reference in references {
            #expect(reference.microsiemens.bitPattern == microsiemens.bitPattern)
        }
    }

    @Test func whatWasWrittenComesBack() throws {
        let (reply, tensors) = try host.ask(Self.program(0, 12.5), sequence: 1)
        #expect(reply.referenceProgram.cells == 40)
        #expect(reply.referenceProgram.notAttempted == 3)
        #expect(reply.referenceProgram.conductanceUs == 12.5)
        #expect(reply.effect == .full)
        #expect(tensors.isEmpty)
    }

    @Test(arguments: [(0, 1), (1, 1), (7, 7), (4096, 4096)])
    func aReadCarriesItsRepeatsAndItsSum(asked: UInt32, read: Int) throws {
        let (reply, tensors) = try host.ask(.referenceRead(.with { $0.repeats = asked }))
        guard case .readReference(let repeats)? = test.chip.state.withLock({ $0.samples.last })
        else {
            Issue.record("no read")
            return
        }
        #expect(repeats == read)
        let result = reply.referenceRead
        #expect((result.sumUa, result.nominalUa) == (158.5, 160))
        #expect((result.cells, result.repeats) == (40, UInt32(read)))
        #expect((result.conversions, result.clipped) == (9, 2))
        #expect(tensors.isEmpty)
    }

    @Test(arguments: [false, true])
    func ltmSumsFollowTheProducts(isAsked: Bool) throws {
        let (reply, tensors) = try host.ask(
            .multiply(
                .with {
                    $0.matrix = 5
                    $0.output = .codes
                    $0.ltm = isAsked
                }), tensors: [Commands.tensor(.u8, [1, 2], .code, [1, 2] as [UInt8])])
        guard case .multiply(let command)? = test.chip.state.withLock({ $0.samples.last }) else {
            Issue.record("no product")
            return
        }
        #expect(command.matrix == 5)
        #expect(command.includesLTM == isAsked)
        #expect((reply.multiply.conversions, reply.multiply.clipped) == (3, 1))
        #expect(reply.multiply.ltmClipped == (isAsked ? 4 : 0))
        #expect(tensors.count == (isAsked ? 2 : 1))
        #expect(reply.tensors.count == tensors.count)
        #expect(reply.tensors[0] == .describe(.i32, shape: [1, 2], unit: .code))
        guard isAsked else { return }
        #expect(reply.tensors[1] == .describe(.f32, shape: [1, 2, 2, 3], unit: .product))
        #expect(tensors[1].elements(of: Float.self) == (0 ..< 12).map { Float($0) + 0.5 })
    }

    @Test func theStatusShowsBothConductances() throws {
        let status = try host.ask(Commands.status).reply.status
        #expect(status.gtmConductanceUs == 12.5)
        #expect(status.matrices.map(\.ltmConductanceUs) == [13.5])
    }

    @Test func whatDoesNotBelongIsRefusedBeforeTheChipWorks() throws {
        let tensor = Commands.tensor(.u8, [1, 2], .code, [1, 2] as [UInt8])
        let cases: [(WireRequest.OneOf_Command, UInt64, [(WireTensor, Frame)], String)] = [
            (Self.program(0, 1), 1, [tensor], "tensors has 1 entries; this command takes 0"),
            (
                .referenceRead(WireReferenceRead()), 0, [tensor],
                "tensors has 1 entries; this command takes 0"
            ),
            (
                .referenceRead(.with { $0.repeats = 4097 }), 0, [],
                "repeats is 4097; allowed: 0 … 4096"
            ),
        ]
        for (command, sequence, tensors, sentence) in cases {
            let reply = try host.ask(command, sequence: sequence, tensors: tensors).reply
            #expect(reply.error.message.contains(sentence), "\(reply.error.message)")
        }
        #expect(test.chip.log == ["open"])
    }
}
