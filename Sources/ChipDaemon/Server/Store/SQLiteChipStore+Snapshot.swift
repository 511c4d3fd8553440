public import ChipCore
internal import Foundation
internal import Glibc

/// Snapshots stand beside the chip, each a file of the same layout:
///
///     DIR/chips/SERIAL/snapshots/NAME.db
extension SQLiteChipStore {
    public func save(_ snapshot: Snapshot, named name: String) throws(StoreFault) {
        let file = snapshotFile(name, serial: identity.serial)
        let directory = (file as NSString).deletingLastPathComponent
        guard mkdir(directory, 0o700) == 0 || errno == EEXIST else {
            throw .system("make the directory \(directory)", errno)
        }
        let draft = file + ".new"
        unlink(draft)
        defer { unlink(draft) }
        let store = try SQLiteChipStore(
            path: draft, identity: identity, createdWallMicroseconds: 0)
        var changes = StoreChanges()
        changes.clock = snapshot.clock
        changes.counters = snapshot.counters
        changes.lease = LeaseRecord(epoch: 0, holder: nil, termMilliseconds: 0)
        changes.tiles = snapshot.tiles
        changes.matrices = snapshot.matrices
        changes.faults = snapshot.faults
        do throws(StoreFault) {
            try store.commit(changes)
            try store.close()
        } catch {
            try store.close()
            throw error
        }
        guard rename(draft, file) == 0 else { throw .system("name \(file)", errno) }
        try Self.sync(directory)
    }

    public func snapshot(named name: String, ofChip serial: UInt32) throws(StoreFault)
        -> Snapshot?
    {
        let file = snapshotFile(name, serial: serial)
        guard FileManager.default.fileExists(atPath: file) else { return nil }
        let store = try ReadOnlyStore(path: file, isInUse: false)
        guard try store.layout() == StoreSchema.version else {
            throw StoreFault(
                isDataLoss: false,
                message: "\(file) was made by another chipd, with another layout; save it anew")
        }
        let (found, chip) = try store.rows { (try $0.identity(), try $0.load()) }
        guard let found, let chip else { throw .damaged("the snapshot", of: file) }
        guard found.serial == serial, found.specDigest == identity.specDigest else {
            throw StoreFault(
                isDataLoss: false,
                message: "\(file) belongs to chip \(found.serial) of \(found.specName)")
        }
        return Snapshot(
            clock: chip.clock, counters: chip.counters, tiles: chip.tiles,
            matrices: chip.matrices, faults: chip.faults)
    }

    private func snapshotFile(_ name: String, serial: UInt32) -> String {
        let chips = ((path as NSString).deletingLastPathComponent as NSString)
            .deletingLastPathComponent
        return "\(chips)/\(serial)/snapshots/\(name).db"
    }

    /// A new name survives a power cut only once its directory is synced.
    private static func sync(_ directory: String) throws(StoreFault) {
        let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system("open \(directory)", errno) }
        defer { Glibc.close(descriptor) }
        guard fsync(descriptor) == 0 else { throw .system("sync \(directory)", errno) }
    }
}
