internal import Foundation
internal import Synchronization

/// Lets a process that is told to end by SIGINT, SIGTERM or SIGHUP tidy up first:
/// a signal doesn't run any `defer`.
///
/// A signal handler may do next to nothing, so it hands the signal's number to a
/// thread through a pipe. The thread tidies up and then ends the process by that
/// same signal, so that the shell sees what happened.
enum Interruption {
    private static let work = Mutex<[UUID: @Sendable () -> Void]>([:])
    // Written once, before the handlers are set.
    nonisolated(unsafe) private static var writeEnd: Int32 = -1
    private static let prepared = Result<Void, DataError>(catching: prepare)

    /// Keeps its work among what is to be done until it is ended.
    struct Registration: Sendable {
        fileprivate let id = UUID()

        func end() { _ = work.withLock { $0.removeValue(forKey: id) } }
    }

    /// - Parameter tidyUp: done when this process is told to end.
    static func register(_ tidyUp: @escaping @Sendable () -> Void) throws(DataError)
        -> Registration
    {
        try prepared.get()
        let registration = Registration()
        work.withLock { $0[registration.id] = tidyUp }
        return registration
    }

    private static func prepare() throws(DataError) {
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
            for tidyUp in work.withLock({ Array($0.values) }) { tidyUp() }
            signal(Int32(number), SIG_DFL)
            kill(getpid(), Int32(number))
        }
    }
}
