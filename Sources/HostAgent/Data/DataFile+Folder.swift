internal import Glibc

extension DataFile {
    /// Refuses a path that is no folder.
    static func checkFolder(_ path: String) throws(DataError) {
        var status = stat()
        guard stat(path, &status) == 0 else { throw .unreadable(file: path, code: errno) }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            throw .unreadable(file: path, code: ENOTDIR)
        }
    }

    /// Makes a folder and those above it, where they are missing.
    static func makeFolder(_ path: String) throws(DataError) {
        var made = path.hasPrefix("/") ? "/" : ""
        for part in path.split(separator: "/") {
            made += "\(part)/"
            guard mkdir(made, 0o777) == 0 || errno == EEXIST else {
                throw .unwritable(file: path, code: errno)
            }
        }
        var status = stat()
        guard stat(path, &status) != 0 || status.st_mode & S_IFMT == S_IFDIR else {
            throw .unwritable(file: path, code: ENOTDIR)
        }
        guard access(path, W_OK | X_OK) == 0 else {
            throw .unwritable(file: path, code: errno)
        }
    }
}
