internal import Checksum
internal import Glibc
internal import Protocol

/// What a host must still know after it was killed: its session, and for each
/// chip the lease's epoch, the last number used and the command that is under
/// way, in the bytes that were sent.
///
/// Layout, little-endian: "NVCIMSES", version u32 = 1, session 16 bytes, chips
/// u32, then for each chip: serial u32, epoch u64, last sequence u64, frames u32
/// (0: nothing under way), each frame as size u64 and bytes; last the XXH3-128 of
/// all before.
///
/// Invariants:
/// 1. A command's bytes are in the file, on stable storage, before they are sent.
/// 2. The file is replaced as a whole: a kill leaves the old or the new one.
/// 3. One process at a time: `FILE.lock` is locked while it is open.
final class SessionFile {
    struct Chip: Equatable {
        var epoch: UInt64 = 0
        var sequenceLast: UInt64 = 0
        /// Header and tensor frames of the command that may or may not have been
        /// carried out.
        var pending: [[UInt8]] = []
    }

    let path: String
    let session: [UInt8]
    private(set) var chips: [UInt32: Chip]
    private let lock: Int32

    private static let magic = [UInt8]("NVCIMSES".utf8)

    /// Opens the file, or makes one with a new session.
    init(_ path: String) throws(ChipError) {
        self.path = path
        let descriptor = open(path + ".lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Self.failure("open \(path).lock") }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw .sessionFile(
                "the session file \(path) is in use by another process", .temporary)
        }
        lock = descriptor
        do throws(ChipError) {
            if access(path, F_OK) == 0 {
                (session, chips) = try Self.parse(path)
            } else {
                session = Self.random()
                chips = [:]
                try save()
            }
        } catch {
            close(descriptor)
            throw error
        }
    }

    deinit { close(lock) }

    func update(_ serial: UInt32, _ change: (inout Chip) -> Void) throws(ChipError) {
        var chip = chips[serial] ?? Chip()
        change(&chip)
        guard chip != chips[serial] else { return }
        chips[serial] = chip
        try save()
    }

    static func random() -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        return (0 ..< Limits.sessionBytes).map { _ in
            UInt8.random(in: .min ... .max, using: &generator)
        }
    }

    // MARK: The bytes

    private func save() throws(ChipError) {
        var bytes = Self.magic
        bytes.append(1 as UInt32)
        bytes += session
        bytes.append(UInt32(chips.count))
        for (serial, chip) in chips.sorted(by: { $0.key < $1.key }) {
            bytes.append(serial)
            bytes.append(chip.epoch)
            bytes.append(chip.sequenceLast)
            bytes.append(UInt32(chip.pending.count))
            for frame in chip.pending {
                bytes.append(UInt64(frame.count))
                bytes += frame
            }
        }
        bytes += bytes.withUnsafeBytes { XXH3.hash128($0) }
        try replace(with: bytes)
    }

    private func replace(with bytes: [UInt8]) throws(ChipError) {
        let new = path + ".new"
        do throws(FileError) {
            try FileBytes.write(bytes, to: new)
        } catch {
            throw .sessionFile(error.description, error.exitStatus)
        }
        _ = chmod(new, 0o600)
        try Self.sync(new)
        guard rename(new, path) == 0 else { throw Self.failure("replace \(path)") }
        let slash = path.lastIndex(of: "/")
        try Self.sync(slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? ".")
    }

    private static func sync(_ path: String) throws(ChipError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("open \(path)") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure("put \(path) on stable storage") }
    }

    private static func parse(
        _ path: String
    ) throws(ChipError) -> (session: [UInt8], chips: [UInt32: Chip]) {
        let bytes: [UInt8]
        do throws(FileError) {
            bytes = try FileBytes.read(path, limit: 2 << 30)
        } catch {
            throw .sessionFile(error.description, error.exitStatus)
        }
        let damaged = ChipError.sessionFile(
            "\(path) is not a session file, or it is damaged: nothing was sent", .data)
        let hash = bytes.suffix(16)
        let body = bytes.dropLast(16)
        guard body.starts(with: magic), body.withUnsafeBytes({ XXH3.hash128($0) }) == [UInt8](hash)
        else { throw damaged }
        var reader = ByteReader(body.dropFirst(magic.count))
        guard let version: UInt32 = reader.next() else { throw damaged }
        guard version == 1 else {
            throw .sessionFile(
                "\(path) is of version \(version); this program reads 1", .data)
        }
        guard let session = reader.bytes(Limits.sessionBytes), let count: UInt32 = reader.next()
        else { throw damaged }
        var chips: [UInt32: Chip] = [:]
        for _ in 0 ..< count {
            guard let serial: UInt32 = reader.next(), let epoch: UInt64 = reader.next(),
                let last: UInt64 = reader.next(), let frames: UInt32 = reader.next()
            else { throw damaged }
            var chip = Chip(epoch: epoch, sequenceLast: last)
            for _ in 0 ..< frames {
                guard let size: UInt64 = reader.next(), let count = Int(exactly: size),
                    let frame = reader.bytes(count)
                else { throw damaged }
                chip.pending.append(frame)
            }
            chips[serial] = chip
        }
        return (session, chips)
    }

    private static func failure(_ action: String) -> ChipError {
        let error = FileError.system(action, ExitStatus.writing)
        return .sessionFile(error.description, error.exitStatus)
    }
}

/// Reads little-endian numbers and runs of bytes, never past the end.
private struct ByteReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    mutating func bytes(_ count: Int) -> [UInt8]? {
        guard count >= 0, rest.count >= count else { return nil }
        defer { rest = rest.dropFirst(count) }
        return [UInt8](rest.prefix(count))
    }

    mutating func next<Number: FixedWidthInteger>() -> Number? {
        guard let bytes = bytes(MemoryLayout<Number>.size) else { return nil }
        return bytes.reversed().reduce(0) { $0 << 8 | Number($1) }
    }
}

extension [UInt8] {
    fileprivate mutating func append<Number: FixedWidthInteger>(_ number: Number) {
        Swift.withUnsafeBytes(of: number.littleEndian) { append(contentsOf: $0) }
    }
}
