internal import CZeroMQ
internal import Glibc

/// A call into libzmq, or one of the system calls beside it, failed.
public struct ZMQError: Error, Hashable, CustomStringConvertible {
    /// The number that libzmq or the system reported.
    public let code: Int32
    /// What was tried, as a phrase: "bind ipc:///run/nvcim/chip".
    public let operation: String

    public init(code: Int32, operation: String) {
        self.code = code
        self.operation = operation
    }

    /// A sentence with libzmq's own text.
    public var description: String {
        "could not \(operation): \(String(cString: zmq_strerror(code)))"
    }

    /// The context was shut down: the thread should close its sockets and end.
    public var isShutdown: Bool { code == Self.terminated }

    static let terminated = Int32(ETERM)

    /// The error of the libzmq call just made on this thread.
    static func last(_ operation: @autoclosure () -> String) -> ZMQError {
        ZMQError(code: zmq_errno(), operation: operation())
    }
}
