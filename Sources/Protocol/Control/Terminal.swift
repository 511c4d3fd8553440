internal import Glibc

enum Terminal {
    static func error(_ line: String) { put(line + "\n", on: STDERR_FILENO) }

    static func print(_ lines: [String]) {
        put(lines.joined(separator: "\n") + "\n", on: STDOUT_FILENO)
    }

    /// Stops quietly when nobody reads: the reader of a pipe may have left.
    private static func put(_ text: String, on descriptor: Int32) {
        var rest = [UInt8](text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }
}
