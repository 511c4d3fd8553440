internal import Foundation

/// Lets a process that is told to end by SIGINT, SIGTERM or SIGHUP tidy up first:
/// a signal doesn't run any `defer`.
///
/// A signal handler may do next to nothing, so it hands the signal's number to a
/// thread through a pipe. The thread tidies up and then ends the process by that
/// same signal, so that the shell sees what happened.
enum Interruption {
    // Written once, before the handlers are set.
    nonisolated(unsafe) private static var writeEnd: Int32 = -1

    /// Called once.
    static func prepare(_ tidyUp: @escaping @Sendable () -> Void) throws(DataError) {
        precondition(writeEnd < 0)
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw .unwritable(file: "a pipe", code: errno) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        writeEnd = ends[1]
        let readEnd = ends[0]
        // Whoever started this process may have had them blocked.
        var mine = sigset_t()
        sigemptyset(&mine)
        for number in [SIGINT, SIGTERM, SIGHUP] { sigaddset(&mine, number) }
        pthread_sigmask(SIG_UNBLOCK, &mine, nil)
        for number in [SIGINT, SIGTERM, SIGHUP] {
            signal(number) { number in
                // Whatever is interrupted may be about to read it.
                let code = errno
                var byte = UInt8(number)
                _ = write(Interruption.writeEnd, &byte, 1)
                errno = code
            }
        }
        Thread.detachNewThread {
            var number: UInt8 = 0
            while read(readEnd, &number, 1) < 1 {}
            tidyUp()
            signal(Int32(number), SIG_DFL)
            kill(getpid(), Int32(number))
        }
    }
}
