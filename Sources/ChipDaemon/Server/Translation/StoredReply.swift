internal import Protocol

/// A reply as it lies in the store: its header without request id, then its tensors.
struct StoredReply {
    var reply: WireReply
    var tensors: [Frame]

    /// `nil`: not what `encoded` makes.
    init?(_ frames: [[UInt8]]) {
        guard let decoded = try? Codec.decodeReply(frames.map { Frame($0) }) else { return nil }
        reply = decoded.reply
        tensors = decoded.tensors
    }

    init(_ reply: WireReply, tensors: [Frame]) {
        self.reply = reply
        self.tensors = tensors
    }

    var encoded: [[UInt8]] {
        Codec.encode(reply, tensors: tensors, routing: []).map(\.bytes)
    }
}
