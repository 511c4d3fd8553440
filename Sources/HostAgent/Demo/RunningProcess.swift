internal import Foundation
internal import Synchronization

/// Which child runs now: known to the thread that starts and ends it, and to the
/// one that tidies up when this process is interrupted.
final class RunningProcess: Sendable {
    private let identifier = Mutex<pid_t?>(nil)

    /// Starts a child; nobody ends the children in between.
    func begin(_ start: () throws -> pid_t) rethrows {
        try identifier.withLock { $0 = try start() }
    }

    /// The child has ended.
    func forget() { identifier.withLock { $0 = nil } }

    /// Ends the child, runs `then`, and lets no other begin: for the last moments of
    /// this process.
    func endForGood(then: () -> Void) {
        identifier.withLock { child in
            if let child {
                kill(child, SIGKILL)
                // Waits without taking the status away from its owner.
                var information = siginfo_t()
                while waitid(P_PID, id_t(child), &information, WEXITED | WNOWAIT) != 0,
                    errno == EINTR
                {}
            }
            then()
        }
    }
}
