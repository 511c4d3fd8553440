internal import Protocol
internal import Synchronization

/// Numbers events and hands them to the thread of the events socket.
///
/// Invariant: the numbers of a topic are 1, 2, 3 …, also of events that nobody received: a gap
/// tells a listener that it missed one.
final class EventPublisher: Sendable {
    /// Events that wait for the thread; more are dropped. Telemetry never slows a chip.
    static let waitingMax = 10_000

    private let numbers = Mutex<[String: UInt64]>([:])
    private let outbox: Outbox

    init(outbox: Outbox) { self.outbox = outbox }

    func publish(_ event: WireEvent) {
        var event = event
        // Under the lock, so that the order on the socket is that of the numbers.
        numbers.withLock { numbers in
            numbers[event.topic, default: 0] += 1
            event.number = numbers[event.topic, default: 0]
            outbox.push(Codec.encode(event))
        }
    }
}
