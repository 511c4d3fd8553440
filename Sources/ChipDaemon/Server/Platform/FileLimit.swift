internal import Glibc

/// How many files this process may have open: each open chip takes four.
enum FileLimit {
    /// As many as the system lets us have without asking anybody.
    static func raise() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        // Refused, the old limit stays; too many open files are told when they are met.
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}
