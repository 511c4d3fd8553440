public import Protocol

/// Telemetry of a daemon, with the losses made visible.
///
/// Owned by one thread. Events may be lost (a slow reader, a reconnection) and
/// nothing that matters travels this way alone.
public final class EventStream {
    public struct Notice: Sendable {
        public let event: WireEvent
        /// Events of the topic that were lost before this one.
        public let missed: UInt64
        /// The daemon began to count anew: it was restarted.
        public let restarted: Bool
    }

    private let context: ZMQContext
    private let socket: Socket
    private var numbers: [String: UInt64] = [:]

    /// - Parameter topics: beginnings of topics ("programmed.1", "lease."); empty:
    ///   all events.
    public init(endpoint: String, topics: [String] = []) throws(ChipError) {
        do throws(ZMQError) {
            context = try ZMQContext()
            socket = try Socket(.sub, in: context)
            for topic in topics.isEmpty ? [""] : topics { try socket.subscribe(topic) }
            try socket.connect(endpoint)
        } catch {
            throw .transport(error)
        }
    }

    /// The next event, or nil after the time; −1 waits for ever.
    public func next(timeoutMilliseconds: Int) throws(ChipError) -> Notice? {
        do throws(ZMQError) {
            if let frames = try socket.receive() { return notice(frames) }
            guard try Poll.wait(socket: socket, timeoutMilliseconds: timeoutMilliseconds),
                let frames = try socket.receive()
            else { return nil }
            return notice(frames)
        } catch {
            throw .transport(error)
        }
    }

    private func notice(_ frames: [Frame]) -> Notice? {
        guard let event = Codec.decodeEvent(frames) else { return nil }
        var gaps = GapDetector(last: numbers[event.topic])
        let (missed, restarted) = gaps.take(event.number)
        numbers[event.topic] = event.number
        return Notice(event: event, missed: missed, restarted: restarted)
    }
}

/// Losses in a row of numbers 1, 2, 3 … that may start anywhere and start anew.
package struct GapDetector {
    package private(set) var last: UInt64?

    package init(last: UInt64? = nil) { self.last = last }

    /// How many numbers were missed, and whether counting began anew. What came
    /// before the first number is not a loss: nobody was listening.
    package mutating func take(_ number: UInt64) -> (missed: UInt64, restarted: Bool) {
        defer { last = number }
        guard let last else { return (0, false) }
        guard number > last else { return (number > 0 ? number - 1 : 0, true) }
        return (number - last - 1, false)
    }
}
