internal import Foundation
internal import Synchronization

/// A fixed number of threads that carry out tasks, and help each other with parts of one.
///
/// Invariants:
/// 1. A task runs once, on one thread.
/// 2. `split` runs every index once and returns when all are done. It waits only for threads
///    that are already inside its body, each of which makes progress: there is no deadlock,
///    also when every thread splits.
/// 3. After `stop` returned, no thread runs.
final class WorkerPool: Sendable {
    private struct State {
        var tasks: ArraySlice<@Sendable () -> Void> = []
        /// Parts of tasks that run: taken before new tasks.
        var helps: [@Sendable () -> Void] = []
        var idle = 0
        var running = 0
        var isStopping = false
    }

    let threads: Int
    private let state: Monitor<State>

    init(threads: Int) {
        precondition(threads > 0)
        self.threads = threads
        let state = Monitor(State())
        self.state = state
        state.withLock { $0.running = threads }
        for index in 0 ..< threads {
            let thread = Thread { Self.loop(state) }
            thread.name = "worker \(index)"
            thread.stackSize = 8 << 20
            thread.start()
        }
    }

    func submit(_ task: @escaping @Sendable () -> Void) {
        state.update { state in
            precondition(!state.isStopping, "a task came after the pool was stopped")
            state.tasks.append(task)
        }
    }

    /// Runs `body(0) … body(count − 1)`, helped by threads that have nothing to do.
    func split(_ count: Int, _ body: @Sendable (Int) -> Void) {
        guard count > 1 else {
            if count == 1 { body(0) }
            return
        }
        withoutActuallyEscaping(body) { body in
            let share = Share(count: count, body: body)
            let idle = state.withLock { $0.idle }
            for _ in 0 ..< min(idle, count - 1) {
                state.update { $0.helps.append { share.help() } }
            }
            share.runAndWait()
        }
    }

    /// Carries out what was submitted, then ends the threads.
    func stop() {
        state.update { $0.isStopping = true }
        state.wait { $0.running == 0 ? () : nil }
    }

    private static func loop(_ state: Monitor<State>) {
        while true {
            guard let task = next(state) else { break }
            task()
        }
        state.update { $0.running -= 1 }
    }

    /// `nil`: the thread ends.
    private static func next(_ state: Monitor<State>) -> (@Sendable () -> Void)? {
        state.withLock { $0.idle += 1 }
        defer { state.withLock { $0.idle -= 1 } }
        let found: Step = state.wait { state in
            if let help = state.helps.popLast() { return .run(help) }
            if let task = state.tasks.popFirst() { return .run(task) }
            return state.isStopping ? .end : nil
        }
        switch found {
        case .run(let task): return task
        case .end: return nil
        }
    }

    private enum Step {
        case run(@Sendable () -> Void)
        case end
    }
}

extension WorkerPool {
    /// One `split`: the next index, and who is inside.
    ///
    /// Invariant: `body` is read only between entering and leaving, and taken away by the one
    /// that split when all have left. A help that starts late holds this object, but nothing of
    /// the caller's.
    private final class Share: @unchecked Sendable {
        private struct Inside {
            var helpers = 0
            var isOpen = true
        }
        private let count: Int
        private var body: (@Sendable (Int) -> Void)?
        private let next = Atomic<Int>(0)
        private let inside = Monitor(Inside())

        init(count: Int, body: @escaping @Sendable (Int) -> Void) {
            self.count = count
            self.body = body
        }

        /// Not inlined, so that no reference to the body outlives it.
        @inline(never)
        private func run() {
            guard let body else { preconditionFailure("a part ran after its whole had ended") }
            while true {
                let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
                guard index < count else { return }
                body(index)
            }
        }

        func help() {
            let isLate = inside.withLock { inside in
                if inside.isOpen { inside.helpers += 1 }
                return !inside.isOpen
            }
            guard !isLate else { return }
            run()
            inside.update { $0.helpers -= 1 }
        }

        func runAndWait() {
            run()
            inside.withLock { $0.isOpen = false }
            inside.wait { $0.helpers == 0 ? () : nil }
            body = nil
        }
    }
}
