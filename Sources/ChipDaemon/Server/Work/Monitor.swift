internal import Foundation

/// A value that threads share under a lock, and wait upon.
///
/// Invariant: `value` is touched only while `condition` is held.
final class Monitor<Value>: @unchecked Sendable {
    private let condition = NSCondition()
    private var value: Value

    init(_ value: Value) { self.value = value }

    func withLock<Result>(_ body: (inout Value) throws -> Result) rethrows -> Result {
        condition.lock()
        defer { condition.unlock() }
        return try body(&value)
    }

    /// Changes the value and wakes all that wait for it.
    func update<Result>(_ body: (inout Value) -> Result) -> Result {
        condition.lock()
        defer {
            condition.broadcast()
            condition.unlock()
        }
        return body(&value)
    }

    /// Waits until `body` finds what it looks for.
    func wait<Result>(for body: (inout Value) -> Result?) -> Result {
        condition.lock()
        defer { condition.unlock() }
        while true {
            if let found = body(&value) { return found }
            condition.wait()
        }
    }

    /// The same, for at most `seconds`.
    func wait<Result>(seconds: Double, for body: (inout Value) -> Result?) -> Result? {
        let end = Date(timeIntervalSinceNow: seconds)
        condition.lock()
        defer { condition.unlock() }
        while true {
            if let found = body(&value) { return found }
            if !condition.wait(until: end) { return body(&value) }
        }
    }
}
