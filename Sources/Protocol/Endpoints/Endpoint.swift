/// Why an endpoint is refused: a sentence for a person.
public struct EndpointError: StatusError, Hashable {
    public let description: String
    public var exitStatus: ExitStatus { .usage }

    init(_ sentence: String) { description = sentence }
}

/// Where a socket listens or connects: `ipc://PATH` or `tcp://HOST:PORT`.
public struct Endpoint: Sendable, Hashable, CustomStringConvertible {
    public enum Address: Sendable, Hashable {
        case ipc(path: String)
        /// The host as written: a name, an IPv4 address, an IPv6 address in
        /// brackets, or `*` for all interfaces.
        case tcp(host: String, port: UInt16)
    }

    /// The sockets beside the command socket.
    public enum Companion: String, Sendable, CaseIterable {
        case control, events
    }

    public let address: Address

    /// A Unix socket's address has room for 108 bytes with its closing zero; a
    /// longer path would be cut by the system.
    public static let pathBytesMax = 107

    public init(parsing text: String) throws(EndpointError) {
        if text.hasPrefix("ipc://") {
            address = .ipc(path: try Self.checkPath(String(text.dropFirst(6)), in: text))
        } else if text.hasPrefix("tcp://") {
            address = try Self.parseTCP(text)
        } else {
            throw EndpointError(
                "the endpoint \"\(text)\" is neither ipc://PATH nor tcp://HOST:PORT")
        }
    }

    private init(address: Address) { self.address = address }

    public var description: String {
        switch address {
        case .ipc(let path): "ipc://\(path)"
        case .tcp(let host, let port): "tcp://\(host):\(port)"
        }
    }

    /// The path of an ipc endpoint.
    public var path: String? {
        if case .ipc(let path) = address { path } else { nil }
    }

    public var isTCP: Bool {
        if case .tcp = address { true } else { false }
    }

    /// Whether it is tcp on a literal 127.0.0.1 or [::1]: a name could be made to
    /// mean another machine. Only there may tcp be plain.
    public var isLoopbackLiteral: Bool {
        guard case .tcp(let host, _) = address else { return false }
        return host == "127.0.0.1" || host == "[::1]"
    }

    /// Where the control or events socket of a daemon with this command endpoint
    /// is, unless it was told otherwise: path + ".control" or ".events", port + 1
    /// or + 2.
    public func companion(_ companion: Companion) throws(EndpointError) -> Endpoint {
        switch address {
        case .ipc(let path):
            let other = "\(path).\(companion.rawValue)"
            return Endpoint(address: .ipc(path: try Self.checkPath(other, in: "ipc://\(other)")))
        case .tcp(let host, let port):
            let other = Int(port) + (companion == .control ? 1 : 2)
            guard let number = UInt16(exactly: other) else {
                throw EndpointError(
                    "the endpoint \"\(self)\" leaves no port for the \(companion.rawValue) socket: "
                        + "the port must be at most 65533")
            }
            return Endpoint(address: .tcp(host: host, port: number))
        }
    }

    private static func checkPath(
        _ path: String, in text: String
    ) throws(EndpointError) -> String {
        guard !path.isEmpty else { throw EndpointError("the endpoint \"\(text)\" has no path") }
        guard !path.hasPrefix("@") else {
            throw EndpointError(
                "the endpoint \"\(text)\" is an abstract address, which no file permission "
                    + "protects: give a path")
        }
        guard path != "*" else {
            throw EndpointError("the endpoint \"\(text)\" names no path that a host could know")
        }
        guard !path.utf8.contains(0) else {
            throw EndpointError("the endpoint's path contains a zero byte")
        }
        guard !path.hasSuffix("/") else {
            throw EndpointError("the endpoint \"\(text)\" names a directory, not a socket in it")
        }
        let size = path.utf8.count
        guard size <= pathBytesMax else {
            throw EndpointError(
                "the path of the endpoint \"\(text)\" has \(size) bytes; a socket's path has at "
                    + "most \(pathBytesMax)")
        }
        return path
    }

    private static func parseTCP(_ text: String) throws(EndpointError) -> Address {
        let rest = text.dropFirst(6)
        guard let colon = rest.lastIndex(of: ":") else {
            throw EndpointError("the endpoint \"\(text)\" has no port: write tcp://HOST:PORT")
        }
        let host = String(rest[..<colon])
        let digits = rest[rest.index(after: colon)...]
        guard !host.isEmpty else { throw EndpointError("the endpoint \"\(text)\" has no host") }
        let bracketed = host.hasPrefix("[") && host.hasSuffix("]") && host.count > 2
        guard bracketed || !host.contains(where: { ":[]".contains($0) }) else {
            throw EndpointError(
                "the host of the endpoint \"\(text)\" is an IPv6 address without brackets: "
                    + "write tcp://[::1]:PORT")
        }
        guard !host.contains(where: { $0.isWhitespace || "/@;".contains($0) }) else {
            throw EndpointError("\"\(host)\" in the endpoint \"\(text)\" is not a host")
        }
        guard digits.allSatisfy({ $0.isASCII && $0.isNumber }), let port = UInt16(digits), port > 0
        else {
            throw EndpointError(
                "\"\(digits)\" in the endpoint \"\(text)\" is not a port from 1 to 65535")
        }
        return .tcp(host: host, port: port)
    }
}
