internal import CZeroMQ
internal import Glibc

public enum SocketKind: Sendable, Hashable {
    case router, dealer, xpub, sub, req
}

/// One ZeroMQ socket, owned by one thread.
///
/// libzmq's sockets hold no lock: a call from a second thread corrupts them
/// silently. Therefore each call checks the thread, in release builds too.
///
/// Invariants:
/// 1. Every call, the closing one included, is made on the thread that made the
///    socket.
/// 2. The context lives at least as long.
/// 3. No call waits: receiving and sending return at once, waiting is `Poll`'s.
public struct Socket: ~Copyable {
    let handle: UnsafeMutableRawPointer
    public let kind: SocketKind
    private let context: ZMQContext
    private let owner: pthread_t

    public init(
        _ kind: SocketKind, in context: ZMQContext, options: SocketOptions = SocketOptions()
    ) throws(ZMQError) {
        let type: Int32 =
            switch kind {
            case .router: ZMQ_ROUTER
            case .dealer: ZMQ_DEALER
            case .xpub: ZMQ_XPUB
            case .sub: ZMQ_SUB
            case .req: ZMQ_REQ
            }
        guard let handle = zmq_socket(context.handle, type) else {
            throw .last("make a \(kind) socket")
        }
        do throws(ZMQError) {
            try options.apply(to: handle, kind: kind)
        } catch {
            _ = zmq_close(handle)
            throw error
        }
        self.handle = handle
        self.kind = kind
        self.context = context
        owner = pthread_self()
    }

    deinit {
        checkThread()
        _ = zmq_close(handle)
        withExtendedLifetime(context) {}
    }

    public func bind(_ endpoint: String) throws(ZMQError) {
        checkThread()
        guard zmq_bind(handle, endpoint) == 0 else { throw .last("bind \(endpoint)") }
    }

    public func connect(_ endpoint: String) throws(ZMQError) {
        checkThread()
        guard zmq_connect(handle, endpoint) == 0 else { throw .last("connect to \(endpoint)") }
    }

    /// One whole message, or nil when none is waiting.
    ///
    /// At most `Limits.framesKept` of its frames are kept; a longer message
    /// comes back with that many, which no decoder accepts.
    public func receive() throws(ZMQError) -> [Frame]? {
        checkThread()
        guard let first = Frame.receive(from: handle) else {
            if zmq_errno() == EAGAIN { return nil }
            throw .last("receive a message")
        }
        var frames = [first.frame]
        var more = first.more
        // libzmq hands over a message only when all of it has arrived, so the
        // loop ends with it.
        while more {
            guard let next = Frame.receive(from: handle) else {
                throw .last("receive the rest of a message")
            }
            if frames.count < Limits.framesKept { frames.append(next.frame) }
            more = next.more
        }
        return frames
    }

    /// False when it could not be sent at once: the peer is gone or does not
    /// read. Never waits.
    public func send(_ frames: [Frame]) throws(ZMQError) -> Bool {
        checkThread()
        precondition(!frames.isEmpty)
        for (index, frame) in frames.enumerated() {
            let more = index + 1 < frames.count
            guard
                frame.send(to: handle, more: more)
                    || (index == 0 && zmq_errno() == EAGAIN && hasRoom()
                        && frame.send(to: handle, more: more))
            else {
                let code = zmq_errno()
                // EHOSTUNREACH: a router whose peer has left. EFSM: a REQ socket
                // that still waits for its reply.
                if code == EAGAIN || code == EHOSTUNREACH { return false }
                throw ZMQError(code: code, operation: "send a message")
            }
        }
        return true
    }

    /// Whether there is room to send, asked anew. libzmq looks at what its reader has taken away
    /// only every millisecond or so; in a burst a pipe long emptied still counts as full, and
    /// only this question makes it look at once.
    private func hasRoom() -> Bool {
        var events: Int32 = 0
        var size = MemoryLayout<Int32>.size
        let result = zmq_getsockopt(handle, ZMQ_EVENTS, &events, &size)
        // A router has no room of its own: its peers have, and the next send finds out.
        return result == 0 && (kind == .router || events & Int32(ZMQ_POLLOUT) != 0)
    }

    /// Takes messages whose first frame begins with `topic`; "" takes all.
    public func subscribe(_ topic: String) throws(ZMQError) {
        checkThread()
        guard zmq_setsockopt(handle, ZMQ_SUBSCRIBE, topic, topic.utf8.count) == 0 else {
            throw .last("subscribe to \(topic)")
        }
    }

    /// The endpoint that the last `bind` made, with the port that the system
    /// chose where it was asked to choose.
    public var boundEndpoint: String {
        checkThread()
        var text = [CChar](repeating: 0, count: 512)
        var size = text.count
        guard zmq_getsockopt(handle, ZMQ_LAST_ENDPOINT, &text, &size) == 0 else { return "" }
        let characters = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        return String(decoding: characters, as: UTF8.self)
    }

    func checkThread() {
        precondition(
            pthread_equal(owner, pthread_self()) != 0,
            "a ZeroMQ socket was used on a thread that does not own it")
    }
}
