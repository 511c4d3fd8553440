internal import Foundation
internal import Synchronization

/// Which child runs now: known to the thread that starts and ends it, and to the
/// one that tidies up when this process is interrupted.
package final class RunningProcess: Sendable {
    private let identifier = Mutex<pid_t?>(nil)

    package init() {}

    /// Starts a child; nobody ends the children in between.
    package func begin(_ start: () throws -> Int32) rethrows {
        try identifier.withLock { $0 = try start() }
    }

    /// Ends the child and waits for it; nobody signals its number in between.
    func end(_ stop: () -> Void) {
        identifier.withLock { child in
            stop()
            child = nil
        }
    }

    /// Ends the child, runs `then`, and lets no other begin: for the last moments of
    /// this process.
    package func endForGood(then: () -> Void) {
        identifier.withLock { child in
            if let child, Self.isOurs(child) {
                kill(child, SIGKILL)
                _ = Self.wait(child, WEXITED | WNOWAIT)
            }
            then()
        }
    }

    /// False once the child was waited for: its number may be another process's by now.
    private static func isOurs(_ child: pid_t) -> Bool {
        wait(child, WEXITED | WNOWAIT | WNOHANG)
    }

    /// Waits without taking the status away from its owner; false for a process that is no
    /// child of this one.
    private static func wait(_ child: pid_t, _ options: Int32) -> Bool {
        var information = siginfo_t()
        while waitid(P_PID, id_t(child), &information, options) != 0 {
            guard errno == EINTR else { return false }
        }
        return true
    }
}
