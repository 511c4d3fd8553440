internal import Glibc

extension Endpoint {
    /// Why a connection to this ipc socket would find nobody; nil where somebody
    /// listens, or where that can't be told.
    ///
    /// - Precondition: the endpoint is ipc.
    public var whyNobodyListens: String? {
        guard let path else { preconditionFailure("\(self) is no ipc endpoint") }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { room in
            precondition(path.utf8.count < room.count)
            room.copyBytes(from: path.utf8)
        }
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let descriptor = socket(AF_UNIX, type | Int32(SOCK_NONBLOCK.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        // EAGAIN: a listener whose queue is full.
        guard result != 0, errno != EAGAIN, errno != EINTR else { return nil }
        switch errno {
        case ENOENT: return "there is no socket at that path"
        case ECONNREFUSED: return "nobody listens on that socket"
        default: return String(cString: strerror(errno))
        }
    }
}
