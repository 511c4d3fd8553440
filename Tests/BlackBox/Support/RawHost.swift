import Foundation
import Protocol

struct NoAnswer: Error {}

/// A host with a fixed session that numbers its commands by hand, so that a test decides what is
/// repeated after a crash.
final class RawHost {
    private let context: ZMQContext
    private let socket: SocketBox
    private let wakeup: Wakeup
    private var requestID: UInt64 = 0
    var epoch: UInt64 = 0
    let session: Data

    /// A class may hold a non-copyable socket.
    private final class SocketBox {
        let socket: Socket
        init(_ socket: consuming Socket) { self.socket = socket }
    }

    init(_ endpoint: String, session: UInt8 = 1) throws {
        context = try ZMQContext()
        wakeup = try Wakeup()
        let socket = try Socket(.dealer, in: context, options: SocketOptions())
        try socket.connect(endpoint)
        self.socket = SocketBox(socket)
        self.session = Data(repeating: session, count: 16)
    }

    func send(
        _ command: WireRequest.OneOf_Command, sequence: UInt64 = 0,
        tensor: (WireTensor, Frame)? = nil
    ) throws {
        requestID += 1
        var request = WireRequest()
        request.protocol = 1
        request.session = session
        request.requestID = requestID
        request.sequence = sequence
        request.acknowledged = sequence == 0 ? 0 : sequence - 1
        request.epoch = epoch
        request.tensors = tensor.map { [$0.0] } ?? []
        request.command = command
        _ = try socket.socket.send(
            Codec.encode(request, tensors: tensor.map { [$0.1] } ?? []))
    }

    /// The answer to the latest request, or nil if none comes in time.
    func receive(milliseconds: Int) throws -> (reply: WireReply, tensors: [Frame])? {
        while true {
            while let message = try socket.socket.receive() {
                let answer = try Codec.decodeReply(message)
                if answer.reply.requestID == requestID { return answer }
            }
            let ready = try Poll.wait(
                socket: socket.socket, wakeup: wakeup, timeoutMilliseconds: milliseconds)
            if !ready.socketReady { return nil }
        }
    }

    @discardableResult
    func ask(
        _ command: WireRequest.OneOf_Command, sequence: UInt64 = 0,
        tensor: (WireTensor, Frame)? = nil
    ) throws -> (reply: WireReply, tensors: [Frame]) {
        try send(command, sequence: sequence, tensor: tensor)
        guard let answer = try receive(milliseconds: 60_000) else { throw NoAnswer() }
        return answer
    }

    func takeLease() throws {
        let reply = try ask(.leaseAcquire(.with { $0.termMs = 600_000 })).reply
        epoch = reply.lease.grants.first?.epoch ?? 0
    }

    func releaseLease() throws {
        try ask(.leaseRelease(WireLeaseRelease()))
        epoch = 0
    }
}
