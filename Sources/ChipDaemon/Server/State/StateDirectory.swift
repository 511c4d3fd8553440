internal import Foundation
internal import Glibc
internal import Synchronization

/// Why a state directory cannot be used.
public struct StateError: Error, Sendable, CustomStringConvertible {
    public enum Kind: Sendable, Hashable {
        /// Another daemon holds it.
        case inUse
        /// It was made for something else, or is damaged; looked at, it isn't there.
        case unusable
        /// It cannot be made: the folder above isn't there.
        case missing
        case permission
        case inputOutput
    }
    public let kind: Kind
    public let description: String

    init(_ kind: Kind, _ sentence: String) {
        self.kind = kind
        description = sentence
    }

    /// The system's number as a kind and a sentence.
    static func system(_ action: String, _ code: Int32) -> StateError {
        let kind: Kind =
            switch code {
            case EACCES, EPERM, EROFS: .permission
            case ENOENT, ENOTDIR: .missing
            default: .inputOutput
            }
        return StateError(kind, "could not \(action): \(String(cString: strerror(code)))")
    }
}

/// Where a daemon keeps its chips.
///
///     DIR/lock                    locked while a daemon runs
///     DIR/spec.yaml               the spec that the chips were made from, devices included
///     DIR/chips/SERIAL/chip.db    one chip, made at its first use
///     DIR/chips/SERIAL/made       empty; says that the chip is there
///     DIR/chips/SERIAL/snapshots/NAME.db    what it was when it was saved
///
/// Invariants:
/// 1. While it is open for serving, `lock` is locked by this process; it is taken before any
///    socket is bound, and never removed.
/// 2. `spec.yaml` is written once, whole or not at all (a rename after a sync).
/// 3. All of it belongs to its owner alone (0700, 0600): a state is the chip.
public final class StateDirectory: Sendable {
    public let path: String
    public let spec: ResolvedSpec
    /// The locked descriptor; −1 once it was given back.
    private let lock: Mutex<Int32>

    /// Makes the directory where needed and locks it. A directory made from another spec is
    /// refused, and the sentence names what differs.
    public init(path: String, spec: ResolvedSpec) throws(StateError) {
        self.path = path
        self.spec = spec
        try Self.makeParents(of: path)
        try Self.makeDirectory(path)
        try Self.checkForeign(path)
        let descriptor = try Self.takeLock(path)
        do throws(StateError) {
            try Self.settle(spec, in: path)
        } catch {
            Glibc.close(descriptor)
            throw error
        }
        lock = Mutex(descriptor)
    }

    deinit { close() }

    /// Gives the lock back, after the last file was closed. More calls do nothing.
    public func close() {
        lock.withLock { descriptor in
            guard descriptor >= 0 else { return }
            Glibc.close(descriptor)
            descriptor = -1
        }
    }

    /// The file of a chip; its directory is made. A chip that was there and is gone is refused: a
    /// new one in its place would begin its epochs anew.
    package func chipFile(serial: UInt32) throws(StateError) -> String {
        let directory = "\(path)/chips/\(serial)"
        try Self.makeDirectory("\(path)/chips")
        try Self.makeDirectory(directory)
        let file = "\(directory)/chip.db"
        if FileManager.default.fileExists(atPath: "\(directory)/made"), Self.isEmpty(file) {
            throw StateError(
                .unusable,
                "chip \(serial) was made, but \(file) is gone or empty: put it back, or remove "
                    + "\(directory) to make a new chip")
        }
        return file
    }

    /// Remembers that a chip is there, after it was stored for the first time.
    package func noteMade(serial: UInt32) throws(StateError) {
        let file = "\(path)/chips/\(serial)/made"
        if !FileManager.default.fileExists(atPath: file) { try Self.write("", to: file) }
    }

    private static func isEmpty(_ file: String) -> Bool {
        var status = stat()
        return stat(file, &status) != 0 || status.st_size == 0
    }

    private static func makeParents(of path: String) throws(StateError) {
        guard let slash = path.lastIndex(of: "/") else { return }
        let parent = String(path[..<slash])
        guard !parent.isEmpty, !FileManager.default.fileExists(atPath: parent) else { return }
        try makeParents(of: parent)
        try makeDirectory(parent)
    }

    /// A directory with somebody else's files in it is left alone.
    private static func checkForeign(_ path: String) throws(StateError) {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        guard !names.contains("lock"), !names.contains("spec.yaml"),
            let foreign = names.first(where: { $0 != "lost+found" && !$0.hasPrefix(".") })
        else { return }
        throw StateError(
            .unusable,
            "\(path) is no state directory, and not empty: it has \(foreign). Name a new or an "
                + "empty directory")
    }

    private static func makeDirectory(_ path: String) throws(StateError) {
        if mkdir(path, 0o700) == 0 { return }
        let code = errno
        var status = stat()
        guard code == EEXIST, stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
            if code == EEXIST {
                throw StateError(.unusable, "\(path) exists and is not a directory")
            }
            throw .system("make the directory \(path)", code)
        }
    }

    private static func takeLock(_ directory: String) throws(StateError) -> Int32 {
        let file = "\(directory)/lock"
        let descriptor = open(file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw .system("open the lock \(file)", errno) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            Glibc.close(descriptor)
            if code == EWOULDBLOCK {
                throw StateError(.inUse, "another chipd already serves the state in \(directory)")
            }
            throw .system("lock \(file)", code)
        }
        return descriptor
    }

    private static func settle(_ spec: ResolvedSpec, in directory: String) throws(StateError) {
        let file = "\(directory)/spec.yaml"
        guard FileManager.default.fileExists(atPath: file) else {
            guard !FileManager.default.fileExists(atPath: "\(directory)/chips") else {
                throw StateError(
                    .unusable, "\(directory) has chips but no spec.yaml: it is damaged")
            }
            try write(spec.text, to: file)
            return
        }
        let stored: ResolvedSpec
        do {
            stored = try ResolvedSpec(resolved: file)
        } catch {
            throw StateError(.unusable, "\(error)")
        }
        guard stored.digest != spec.digest else { return }
        let differences = spec.differences(from: stored)
        let shown = differences.prefix(8).joined(separator: "; ")
        let more = differences.count > 8 ? "; and \(differences.count - 8) more" : ""
        throw StateError(
            .unusable,
            "the chips in \(directory) were made from another spec: \(shown)\(more). Use the spec "
                + "they were made from, or another directory")
    }

    private static func write(_ text: String, to file: String) throws(StateError) {
        let draft = file + ".new"
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw .system("make \(draft)", errno) }
        let bytes = [UInt8](text.utf8)
        var done = 0
        while done < bytes.count {
            let written = bytes[done...].withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress, $0.count)
            }
            if written < 0, errno == EINTR { continue }
            guard written > 0 else {
                let code = errno
                Glibc.close(descriptor)
                throw .system("write \(draft)", code)
            }
            done += written
        }
        let isSynced = fsync(descriptor) == 0
        let code = errno
        Glibc.close(descriptor)
        guard isSynced else { throw .system("sync \(draft)", code) }
        guard rename(draft, file) == 0 else { throw .system("name \(file)", errno) }
        try Directory.sync(
            URL(fileURLWithPath: file).deletingLastPathComponent().path, StateError.system)
    }
}
