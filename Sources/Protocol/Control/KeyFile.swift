internal import ArgumentParser
internal import Glibc

/// A file with one secret key, that nobody else may read.
enum KeyFile {
    static func create(_ path: String, secret: String) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw Failure.end(
                Failure.data, "could not make \(path): \(String(cString: strerror(errno)))")
        }
        defer { close(descriptor) }
        let line = secret + "\n"
        guard write(descriptor, line, line.utf8.count) == line.utf8.count else {
            throw Failure.end(
                Failure.data, "could not write \(path): \(String(cString: strerror(errno)))")
        }
    }
}
