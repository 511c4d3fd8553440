internal import Glibc
internal import Synchronization

/// The right to listen on an ipc path, held until `close()`.
///
/// libzmq's bind removes whatever socket lies at the path, live or not, so a
/// second daemon would take a running one over without a word. A lock on a file
/// beside the path is therefore taken first; only its holder removes a stale
/// socket and binds.
///
/// Use: make it, bind the socket to `endpoint`, call `protect()`, and `close()`
/// after the socket was closed.
///
/// Invariants:
/// 1. While it is open, the lock file `PATH.lock` is locked by this process.
/// 2. The lock file is never removed: a file removed and made anew would let two
///    processes hold "the" lock.
public final class IPCListener: Sendable {
    public let endpoint: Endpoint
    private let path: String
    /// The locked descriptor; −1 once it was given back.
    private let lock: Mutex<Int32>

    /// Makes missing directories (0700), takes the lock and removes a stale
    /// socket.
    ///
    /// - Precondition: the endpoint is ipc.
    public init(_ endpoint: Endpoint) throws(EndpointError) {
        guard let path = endpoint.path else {
            preconditionFailure("an ipc listener was asked for \(endpoint)")
        }
        self.endpoint = endpoint
        self.path = path
        try Self.makeDirectories(above: path)
        let descriptor = try Self.takeLock(path + ".lock", for: endpoint)
        do throws(EndpointError) {
            try Self.removeStale(path)
        } catch {
            Glibc.close(descriptor)
            throw error
        }
        lock = Mutex(descriptor)
    }

    deinit { close() }

    /// Gives the bound socket to its owner alone (0600).
    public func protect() throws(EndpointError) {
        guard chmod(path, 0o600) == 0 else {
            throw Self.failure("set the permissions of \(path)")
        }
    }

    /// Removes the socket and gives the lock back. More calls do nothing.
    public func close() {
        lock.withLock { descriptor in
            guard descriptor >= 0 else { return }
            unlink(path)
            Glibc.close(descriptor)
            descriptor = -1
        }
    }

    private static func makeDirectories(above path: String) throws(EndpointError) {
        let parts = path.split(separator: "/", omittingEmptySubsequences: true).dropLast()
        var directory = path.hasPrefix("/") ? "/" : ""
        for part in parts {
            directory += part
            if mkdir(directory, 0o700) != 0, errno != EEXIST {
                throw failure("make the directory \(directory)")
            }
            directory += "/"
        }
    }

    private static func takeLock(
        _ file: String, for endpoint: Endpoint
    ) throws(EndpointError) -> Int32 {
        let descriptor = open(file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw failure("open the lock \(file)") }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let held = errno == EWOULDBLOCK
            let other = failure("lock \(file)")
            Glibc.close(descriptor)
            if held {
                throw EndpointError("another process already listens on \(endpoint)")
            }
            throw other
        }
        return descriptor
    }

    private static func removeStale(_ path: String) throws(EndpointError) {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            if errno == ENOENT { return }
            throw failure("look at \(path)")
        }
        guard status.st_mode & S_IFMT == S_IFSOCK else {
            throw EndpointError("\(path) exists and is not a socket: it is left as it is")
        }
        guard unlink(path) == 0 else { throw failure("remove the stale socket \(path)") }
    }

    private static func failure(_ action: String) -> EndpointError {
        EndpointError("could not \(action): \(String(cString: strerror(errno)))")
    }
}
