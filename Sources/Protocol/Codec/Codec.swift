internal import Checksum
internal import SwiftProtobuf

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// Messages to and from frames. Nothing here waits, keeps state or trusts a
/// number of a peer; behind it a violated bound is a mistake of ours.
public enum Codec {
    // MARK: Requests, the daemon's side

    /// Splits and checks a request as a ROUTER socket receives it:
    /// `[routing] [empty, from a REQ peer] [header] [tensor frame]*`. A REQ peer that
    /// correlates its replies puts four bytes of its own before the empty frame.
    ///
    /// Checks, in this order: the frames' number and sizes, the header as
    /// protobuf, unknown fields and enumerators at any depth, the protocol
    /// version, the ids that the command needs, the tensor descriptors against
    /// their frames.
    public static func decodeRequest(
        _ message: [Frame]
    ) throws(RequestFault) -> IncomingRequest {
        let headerAt = headerIndex(message)
        let routing = [Frame](message.prefix(headerAt))
        var ids = WireRequest()

        func refuse(_ error: WireError) -> RequestFault {
            RequestFault(routing: routing, ids: ids, error: error)
        }

        guard message.count > headerAt else {
            throw refuse(.malformed("the message has no header frame"))
        }
        let header = message[headerAt]
        guard header.count <= Limits.headerBytes else {
            throw refuse(
                .limit(
                    "the header has \(header.count) bytes; the limit is \(Limits.headerBytes)"))
        }
        let bytes = header.bytes
        ids = scanIDs(bytes)
        let tensors = [Frame](message[(headerAt + 1)...])
        guard tensors.count <= Limits.frames else {
            throw refuse(
                .limit(
                    "the request has more than \(Limits.frames) tensor frames, which is the limit"))
        }
        for (index, frame) in tensors.enumerated() where frame.count > Limits.frameBytes {
            throw refuse(
                .limit(
                    "tensor frame \(index) has \(frame.count) bytes; the limit is "
                        + "\(Limits.frameBytes)"))
        }

        let request: WireRequest
        do {
            request = try WireRequest(serializedBytes: bytes)
        } catch {
            throw refuse(.malformed("the header frame is not a Request message"))
        }
        ids = request
        if let finding = FieldCheck.finding(in: request) {
            throw refuse(.malformed(finding.sentence))
        }
        let command: WireRequest.OneOf_Command
        do throws(WireError) {
            command = try checkEnvelope(request)
        } catch {
            throw refuse(error)
        }
        if let sentence = mismatch(request.tensors, tensors) { throw refuse(.tensor(sentence)) }
        return IncomingRequest(
            routing: routing, request: request, command: command, tensors: tensors,
            byteCount: bytes.count + tensors.reduce(0) { $0 + $1.count })
    }

    /// No header and no tensor frame is empty, so an empty frame is a delimiter.
    private static func headerIndex(_ message: [Frame]) -> Int {
        if message.count > 1, message[1].count == 0 { return 2 }
        if message.count > 2, message[1].count == 4, message[2].count == 0 { return 3 }
        return 1
    }

    /// The version, and the ids that the command needs or must not have.
    private static func checkEnvelope(
        _ request: WireRequest
    ) throws(WireError) -> WireRequest.OneOf_Command {
        guard request.protocol == wireVersion else {
            throw .make(
                .unimplemented, .protocolVersion, retry: .never,
                "protocol is \(request.protocol); this daemon speaks \(wireVersion)")
        }
        guard let command = request.command else {
            throw .malformed("the request names no command")
        }
        let traits = command.traits
        let size = request.session.count
        guard size == Limits.sessionBytes || (size == 0 && !traits.needsSession) else {
            throw .field("session has \(size) bytes; \(traits.name) needs \(Limits.sessionBytes)")
        }
        if traits.isSequenced, request.sequence == 0 {
            throw .field("sequence is 0; \(traits.name) changes the chip and is numbered from 1")
        }
        if traits.isSequenced, request.acknowledged >= request.sequence {
            throw .field(
                "acknowledged is \(request.acknowledged); allowed: below the sequence, "
                    + "\(request.sequence)")
        }
        if !traits.isSequenced, request.sequence != 0 {
            throw .field(
                "sequence is \(request.sequence); \(traits.name) is not numbered and carries 0")
        }
        return command
    }

    /// Why the descriptors and the frames do not agree, or nil.
    private static func mismatch(_ tensors: [WireTensor], _ frames: [Frame]) -> String? {
        guard tensors.count == frames.count else {
            return "the header describes \(tensors.count) tensors, but \(frames.count) tensor "
                + "frames follow it"
        }
        for (index, (tensor, frame)) in zip(tensors, frames).enumerated() {
            if let found = tensor.mismatch(frameBytes: frame.count, name: "tensors[\(index)]") {
                return found
            }
        }
        return nil
    }

    /// The ids in the well-formed beginning of a header.
    private static func scanIDs(_ header: [UInt8]) -> WireRequest {
        var ids = WireRequest()
        var scan = FieldScan(header)
        while let (number, value) = scan.next() {
            switch (number, value) {
            case (2, .varint(let chip)): ids.chip = UInt32(truncatingIfNeeded: chip)
            case (3, .bytes(let bytes)) where bytes.count == Limits.sessionBytes:
                ids.session = Data(bytes)
            case (4, .varint(let sequence)): ids.sequence = sequence
            case (5, .varint(let id)): ids.requestID = id
            default: break
            }
        }
        return ids
    }

    // MARK: Requests, the host's side

    /// The frames of a request, without routing: a DEALER socket sends them as
    /// they are, a REQ socket puts its own empty frame in front.
    public static func encode(_ request: WireRequest, tensors: [Frame]) -> [Frame] {
        precondition(request.tensors.count == tensors.count)
        return [Frame(serialize(request))] + tensors
    }

    // MARK: Replies

    /// The frames of a reply, in the order of sending. The stored reply inside
    /// the answer to a `query` brings its tensors as this message's (rule W-43).
    public static func encode(
        _ reply: WireReply, tensors: [Frame], routing: [Frame]
    ) -> [Frame] {
        var reply = reply
        if case .query(let answer) = reply.result, answer.hasReply {
            reply.tensors = answer.reply.tensors
        }
        precondition(
            reply.tensors.count == tensors.count, "a reply's descriptors and frames must agree")
        return routing + [Frame(serialize(reply))] + tensors
    }

    /// A reply that cannot be understood: a sentence for a person.
    public struct ReplyFault: Error, Sendable, CustomStringConvertible {
        public let description: String
        /// The request id, where it could still be read; else 0.
        public let requestID: UInt64
    }

    /// Splits and checks a reply as a DEALER or REQ socket receives it. Unknown
    /// fields are ignored: a newer daemon may say more.
    public static func decodeReply(
        _ message: [Frame]
    ) throws(ReplyFault) -> (reply: WireReply, tensors: [Frame]) {
        let frames = message.first?.count == 0 ? message.dropFirst() : message[...]
        guard let header = frames.first else {
            throw ReplyFault(description: "the reply has no header frame", requestID: 0)
        }
        let bytes = header.bytes
        let reply: WireReply
        do {
            reply = try WireReply(serializedBytes: bytes)
        } catch {
            throw ReplyFault(
                description: "the header frame is not a Reply message",
                requestID: scanIDs(bytes).requestID)
        }
        guard reply.protocol == wireVersion else {
            throw ReplyFault(
                description: "the reply is of protocol \(reply.protocol), not \(wireVersion)",
                requestID: reply.requestID)
        }
        let tensors = [Frame](frames.dropFirst())
        if let sentence = mismatch(reply.tensors, tensors) {
            throw ReplyFault(description: sentence, requestID: reply.requestID)
        }
        return (reply, tensors)
    }

    // MARK: Events

    /// `[topic] [Event]`, as the events socket publishes it.
    public static func encode(_ event: WireEvent) -> [Frame] {
        [Frame([UInt8](event.topic.utf8)), Frame(serialize(event))]
    }

    /// Nil when the message is not an event of this version.
    public static func decodeEvent(_ message: [Frame]) -> WireEvent? {
        guard message.count == 2, let event = try? WireEvent(serializedBytes: message[1].bytes)
        else { return nil }
        return event
    }

    // MARK: Digest

    /// What makes two requests of one sequence number the same command.
    ///
    /// XXH3-128 over the request encoded anew without request id, deadline, epoch
    /// and acknowledged, then over every tensor frame, each part with its length
    /// in front (8 bytes, little-endian). A client may change the four fields when
    /// it repeats a command; another command under the same number is a conflict.
    public static func digest(_ request: WireRequest, tensors: [Frame]) -> [UInt8] {
        var command = request
        command.requestID = 0
        command.deadlineMs = 0
        command.epoch = 0
        command.acknowledged = 0
        let hash = XXH3()
        hash.update(part: serialize(command))
        for tensor in tensors { tensor.withUnsafeBytes { hash.update(part: $0) } }
        return hash.digest()
    }

    /// Serialising into memory fails only for required fields, which proto3 has
    /// not, and beyond 2 GiB, which no header reaches.
    private static func serialize(_ message: some Message) -> [UInt8] {
        do {
            return try message.serializedBytes()
        } catch {
            preconditionFailure("a header could not be serialised: \(error)")
        }
    }
}

extension WireError {
    static func malformed(_ sentence: String) -> WireError {
        make(.invalidArgument, .malformed, retry: .never, sentence)
    }
}
