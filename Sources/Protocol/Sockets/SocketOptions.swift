internal import CZeroMQ

/// What may differ between sockets; everything else is set by kind in `apply`.
public struct SocketOptions: Sendable {
    /// How long a closing socket still tries to send. Nil: by kind, see `apply`.
    public var lingerMilliseconds: Int?
    /// Whole messages that may wait in each direction for each peer. Nil: by kind.
    public var highWater: Int?
    public init(lingerMilliseconds: Int? = nil, highWater: Int? = nil) {
        self.lingerMilliseconds = lingerMilliseconds
        self.highWater = highWater
    }
}

extension SocketOptions {
    /// Sets every option of a new socket. The reason stands with each.
    func apply(
        to socket: UnsafeMutableRawPointer, kind: SocketKind
    ) throws(ZMQError) {
        // A daemon's last replies leave before it ends, but a peer that does
        // not read holds nobody up for longer. Others have nothing to lose.
        let lingerDefault = kind == .router ? 1_000 : 0
        try set(ZMQ_LINGER, lingerMilliseconds ?? lingerDefault, socket, "linger")

        // Commands: a session has at most 8 requests in flight, each reply up to
        // 64 MiB; 32 leaves room for control requests and bounds memory for a
        // peer that does not read. Events are small and come in bursts.
        let waiting = highWater ?? (kind == .xpub || kind == .sub ? 1_000 : 32)
        try set(ZMQ_SNDHWM, waiting, socket, "send high water")
        try set(ZMQ_RCVHWM, waiting, socket, "receive high water")

        // Refused when announced, before memory is reserved.
        try set64(ZMQ_MAXMSGSIZE, Int64(Limits.transportFrameBytes), socket, "frame size")

        // [::1] is as good a loopback address as 127.0.0.1.
        try set(ZMQ_IPV6, 1, socket, "IPv6")
        // A host whose cable was pulled is noticed by the system, without traffic
        // of ours.
        try set(ZMQ_TCP_KEEPALIVE, 1, socket, "keep-alive")

        switch kind {
        case .router:
            // A reply that cannot be sent is reported to us instead of vanishing,
            // so that it can be counted. A second peer that announces the routing
            // id of a live one is ignored: handover stays off, replies cannot be
            // drawn to another peer.
            try set(ZMQ_ROUTER_MANDATORY, 1, socket, "mandatory routing")
            try set(ZMQ_ROUTER_HANDOVER, 0, socket, "routing id handover")
        case .dealer:
            // A daemon that restarts is found again quickly, with back-off.
            try set(ZMQ_RECONNECT_IVL, 20, socket, "reconnect interval")
            try set(ZMQ_RECONNECT_IVL_MAX, 1_000, socket, "longest reconnect interval")
        case .req:
            // A lost reply must not lock the socket for ever.
            try set(ZMQ_REQ_RELAXED, 1, socket, "relaxed requests")
            try set(ZMQ_REQ_CORRELATE, 1, socket, "correlated requests")
        case .sub:
            try set(ZMQ_RECONNECT_IVL, 20, socket, "reconnect interval")
            try set(ZMQ_RECONNECT_IVL_MAX, 1_000, socket, "longest reconnect interval")
        case .xpub:
            break
        }
    }

    private func set(
        _ option: Int32, _ value: Int, _ socket: UnsafeMutableRawPointer, _ name: String
    ) throws(ZMQError) {
        var number = Int32(clamping: value)
        guard zmq_setsockopt(socket, option, &number, MemoryLayout<Int32>.size) == 0 else {
            throw .last("set the \(name) of a socket to \(value)")
        }
    }

    private func set64(
        _ option: Int32, _ value: Int64, _ socket: UnsafeMutableRawPointer, _ name: String
    ) throws(ZMQError) {
        var number = value
        guard zmq_setsockopt(socket, option, &number, MemoryLayout<Int64>.size) == 0 else {
            throw .last("set the \(name) of a socket to \(value)")
        }
    }
}
