internal import Glibc
public import Protocol

/// Standard output and error of a program.
public enum Terminal {
    /// The result could not be shown.
    public struct WriteError: StatusError {
        let code: Int32

        public var description: String {
            "could not write the result: \(String(cString: strerror(code)))"
        }
        public var exitStatus: ExitStatus { .inputOutput }
    }

    /// A line for a person, beside the result. There is nowhere left to say that standard
    /// error fails.
    public static func error(_ line: String) { _ = put(line + "\n", on: STDERR_FILENO) }

    public static func print(_ lines: [String]) throws(WriteError) {
        let code = put(lines.joined(separator: "\n") + "\n", on: STDOUT_FILENO)
        // The reader of a pipe may have seen enough.
        guard code == 0 || code == EPIPE else { throw WriteError(code: code) }
    }

    /// The error number, 0 when all is written.
    private static func put(_ text: String, on descriptor: Int32) -> Int32 {
        var rest = [UInt8](text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return count < 0 ? errno : EIO }
            rest = rest.dropFirst(count)
        }
        return 0
    }
}
