import Checksum
import Foundation
import Protocol
import Testing

@Suite("Codec: understood completely or refused")
struct CodecTests {
    static let routing = Frame([0, 1, 2, 3, 4])

    /// A valid `program` with two tensors.
    static func request() -> (request: WireRequest, tensors: [Frame]) {
        var program = WireProgram()
        program.matrix = 3
        program.region = .rectangle(row: 0, column: 1, rows: 2, columns: 3)
        program.method = .writeVerify
        program.tolerance = 0.02
        program.masked = true
        var request = WireRequest()
        request.protocol = 1
        request.chip = 7
        request.session = Data((0 ..< 16).map { UInt8($0) })
        request.sequence = 9
        request.requestID = 1_234
        request.epoch = 5
        request.tensors = [
            .describe(.i16, shape: [2, 3], unit: .code),
            .describe(.u8, shape: [2, 3], unit: .mask),
        ]
        request.program = program
        let codes = Frame(elements: [Int16](repeating: -5, count: 6))
        return (request, [codes, Frame([1, 1, 0, 0, 1, 1])])
    }

    static func decode(_ request: WireRequest, _ tensors: [Frame] = []) throws -> IncomingRequest {
        try Codec.decodeRequest([routing] + Codec.encode(request, tensors: tensors))
    }

    static func decode(header: [UInt8], _ tensors: [Frame]) throws -> IncomingRequest {
        try Codec.decodeRequest([routing, Frame(header)] + tensors)
    }

    @Test func aValidRequestComesThrough() throws {
        let (request, tensors) = Self.request()
        let incoming = try Self.decode(request, tensors)
        #expect(incoming.request == request)
        #expect(incoming.routing.map(\.bytes) == [Self.routing.bytes])
        #expect(incoming.tensors.map(\.bytes) == tensors.map(\.bytes))
        #expect(incoming.command.traits.isSequenced)
    }

    @Test func everyTruncationIsRefusedOrWhole() throws {
        let (request, tensors) = Self.request()
        let header = Codec.encode(request, tensors: tensors)[0].bytes
        for size in 0 ..< header.count {
            let fault = #expect(throws: RequestFault.self) {
                try Self.decode(header: Array(header[..<size]), tensors)
            }
            #expect(fault?.error.message.isEmpty == false)
            #expect(fault?.error.retry != .unspecified)
        }
        for count in 0 ..< tensors.count {
            let fault = #expect(throws: RequestFault.self) {
                try Self.decode(header: header, Array(tensors[..<count]))
            }
            #expect(fault?.error.reason == .tensor)
        }
    }

    @Test func bitFlipsNeverCrashAndNeverHide() throws {
        let (request, tensors) = Self.request()
        let header = Codec.encode(request, tensors: tensors)[0].bytes
        var unchanged = 0
        for bit in 0 ..< header.count * 8 {
            var damaged = header
            damaged[bit / 8] ^= 1 << (bit % 8)
            do {
                let incoming = try Self.decode(header: damaged, tensors)
                if incoming.request == request { unchanged += 1 }
            } catch let fault as RequestFault {
                #expect(fault.error.code != .unspecified)
                #expect(!fault.error.message.isEmpty)
                #expect(fault.routing.count == 1)
            }
        }
        // `masked` is one byte, and six of its eight bits leave it true.
        #expect(unchanged <= 6)
    }

    @Test func randomBytesNeverCrash() {
        var generator = Generator(seed: 11)
        for _ in 0 ..< 5_000 {
            let frames = (0 ..< Int.random(in: 0 ... 8, using: &generator)).map { _ in
                Frame(
                    (0 ..< Int.random(in: 0 ... 40, using: &generator)).map { _ in
                        UInt8.random(in: .min ... .max, using: &generator)
                    })
            }
            do { _ = try Codec.decodeRequest(frames) } catch {
                #expect(error.error.code != .unspecified)
            }
        }
    }

    /// Field 99, a varint 1, as protobuf writes it.
    static let unknownField: [UInt8] = [0x98, 0x06, 0x01]

    @Test func unknownFieldsAreRefusedAtAnyDepth() throws {
        let (request, tensors) = Self.request()
        let header = Codec.encode(request, tensors: tensors)[0].bytes
        let top = #expect(throws: RequestFault.self) {
            try Self.decode(header: header + Self.unknownField, tensors)
        }
        #expect(top?.error.reason == .malformed)
        #expect(top?.error.message.contains("99") == true)
        #expect(top?.reply.requestID == 1_234)
        // Map (field 24) that holds nothing known; Program (26) with a Region (4)
        // that holds it.
        let region = [0x22, UInt8(Self.unknownField.count)] + Self.unknownField
        let program = [0xD2, 0x01, UInt8(region.count)] + region
        let deep = #expect(throws: RequestFault.self) {
            try Self.decode(header: [0x08, 0x01] + program, [])
        }
        #expect(deep?.error.message.contains("nvcim.v1.Region") == true)
        let tensor = [0x4A, UInt8(Self.unknownField.count)] + Self.unknownField
        #expect(throws: RequestFault.self) { try Self.decode(header: header + tensor, tensors) }
    }

    @Test func unknownEnumeratorsAreRefused() throws {
        let (request, tensors) = Self.request()
        var changed = request
        changed.program.method = .UNRECOGNIZED(9)
        #expect(throws: RequestFault.self) { try Self.decode(changed, tensors) }
        changed = request
        changed.tensors[1].unit = .UNRECOGNIZED(77)
        let fault = #expect(throws: RequestFault.self) { try Self.decode(changed, tensors) }
        #expect(fault?.error.message.contains("77") == true)
        var map = WireMap()
        map.mapping = .UNRECOGNIZED(3)
        changed = request
        changed.tensors = []
        changed.map = map
        #expect(throws: RequestFault.self) { try Self.decode(changed) }
    }

    struct Wrong: CustomTestStringConvertible, Sendable {
        let name: String
        let reason: WireError.Reason
        let change: @Sendable (inout WireRequest, inout [Frame]) -> Void
        var testDescription: String { name }
        init(
            _ name: String, _ reason: WireError.Reason,
            _ change: @escaping @Sendable (inout WireRequest, inout [Frame]) -> Void
        ) {
            self.name = name
            self.reason = reason
            self.change = change
        }
    }

    static let wrong = [
        Wrong("version", .protocolVersion) { request, _ in request.protocol = 2 },
        Wrong("no command", .malformed) { request, _ in request.command = nil },
        Wrong("short session", .field) { request, _ in request.session = Data([1]) },
        Wrong("no session", .field) { request, _ in request.session = Data() },
        Wrong("no sequence", .field) { request, _ in request.sequence = 0 },
        Wrong("length", .tensor) { _, frames in frames[0] = Frame([1]) },
        Wrong("zero dimension", .tensor) { request, _ in request.tensors[0].shape = [0, 3] },
        Wrong("no shape", .tensor) { request, _ in request.tensors[0].shape = [] },
        Wrong("rank", .tensor) { request, _ in request.tensors[0].shape = [1, 1, 1, 2, 3] },
        Wrong("overflow", .tensor) { request, _ in
            request.tensors[0].shape = [.max, .max, .max, .max]
        },
        Wrong("no type", .tensor) { request, _ in request.tensors[0].type = .unspecified },
        Wrong("no unit", .tensor) { request, _ in request.tensors[0].unit = .unspecified },
    ]

    @Test(arguments: wrong)
    func isRefusedWithItsReason(_ wrong: Wrong) throws {
        var (request, tensors) = Self.request()
        wrong.change(&request, &tensors)
        let fault = #expect(throws: RequestFault.self) { try Self.decode(request, tensors) }
        #expect(fault?.error.reason == wrong.reason)
        #expect(fault?.reply.requestID == 1_234)
        #expect(fault?.reply.effect == WireEffect.none)
    }

    @Test func whatIsNotNumberedCarriesNoNumber() throws {
        var (request, _) = Self.request()
        request.tensors = []
        request.command = .health(WireHealthQuery())
        #expect(throws: RequestFault.self) { try Self.decode(request) }
        request.sequence = 0
        #expect(try Self.decode(request).request == request)
    }

    @Test func tooManyFramesAreRefused() throws {
        var (request, _) = Self.request()
        request.tensors = .init(repeating: .describe(.u8, shape: [1], unit: .mask), count: 5)
        let fault = #expect(throws: RequestFault.self) {
            try Self.decode(request, .init(repeating: Frame([1]), count: 5))
        }
        #expect(fault?.error.reason == .limit)
    }

    @Test func theDigestIsOfTheCommandAlone() {
        let (request, tensors) = Self.request()
        let digest = Codec.digest(request, tensors: tensors)
        #expect(digest.count == 16)
        var same = request
        same.requestID = 1
        same.deadlineMs = 50
        same.epoch = 77
        same.acknowledged = 8
        #expect(Codec.digest(same, tensors: tensors) == digest)
        var others: [(WireRequest, [Frame])] = []
        var other = request
        other.program.tolerance = 0.03
        others.append((other, tensors))
        other = request
        other.chip = 8
        others.append((other, tensors))
        others.append((request, [tensors[0], Frame([1, 1, 0, 0, 1, 0])]))
        others.append((request, [Frame(tensors[0].bytes + [1]), Frame([1, 0, 0, 1, 1])]))
        for (request, tensors) in others {
            #expect(Codec.digest(request, tensors: tensors) != digest)
        }
    }

    /// From the reference implementation's command line: `xxhsum -H2`.
    @Test func theChecksumIsXXH3() {
        let empty = XXH3.hash128(UnsafeRawBufferPointer(start: nil, count: 0))
        let text = empty.map { String(format: "%02x", $0) }.joined()
        #expect(text == "99aa06d3014798d86001c324468d497f")
        let stream = XXH3()
        stream.update([UInt8]("nv".utf8))
        stream.update([UInt8]("cim".utf8))
        #expect(stream.digest() == [UInt8]("nvcim".utf8).withUnsafeBytes { XXH3.hash128($0) })
    }

    @Test func repliesIgnoreWhatTheyDoNotKnow() throws {
        var reply = WireReply()
        reply.protocol = 1
        reply.requestID = 4
        let bytes = Codec.encode(reply, tensors: [], routing: [])[0].bytes + Self.unknownField
        #expect(try Codec.decodeReply([Frame(bytes)]).reply.requestID == 4)
        #expect(throws: Codec.ReplyFault.self) { try Codec.decodeReply([]) }
        #expect(throws: Codec.ReplyFault.self) { try Codec.decodeReply([Frame([0xFF])]) }
    }

    @Test func eventsKeepTheirTopic() throws {
        var event = WireEvent()
        event.kind = .programmed
        event.chip = 3
        event.number = 8
        let frames = Codec.encode(event)
        #expect(frames[0].bytes == [UInt8]("programmed.3".utf8))
        #expect(Codec.decodeEvent(frames) == event)
        #expect(Codec.decodeEvent([frames[0]]) == nil)
    }
}
