internal import Glibc

enum Directory {
    /// A new name survives a power cut only once its directory is synced.
    ///
    /// - Parameter failure: the caller's error from what was tried and the system's number.
    static func sync<Failure>(
        _ directory: String, _ failure: (_ action: String, _ code: Int32) -> Failure
    ) throws(Failure) {
        let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("open \(directory)", errno) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure("sync \(directory)", errno) }
    }
}
