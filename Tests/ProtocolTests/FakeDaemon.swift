import Foundation
import Protocol
import Synchronization

/// A daemon that follows a script: two ROUTERs in a thread of its own, on an ipc
/// path of the test. The script sees each request and says what goes back.
final class FakeDaemon: Sendable {
    enum Channel: Sendable { case command, control }

    /// What to do with one request.
    enum Action: Sendable {
        case reply(WireReply, [Frame])
        case drop
        /// Keep it, and answer all kept requests in reverse order once `count` are
        /// there.
        case hold(until: Int, WireReply, [Frame])
    }

    typealias Script = @Sendable (Channel, IncomingRequest) -> Action

    struct Seen: Sendable {
        let channel: Channel
        let request: WireRequest
        let bytes: [[UInt8]]
    }

    let endpoint: String
    private let chips: [UInt32]
    private let directory: String
    private let seenRequests = Mutex<[Seen]>([])
    private let wakeup: Wakeup
    private let stopped = DispatchSemaphore(value: 0)
    private let isStopping = Mutex(false)

    var seen: [Seen] { seenRequests.withLock { $0 } }

    func seen(_ name: String) -> [Seen] {
        seen.filter { $0.request.command?.traits.name == name }
    }

    init(
        chips: [UInt32] = [7], limits: WireLimits = Limits.message, _ script: @escaping Script
    ) throws {
        self.chips = chips
        directory = try TestDirectory.make()
        endpoint = "ipc://\(directory)/d"
        wakeup = try Wakeup()
        let ready = DispatchSemaphore(value: 0)
        let endpoint = endpoint
        Thread.detachNewThread { [self] in
            defer { stopped.signal() }
            do {
                let context = try ZMQContext()
                let options = SocketOptions(lingerMilliseconds: 0)
                let command = try Socket(.router, in: context, options: options)
                let control = try Socket(.router, in: context, options: options)
                try command.bind(endpoint)
                try control.bind(endpoint + ".control")
                ready.signal()
                var held: [[Frame]] = []
                while !isStopping.withLock({ $0 }) {
                    // Two sockets, one thread: each is polled in turn, briefly.
                    _ = try Poll.wait(socket: command, wakeup: wakeup, timeoutMilliseconds: 1)
                    while let frames = try command.receive() {
                        for message in handle(.command, frames, limits, script, &held) {
                            _ = try command.send(message)
                        }
                    }
                    while let frames = try control.receive() {
                        for message in handle(.control, frames, limits, script, &held) {
                            _ = try control.send(message)
                        }
                    }
                }
            } catch {
                ready.signal()
            }
        }
        ready.wait()
    }

    private func handle(
        _ channel: Channel, _ frames: [Frame], _ limits: WireLimits, _ script: Script,
        _ held: inout [[Frame]]
    ) -> [[Frame]] {
        let incoming: IncomingRequest
        do {
            incoming = try Codec.decodeRequest(frames)
        } catch {
            return [Codec.encode(error.reply, tensors: [], routing: error.routing)]
        }
        if case .hello = incoming.command {
            var hello = WireHelloResult()
            hello.protocol = wireVersion
            hello.chips = chips
            hello.limits = limits
            var reply = WireReply.answering(incoming.request)
            reply.hello = hello
            return [Codec.encode(reply, tensors: [], routing: incoming.routing)]
        }
        seenRequests.withLock {
            $0.append(
                Seen(
                    channel: channel, request: incoming.request,
                    bytes: frames.dropFirst().map(\.bytes)))
        }
        switch script(channel, incoming) {
        case .drop:
            return []
        case .reply(let reply, let tensors):
            return [Codec.encode(reply, tensors: tensors, routing: incoming.routing)]
        case .hold(let count, let reply, let tensors):
            held.append(Codec.encode(reply, tensors: tensors, routing: incoming.routing))
            guard held.count >= count else { return [] }
            defer { held = [] }
            return held.reversed()
        }
    }

    func stop() {
        isStopping.withLock { $0 = true }
        wakeup.signal()
        stopped.wait()
        TestDirectory.remove(directory)
    }
}

/// Directories of tests: short, because a socket's path has 107 bytes.
enum TestDirectory {
    static func make() throws -> String {
        var template = Array("/tmp/nvtXXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { throw POSIXError(.EIO) }
        return String(cString: made)
    }

    static func remove(_ path: String) { try? FileManager.default.removeItem(atPath: path) }
}

/// The same numbers on every run.
struct Generator: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
