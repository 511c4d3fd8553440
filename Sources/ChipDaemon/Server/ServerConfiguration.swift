public import Protocol

/// What `chipd serve` was asked to do, checked.
public struct ServerConfiguration: Sendable {
    public var listen: Endpoint
    public var control: Endpoint
    public var events: Endpoint
    /// Ascending, each once.
    public var serials: [UInt32]
    public var isSimulationOn: Bool
    public var threads: Int

    /// Chips of one daemon: each keeps a slot in memory, few are open (chosen).
    public static let chipsMax = 4_096
    public static let threadsRange = 1 ... 1_024

    /// - Parameter allowsPlainLoopback: plain tcp is allowed, on a literal loopback address.
    public init(
        listen: String, control: String?, events: String?, serials: String,
        isSimulationOn: Bool, allowsPlainLoopback: Bool, threads: Int
    ) throws(ServerError) {
        self.listen = try Self.endpoint(listen, allowsPlainLoopback)
        self.control = try Self.endpoint(control, .control, of: self.listen, allowsPlainLoopback)
        self.events = try Self.endpoint(events, .events, of: self.listen, allowsPlainLoopback)
        guard Set([self.listen, self.control, self.events]).count == 3 else {
            throw .usage("the command, control and events sockets need endpoints of their own")
        }
        self.serials = try Self.serials(serials)
        self.isSimulationOn = isSimulationOn
        guard Self.threadsRange.contains(threads) else {
            throw .usage(
                "--threads is \(threads); allowed: \(Self.threadsRange.lowerBound) … "
                    + "\(Self.threadsRange.upperBound)")
        }
        self.threads = threads
    }

    private static func endpoint(_ text: String, _ allowsPlainLoopback: Bool)
        throws(ServerError) -> Endpoint
    {
        let endpoint: Endpoint
        do {
            endpoint = try Endpoint(parsing: text)
        } catch {
            throw .usage(error.description)
        }
        guard endpoint.isTCP else { return endpoint }
        guard allowsPlainLoopback else {
            throw .usage(
                "\(endpoint) is plain tcp, which anyone on the network could use; use ipc://, or "
                    + "--insecure-loopback with 127.0.0.1 or [::1]")
        }
        guard endpoint.isLoopbackLiteral else {
            throw .usage(
                "\(endpoint) is not on loopback; --insecure-loopback allows the literal addresses "
                    + "127.0.0.1 and [::1] only")
        }
        return endpoint
    }

    private static func endpoint(
        _ text: String?, _ companion: Endpoint.Companion, of listen: Endpoint, _ allows: Bool
    ) throws(ServerError) -> Endpoint {
        if let text { return try endpoint(text, allows) }
        do {
            return try listen.companion(companion)
        } catch {
            throw .usage(error.description)
        }
    }

    /// "1-200,305".
    package static func serials(_ text: String) throws(ServerError) -> [UInt32] {
        var serials = Set<UInt32>()
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let ends = part.split(separator: "-", omittingEmptySubsequences: false)
            guard (1 ... 2).contains(ends.count), let first = UInt32(ends[0]),
                let last = UInt32(ends[ends.count - 1]), first >= 1, first <= last
            else {
                throw .usage(
                    "--serials has \"\(part)\"; allowed: serials from 1 and ranges of them, "
                        + "as in 1-200,305")
            }
            guard Int(last - first) < chipsMax, serials.count < chipsMax else {
                throw .usage("--serials names more than \(chipsMax) chips, which is the limit")
            }
            serials.formUnion(first ... last)
        }
        guard serials.count <= chipsMax else {
            throw .usage("--serials names more than \(chipsMax) chips, which is the limit")
        }
        return serials.sorted()
    }
}
