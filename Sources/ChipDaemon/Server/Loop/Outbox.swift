internal import Glibc
internal import Protocol
internal import Synchronization

/// Messages on their way to the thread that owns a socket.
///
/// The owner needs no waking: it takes what it pushed itself before it waits again.
final class Outbox: Sendable {
    private struct State {
        var messages: [[Frame]] = []
        var isFinishing = false
        var owner: pthread_t?
    }

    let wakeup: Wakeup
    private let state = Mutex(State())
    /// More than this wait for nobody; `nil`: answers, whose number admission bounds.
    private let messagesMax: Int?

    init(messagesMax: Int? = nil) throws(ZMQError) {
        wakeup = try Wakeup()
        self.messagesMax = messagesMax
    }

    /// The calling thread will take.
    func becomeOwner() { state.withLock { $0.owner = pthread_self() } }

    /// From any thread.
    func push(_ message: [Frame]) {
        let isToWake = state.withLock { state in
            if let messagesMax, state.messages.count >= messagesMax { return false }
            state.messages.append(message)
            return state.messages.count == 1 && state.owner != pthread_self()
        }
        if isToWake { wakeup.signal() }
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
