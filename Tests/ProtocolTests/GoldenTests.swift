import Foundation
import Protocol
import SwiftProtobuf
import Testing

/// Messages whose bytes another implementation made: `scripts/golden`.
@Suite("Golden messages: the same bytes as another implementation")
struct GoldenTests {
    static let folder = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("firmware-specs/golden")

    static let names = [
        "hello", "describe", "status", "health", "lease.acquire", "lease.renew", "lease.release",
        "lease.break", "map", "unmap", "program", "pulse", "reference.program",
        "reference.read", "read", "multiply", "multiply.window", "calibrate", "power",
        "query",
        "cancel", "clock", "truth", "snapshot", "restore", "fault", "refused",
    ]

    static func frames(_ name: String) throws -> [Frame] {
        let url = folder.appendingPathComponent("\(name).hex")
        let text = try String(contentsOf: url, encoding: .utf8)
        return try text.split(separator: "\n", omittingEmptySubsequences: true).map { line in
            let digits = Array(line.utf8)
            try #require(digits.count % 2 == 0)
            return Frame(
                try stride(from: 0, to: digits.count, by: 2).map { index in
                    let pair = String(decoding: digits[index ..< index + 2], as: UTF8.self)
                    return try #require(UInt8(pair, radix: 16))
                })
        }
    }

    static func json(_ name: String) throws -> String {
        try String(contentsOf: folder.appendingPathComponent("\(name).json"), encoding: .utf8)
    }

    @Test(arguments: names)
    func requests(_ name: String) throws {
        let frames = try Self.frames("\(name).request")
        let expected = try WireRequest(jsonString: Self.json("\(name).request"))
        let incoming = try Codec.decodeRequest([Frame([0, 1])] + frames)
        #expect(incoming.request == expected)
        let encoded = Codec.encode(expected, tensors: Array(frames.dropFirst()))
        #expect(encoded.map(\.bytes) == frames.map(\.bytes))
        // "multiply.window" is a multiply.
        let command = incoming.command.traits.name
        if name != "refused" { #expect(name == command || name == "\(command).window") }
    }

    @Test(arguments: names)
    func replies(_ name: String) throws {
        let frames = try Self.frames("\(name).reply")
        let expected = try WireReply(jsonString: Self.json("\(name).reply"))
        #expect(try Codec.decodeReply(frames).reply == expected)
        let encoded = Codec.encode(expected, tensors: Array(frames.dropFirst()), routing: [])
        #expect(encoded.map(\.bytes) == frames.map(\.bytes))
        #expect(expected.hasError == (name == "refused"))
    }
}
