internal import Glibc
public import Protocol

/// Why a file cannot be used: names the file and what was expected.
public struct FileError: StatusError, Hashable, Sendable {
    public let description: String
    public let exitStatus: ExitStatus

    init(_ sentence: String, _ status: ExitStatus = .data) {
        description = sentence
        exitStatus = status
    }

    /// Of the system call that just failed.
    static func system(_ action: String, _ status: (Int32) -> ExitStatus) -> FileError {
        let code = errno
        return FileError("could not \(action): \(String(cString: strerror(code)))", status(code))
    }
}

/// Whole files in and out.
enum FileBytes {
    static func read(_ path: String, limit: Int) throws(FileError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw .system("open \(path)", ExitStatus.reading)
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT != S_IFDIR else {
            throw FileError("\(path) is a directory, not a file")
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(min(limit, Int(status.st_size)))
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else {
                throw .system("read \(path)", ExitStatus.reading)
            }
            if count == 0 { return bytes }
            bytes += buffer[..<count]
            guard bytes.count <= limit else {
                throw FileError("\(path) has more than \(limit) bytes")
            }
        }
    }

    static func write(_ bytes: [UInt8], to path: String) throws(FileError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw .system("write \(path)", ExitStatus.writing)
        }
        defer { close(descriptor) }
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.write(
                    descriptor, UnsafeRawBufferPointer(rebasing: $0[written...]).baseAddress,
                    bytes.count - written)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                throw .system("write \(path)", ExitStatus.writing)
            }
            written += count
        }
    }
}
