internal import Foundation
internal import Logging
internal import Protocol

/// One bound socket and the thread that owns it: receives, hands over, sends what comes back.
///
/// Invariants:
/// 1. The socket is made, used and closed on this thread.
/// 2. It never waits for a chip: `onMessage` must return at once.
/// 3. An answer that cannot be sent at once is dropped; the host asks again.
final class SocketThread: Sendable {
    /// Messages taken in before answers are sent again.
    private static let messagesPerTurn = 64
    /// Errors in a row after which the socket is given up.
    private static let errorsMax = 100

    private enum Phase {
        case starting
        case running(endpoint: String)
        case ended(ServerError?)
    }

    let outbox: Outbox
    private let phase: Monitor<Phase>
    private let listener: IPCListener?

    /// Returns once the socket is bound.
    ///
    /// - Parameters:
    ///   - onFailure: the socket was lost after it had been bound.
    ///   - onTick: called on this thread, at least every second.
    ///   - onMessage: called on this thread.
    init(
        _ name: String, _ kind: SocketKind, endpoint: Endpoint, context: ZMQContext,
        outbox: Outbox, logger: Logger, onFailure: @escaping @Sendable (ServerError) -> Void,
        onTick: @escaping @Sendable () -> Void = {},
        onMessage: @escaping @Sendable ([Frame]) -> Void
    ) throws(ServerError) {
        self.outbox = outbox
        let phase = Monitor(Phase.starting)
        self.phase = phase
        do {
            listener = endpoint.isTCP ? nil : try IPCListener(endpoint)
        } catch {
            throw ServerError.endpoint(error.description)
        }
        let listener = self.listener
        let thread = Thread {
            let end = Self.run(
                kind, endpoint, context, listener, outbox, phase, logger, onTick, onMessage)
            let wasRunning = phase.update { phase in
                defer { phase = .ended(end) }
                if case .running = phase { return true } else { return false }
            }
            if let end, wasRunning { onFailure(end) }
        }
        thread.name = name
        thread.start()
        let failure: ServerError?? = phase.wait { phase in
            switch phase {
            case .starting: nil
            case .running: .some(nil)
            case .ended(let error): .some(error ?? .endpoint("\(endpoint) was closed at once"))
            }
        }
        if let failure, let failure {
            listener?.close()
            throw failure
        }
    }

    /// Where it listens.
    var endpoint: String {
        phase.withLock { if case .running(let endpoint) = $0 { endpoint } else { "" } }
    }

    /// Sends what waits, closes the socket and ends the thread.
    func finish() {
        outbox.finish()
        phase.wait { phase in
            if case .ended = phase { () } else { nil }
        }
        listener?.close()
    }

    private static func run(
        _ kind: SocketKind, _ endpoint: Endpoint, _ context: ZMQContext, _ listener: IPCListener?,
        _ outbox: Outbox, _ phase: Monitor<Phase>, _ logger: Logger,
        _ onTick: @Sendable () -> Void, _ onMessage: @Sendable ([Frame]) -> Void
    ) -> ServerError? {
        do {
            let socket = try Socket(kind, in: context)
            try socket.bind(endpoint.description)
            try listener?.protect()
            let bound = socket.boundEndpoint
            phase.update { $0 = .running(endpoint: bound) }
            try serve(socket, outbox, logger, onTick, onMessage)
            return nil
        } catch {
            logger.error("\(endpoint): \(error)")
            return .endpoint("\(error)")
        }
    }

    /// One that cannot be sent keeps no other from being sent.
    private static func send(
        _ message: [Frame], _ socket: borrowing Socket, _ logger: Logger
    ) {
        do throws(ZMQError) {
            if try !socket.send(message) {
                logger.debug("an answer was dropped: its peer is gone or does not read")
            }
        } catch {
            logger.error("an answer was dropped: \(error)")
        }
    }

    private static func serve(
        _ socket: borrowing Socket, _ outbox: Outbox, _ logger: Logger,
        _ onTick: @Sendable () -> Void, _ onMessage: @Sendable ([Frame]) -> Void
    ) throws(ZMQError) {
        outbox.becomeOwner()
        var errors = 0
        while true {
            do throws(ZMQError) {
                let ready = try Poll.wait(
                    socket: socket, wakeup: outbox.wakeup, timeoutMilliseconds: 1_000)
                if ready.woken { outbox.wakeup.drain() }
                if ready.socketReady {
                    for _ in 0 ..< messagesPerTurn {
                        guard let message = try socket.receive() else { break }
                        onMessage(message)
                    }
                }
                onTick()
                // Last before waiting: what this thread pushed by itself woke nobody.
                let (messages, isFinishing) = outbox.take()
                for message in messages { send(message, socket, logger) }
                if isFinishing { return }
                errors = 0
            } catch {
                errors += 1
                logger.error("\(error)")
                if error.isShutdown || errors >= errorsMax { throw error }
            }
        }
    }
}
