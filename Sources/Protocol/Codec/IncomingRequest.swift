/// A request that passed the decoder: its ids, descriptors and frames agree with
/// each other and with the limits. Arguments are not checked here: they come
/// after the stored outcome, the sequence and the epoch (rule W-30).
public struct IncomingRequest: Sendable {
    /// The frames that lead back to the peer, an empty delimiter included.
    public let routing: [Frame]
    public let request: WireRequest
    /// What `request` asks for; never absent.
    public let command: WireRequest.OneOf_Command
    public let tensors: [Frame]

    /// Memory that the request holds while it waits.
    public let byteCount: Int
}
