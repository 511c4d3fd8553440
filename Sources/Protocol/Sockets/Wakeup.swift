internal import CZeroMQ
internal import Glibc

/// A flag that other threads raise to wake a thread that polls: an eventfd.
///
/// Signals add up until they are drained, so one that comes between the check
/// of a queue and the poll is never lost.
public final class Wakeup: Sendable {
    let descriptor: Int32

    public init() throws(ZMQError) {
        descriptor = eventfd(0, CInt(EFD_NONBLOCK | EFD_CLOEXEC))
        guard descriptor >= 0 else {
            throw ZMQError(code: errno, operation: "make an event descriptor")
        }
    }

    deinit { close(descriptor) }

    /// May be called from any thread, and from a signal handler.
    public func signal() {
        var one: UInt64 = 1
        // EAGAIN: 2^64 − 2 signals are already waiting, which is enough.
        while write(descriptor, &one, 8) < 0, errno == EINTR {}
    }

    public func drain() {
        var count: UInt64 = 0
        while read(descriptor, &count, 8) < 0, errno == EINTR {}
    }
}
