internal import Protocol
internal import Synchronization

/// How much may wait: requests of one session, bytes of all of them.
///
/// Invariant: every `admit` that succeeded is paired with one `release`, made before the answer
/// leaves, so that a session that has its answers has room again.
final class Admission: Sendable {
    private struct State {
        var requests: [[UInt8]: Int] = [:]
        var bytes = 0
    }

    private let state = Mutex(State())
    private let requestsMax: Int
    private let bytesMax: Int

    init(requestsMax: Int = Limits.inFlightPerSession, bytesMax: Int = Limits.queuedBytes) {
        self.requestsMax = requestsMax
        self.bytesMax = bytesMax
    }

    /// - Parameter key: the session, or the peer's routing id where there is none.
    func admit(_ key: [UInt8], bytes: Int) throws(WireError) {
        try state.withLock { (state) throws(WireError) in
            let requests = state.requests[key, default: 0]
            guard requests < requestsMax else {
                throw .make(
                    .resourceExhausted, .queueFull, retry: .afterBackoff,
                    "\(requests) requests of this session are waiting; allowed: \(requestsMax)")
            }
            guard state.bytes + bytes <= bytesMax else {
                throw .make(
                    .resourceExhausted, .queueFull, retry: .afterBackoff,
                    "\(state.bytes) bytes of requests are waiting; with \(bytes) more they would "
                        + "pass the limit of \(bytesMax)")
            }
            state.requests[key] = requests + 1
            state.bytes += bytes
        }
    }

    func release(_ key: [UInt8], bytes: Int) {
        state.withLock { state in
            guard let requests = state.requests[key] else {
                preconditionFailure("a request was released that was not admitted")
            }
            state.requests[key] = requests > 1 ? requests - 1 : nil
            state.bytes -= bytes
            precondition(state.bytes >= 0)
        }
    }
}
