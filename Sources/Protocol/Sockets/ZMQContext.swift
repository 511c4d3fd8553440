internal import CZeroMQ
internal import Glibc
internal import Synchronization

/// The root of all sockets of a process, and libzmq's own threads.
///
/// Invariants:
/// 1. The C context exists until `terminate()` was called or the last reference
///    went; a `Socket` holds a reference, so it never outlives its context.
/// 2. `terminate()` destroys it once, however often it is called.
public final class ZMQContext: Sendable {
    /// Only libzmq's thread-safe context calls are made with it.
    nonisolated(unsafe) let handle: UnsafeMutableRawPointer
    private let isTerminated = Atomic<Bool>(false)

    public init() throws(ZMQError) {
        guard let handle = zmq_ctx_new() else { throw .last("make a ZeroMQ context") }
        // A daemon has a handful of sockets a client; the default of 1,023 is a
        // limit on connections of inproc and bound sockets together.
        _ = zmq_ctx_set(handle, ZMQ_MAX_SOCKETS, 1_023)
        self.handle = handle
    }

    /// Makes every call on every socket of the context fail with `isShutdown`,
    /// so that their threads close them. Returns at once.
    public func shutdown() {
        guard !isTerminated.load(ordering: .acquiring) else { return }
        _ = zmq_ctx_shutdown(handle)
    }

    /// Waits until all sockets are closed and what they still had to send went
    /// out or ran into their linger time, then frees the context.
    public func terminate() {
        guard !isTerminated.exchange(true, ordering: .acquiringAndReleasing) else { return }
        while zmq_ctx_term(handle) != 0, zmq_errno() == Int32(EINTR) {}
    }

    deinit { terminate() }
}
