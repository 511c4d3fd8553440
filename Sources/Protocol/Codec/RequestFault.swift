/// A request that the decoder refuses, with what is needed to answer it.
public struct RequestFault: Error, Sendable, CustomStringConvertible {
    /// The frames that lead back to the peer, an empty delimiter included. Empty
    /// when the message had not even those: it cannot be answered.
    public let routing: [Frame]
    public let error: WireError
    /// A reply with as much of the request's ids as could be read, effect none.
    public let reply: WireReply

    public init(routing: [Frame], ids: WireRequest, error: WireError) {
        self.routing = routing
        self.error = error
        reply = WireReply.answering(ids, error: error)
    }

    public var description: String { error.message }
}

extension WireReply {
    /// A reply to `request` with its ids and nothing else.
    public static func answering(_ request: WireRequest) -> WireReply {
        var reply = WireReply()
        reply.protocol = wireVersion
        reply.chip = request.chip
        reply.session = request.session
        reply.sequence = request.sequence
        reply.requestID = request.requestID
        return reply
    }

    /// A refusal of `request` that left the chip as it was.
    public static func answering(_ request: WireRequest, error: WireError) -> WireReply {
        var reply = answering(request)
        reply.error = error
        reply.effect = .none
        return reply
    }
}
