import Foundation
import Protocol
import Testing

@Suite("Endpoints: what is refused, and in which words")
struct EndpointTests {
    struct Refusal: CustomTestStringConvertible, Sendable {
        let text: String, says: String
        var testDescription: String { String(text.prefix(30)) }
    }

    static let refusals = [
        Refusal(text: "", says: "neither"),
        Refusal(text: "http://x", says: "neither ipc://PATH nor tcp://HOST:PORT"),
        Refusal(text: "inproc://x", says: "neither"),
        Refusal(text: "ipc://", says: "has no path"),
        Refusal(text: "ipc://@chip", says: "abstract"),
        Refusal(text: "ipc://*", says: "names no path"),
        Refusal(text: "ipc:///run/", says: "names a directory"),
        Refusal(text: "ipc:///a\0b", says: "zero byte"),
        Refusal(text: "ipc:///" + String(repeating: "a", count: 107), says: "at most 107"),
        Refusal(text: "tcp://host", says: "no port"),
        Refusal(text: "tcp://:5555", says: "no host"),
        Refusal(text: "tcp://host:0", says: "1 to 65535"),
        Refusal(text: "tcp://host:65536", says: "1 to 65535"),
        Refusal(text: "tcp://host:+1", says: "1 to 65535"),
        Refusal(text: "tcp://::1:5555", says: "without brackets"),
        Refusal(text: "tcp://a b:5555", says: "not a host"),
    ]

    @Test(arguments: refusals)
    func isRefusedWithASentence(_ refusal: Refusal) throws {
        let error = try #require(throws: EndpointError.self) {
            try Endpoint(parsing: refusal.text)
        }
        #expect(error.description.contains(refusal.says))
    }

    @Test func companionsFollowTheCommandSocket() throws {
        let ipc = try Endpoint(parsing: "ipc:///run/nvcim/chip")
        #expect(try ipc.companion(.control).description == "ipc:///run/nvcim/chip.control")
        #expect(try ipc.companion(.events).description == "ipc:///run/nvcim/chip.events")
        let tcp = try Endpoint(parsing: "tcp://[::1]:6000")
        #expect(try tcp.companion(.control).description == "tcp://[::1]:6001")
        #expect(try tcp.companion(.events).description == "tcp://[::1]:6002")
        #expect(throws: EndpointError.self) {
            try Endpoint(parsing: "tcp://h:65534").companion(.events)
        }
        let long = "ipc:///" + String(repeating: "a", count: 106)
        #expect(throws: EndpointError.self) { try Endpoint(parsing: long).companion(.control) }
    }

    @Test(arguments: [
        ("tcp://127.0.0.1:5555", true), ("tcp://[::1]:5555", true), ("tcp://localhost:5555", false),
        ("tcp://127.0.0.2:5555", false), ("tcp://*:5555", false), ("ipc:///x", false),
    ])
    func onlyLiteralLoopbackIsLoopback(_ text: String, _ expected: Bool) throws {
        #expect(try Endpoint(parsing: text).isLoopbackLiteral == expected)
    }

    @Test func aListenerTakesThePathOnceAndCleansUp() throws {
        let directory = try TestDirectory.make()
        defer { TestDirectory.remove(directory) }
        let path = "\(directory)/a/b/s"
        let endpoint = try Endpoint(parsing: "ipc://\(path)")
        let listener = try IPCListener(endpoint)
        let context = try ZMQContext()
        let socket = try Socket(.router, in: context)
        try socket.bind(endpoint.description)
        try listener.protect()
        #expect(try Self.mode(path) & 0o777 == 0o600)
        #expect(try Self.mode("\(directory)/a") & 0o777 == 0o700)
        let error = try #require(throws: EndpointError.self) { try IPCListener(endpoint) }
        #expect(error.description.contains("already listens"))
        listener.close()
        #expect(throws: (any Error).self) { try Self.mode(path) }
        try IPCListener(endpoint).close()
    }

    @Test func whatIsNoSocketIsLeftAlone() throws {
        let directory = try TestDirectory.make()
        defer { TestDirectory.remove(directory) }
        let path = "\(directory)/s"
        try Data([1]).write(to: URL(fileURLWithPath: path))
        #expect(throws: EndpointError.self) {
            try IPCListener(Endpoint(parsing: "ipc://\(path)"))
        }
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data([1]))
    }

    static func mode(_ path: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        return (attributes[.posixPermissions] as? NSNumber)?.intValue ?? 0
    }
}
