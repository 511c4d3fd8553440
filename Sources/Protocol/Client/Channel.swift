public import Protocol

/// A reply with its tensors.
public struct Answer: Sendable {
    public let reply: WireReply
    public let tensors: [Frame]
}

/// One DEALER socket to one endpoint of the daemon, on the connection's thread.
final class Channel {
    enum Received {
        case answer(Answer)
        /// Something that is no reply; its request id where it could be read.
        case unusable(Codec.ReplyFault)
    }

    let endpoint: String
    private let socket: Socket

    init(_ endpoint: String, in context: ZMQContext) throws(ChipError) {
        self.endpoint = endpoint
        do throws(ZMQError) {
            socket = try Socket(.dealer, in: context)
            try socket.connect(endpoint)
        } catch {
            throw .transport(error)
        }
    }

    /// False when libzmq cannot take it now.
    func send(_ frames: [Frame]) throws(ChipError) -> Bool {
        do throws(ZMQError) { return try socket.send(frames) } catch { throw .transport(error) }
    }

    /// The next message, or nil after the time.
    func receive(within time: Duration) throws(ChipError) -> Received? {
        do throws(ZMQError) {
            if let frames = try socket.receive() { return Self.decode(frames) }
            let milliseconds = Int(time.milliseconds.rounded(.up))
            _ = try Poll.wait(socket: socket, timeoutMilliseconds: max(0, milliseconds))
            guard let frames = try socket.receive() else { return nil }
            return Self.decode(frames)
        } catch {
            throw .transport(error)
        }
    }

    private static func decode(_ frames: [Frame]) -> Received {
        do throws(Codec.ReplyFault) {
            let (reply, tensors) = try Codec.decodeReply(frames)
            return .answer(Answer(reply: reply, tensors: tensors))
        } catch {
            return .unusable(error)
        }
    }
}

extension Duration {
    /// To the millisecond: for sentences and for libzmq's timers.
    var seconds: Double {
        Double(components.seconds) + (Double(components.attoseconds) * 1e-15).rounded() / 1e3
    }

    var milliseconds: Double { seconds * 1e3 }
}
