internal import CZeroMQ
internal import Glibc

/// The only place where a thread that owns a socket waits.
public enum Poll {
    /// Waits until the socket has a message, the wakeup was signalled or the
    /// time is over; −1 waits for ever. A signal of the system ends it early
    /// with neither.
    public static func wait(
        socket: borrowing Socket, wakeup: Wakeup, timeoutMilliseconds: Int
    ) throws(ZMQError) -> (socketReady: Bool, woken: Bool) {
        socket.checkThread()
        var items = (
            zmq_pollitem_t(socket: socket.handle, fd: 0, events: Int16(ZMQ_POLLIN), revents: 0),
            zmq_pollitem_t(
                socket: nil, fd: wakeup.descriptor, events: Int16(ZMQ_POLLIN), revents: 0)
        )
        let ready = withUnsafeMutableBytes(of: &items) { bytes in
            zmq_poll(
                bytes.assumingMemoryBound(to: zmq_pollitem_t.self).baseAddress, 2,
                timeoutMilliseconds)
        }
        guard ready >= 0 else {
            if zmq_errno() == EINTR { return (false, false) }
            throw .last("wait for a message")
        }
        return (items.0.revents != 0, items.1.revents != 0)
    }

    /// The same for a thread that nobody else wakes.
    public static func wait(
        socket: borrowing Socket, timeoutMilliseconds: Int
    ) throws(ZMQError) -> Bool {
        socket.checkThread()
        var item = zmq_pollitem_t(
            socket: socket.handle, fd: 0, events: Int16(ZMQ_POLLIN), revents: 0)
        let ready = zmq_poll(&item, 1, timeoutMilliseconds)
        guard ready >= 0 else {
            if zmq_errno() == EINTR { return false }
            throw .last("wait for a message")
        }
        return item.revents != 0
    }
}
