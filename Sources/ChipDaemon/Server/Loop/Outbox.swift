internal import Protocol
internal import Synchronization

/// Messages on their way to the thread that owns a socket.
final class Outbox: Sendable {
    private struct State {
        var messages: [[Frame]] = []
        var isFinishing = false
    }

    let wakeup: Wakeup
    private let state = Mutex(State())
    /// More than this wait for nobody; `nil`: answers, whose number admission bounds.
    private let messagesMax: Int?

    init(messagesMax: Int? = nil) throws(ZMQError) {
        wakeup = try Wakeup()
        self.messagesMax = messagesMax
    }

    /// From any thread.
    func push(_ message: [Frame]) {
        let isFirst = state.withLock { state in
            if let messagesMax, state.messages.count >= messagesMax { return false }
            state.messages.append(message)
            return state.messages.count == 1
        }
        if isFirst { wakeup.signal() }
    }

    /// Nothing more comes: the thread sends what is here, and ends.
    func finish() {
        state.withLock { $0.isFinishing = true }
        wakeup.signal()
    }

    func take() -> (messages: [[Frame]], isFinishing: Bool) {
        state.withLock { state in
            defer { state.messages = [] }
            return (state.messages, state.isFinishing)
        }
    }
}
