public import ChipCore
internal import Foundation
internal import Glibc

/// Snapshots stand beside the chip, each a file of the same layout:
///
///     DIR/chips/SERIAL/snapshots/NAME.db
extension SQLiteChipStore {
    /// Written as a draft, read back, and only then named: one of the same name is replaced whole
    /// or not at all.
    public func save(_ snapshot: Snapshot, named name: String) throws(StoreFault) {
        let file = snapshotFile(name, serial: identity.serial)
        let directory = (file as NSString).deletingLastPathComponent
        try Self.makeDirectory(directory)
        let draft = file + ".new"
        let parts = ["", "-wal", "-shm"].map { draft + $0 }
        parts.forEach { unlink($0) }
        defer { parts.forEach { unlink($0) } }
        try write(snapshot, to: draft)
        guard try ReadOnlyStore(path: draft, isInUse: false).rows({ try $0.load() }) != nil else {
            throw .damaged("the snapshot", of: draft)
        }
        guard rename(draft, file) == 0 else { throw .system("name \(file)", errno) }
        try Directory.sync(directory, StoreFault.system)
    }

    private func write(_ snapshot: Snapshot, to path: String) throws(StoreFault) {
        let store = try SQLiteChipStore(
            path: path, identity: identity, createdWallMicroseconds: 0, pagesMax: pagesMax)
        var changes = StoreChanges()
        changes.clock = snapshot.clock
        changes.counters = snapshot.counters
        changes.lease = LeaseRecord(epoch: 0, holder: nil, termMilliseconds: 0)
        changes.tiles = snapshot.tiles
        changes.matrices = snapshot.matrices
        changes.faults = snapshot.faults
        do throws(StoreFault) {
            try store.commit(changes)
            try store.carryOver()
        } catch {
            // The first error is the one to tell.
            do throws(StoreFault) { try store.close() } catch {}
            throw error
        }
        try store.close()
    }

    public func snapshot(named name: String, ofChip serial: UInt32) throws(StoreFault)
        -> Snapshot?
    {
        let file = snapshotFile(name, serial: serial)
        guard FileManager.default.fileExists(atPath: file) else { return nil }
        let store = try ReadOnlyStore(path: file, isInUse: false)
        guard try store.layout() == StoreSchema.version else {
            throw StoreFault(
                .refused,
                "\(file) was made by another chipd, with another layout; save it anew")
        }
        let (found, chip) = try store.rows { (try $0.identity(), try $0.load()) }
        guard let found, let chip else { throw .damaged("the snapshot", of: file) }
        guard found.serial == serial, found.specDigest == identity.specDigest else {
            throw StoreFault(
                .refused,
                "\(file) belongs to chip \(found.serial) of \(found.specName)")
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

    private static func makeDirectory(_ directory: String) throws(StoreFault) {
        if mkdir(directory, 0o700) == 0 {
            return try Directory.sync(
                (directory as NSString).deletingLastPathComponent, StoreFault.system)
        }
        guard errno == EEXIST else { throw .system("make the directory \(directory)", errno) }
    }
}
