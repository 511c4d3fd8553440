internal import Checksum
internal import Foundation
internal import Glibc

/// Reading whole files, plain or compressed, and writing them.
public enum DataFile {
    /// The bytes of a file, decompressed where its first bytes say gzip or xz.
    public static func contents(of path: String) throws(DataError) -> [UInt8] {
        let bytes = try rawContents(of: path)
        return try Decompression.plain(bytes, file: path)
    }

    /// The first of `name`, `name.gz`, `name.xz` that the folder has.
    public static func path(of name: String, in folder: String) -> String? {
        ["", ".gz", ".xz"].lazy.map { "\(folder)/\(name)\($0)" }.first { access($0, R_OK) == 0 }
    }

    static func rawContents(of path: String) throws(DataError) -> [UInt8] {
        guard let file = fopen(path, "rb") else {
            throw .unreadable(file: path, code: errno)
        }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = fread(&block, 1, block.count, file)
            bytes.append(contentsOf: block[..<count])
            if count < block.count { break }
        }
        guard ferror(file) == 0 else {
            throw .unreadable(file: path, code: errno)
        }
        return bytes
    }

    /// XXH3 of a file, 128 bits in hexadecimal.
    static func digest(of path: String) throws(DataError) -> String {
        try digest(rawContents(of: path))
    }

    static func digest(_ bytes: [UInt8]) -> String {
        bytes.withUnsafeBytes(XXH3.hash128).hexadecimal
    }

    /// Throws what `write` would, as far as that can be known before: asked before
    /// work whose result is to be kept in the file.
    ///
    /// - Parameter room: bytes that must be free.
    public static func checkWritable(_ path: String, room: Int = roomOfSmallFiles)
        throws(DataError)
    {
        let draft = try beginDraft(of: target(of: path))
        let code = posix_fallocate(fileno(draft.file), 0, room)
        fclose(draft.file)
        unlink(draft.path)
        guard code == 0 else { throw .unwritable(file: path, code: code) }
    }

    /// Above what a deployment file or the header of a checkpoint takes (chosen).
    public static let roomOfSmallFiles = 1 << 20

    /// Whether both are there and the same, whatever they are called.
    public static func areOne(_ one: String, _ other: String) -> Bool {
        var (a, b) = (stat(), stat())
        return stat(one, &a) == 0 && stat(other, &b) == 0 && a.st_dev == b.st_dev
            && a.st_ino == b.st_ino
    }

    private static func beginDraft(
        of path: String
    ) throws(DataError) -> (path: String, file: UnsafeMutablePointer<FILE>) {
        let new = "\(path).new-\(getpid())"
        guard isFileOrAbsent(path) else {
            var status = stat()
            throw stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
                ? .unwritable(file: path, code: EISDIR) : .notAFile(path)
        }
        guard let file = fopen(new, "wbx") else { throw .unwritable(file: path, code: errno) }
        return (new, file)
    }

    private static func isFileOrAbsent(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) != 0 || status.st_mode & S_IFMT == S_IFREG
    }

    /// Removes a file; none there is as good.
    static func remove(_ path: String) throws(DataError) {
        guard unlink(path) == 0 || errno == ENOENT else {
            throw .unwritable(file: path, code: errno)
        }
    }

    /// The file that a link names, through all links, whether it is there or not; any other path
    /// as it is, and so a link to what is no file.
    static func target(of path: String) -> String {
        guard isFileOrAbsent(path) else { return path }
        var path = path
        // As many as the system follows.
        for _ in 0 ..< 40 {
            guard let next = try? FileManager.default.destinationOfSymbolicLink(atPath: path)
            else { break }
            path =
                next.hasPrefix("/")
                ? next
                : URL(fileURLWithPath: path).deletingLastPathComponent().path + "/" + next
        }
        return path
    }

    /// Writes beside the file that `path` names, syncs and renames: it is never half there, a
    /// link stays one, and what is no file, a device above all, is refused.
    static func write(_ bytes: [UInt8], to path: String) throws(DataError) {
        let target = target(of: path)
        let (new, file) = try beginDraft(of: target)
        func failed(_ code: Int32) -> DataError {
            unlink(new)
            return .unwritable(file: path, code: code)
        }
        let written = fwrite(bytes, 1, bytes.count, file)
        let code = errno
        let isSynced = fflush(file) == 0 && fsync(fileno(file)) == 0
        let syncCode = errno
        guard fclose(file) == 0 else { throw failed(errno) }
        guard written == bytes.count else { throw failed(code) }
        guard isSynced else { throw failed(syncCode) }
        guard rename(new, target) == 0 else { throw failed(errno) }
    }
}
