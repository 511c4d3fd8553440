public import ChipCore
internal import Foundation
internal import GRDB
internal import Synchronization

/// One chip's stable storage: the SQLite file `chip.db`.
///
/// Invariants:
/// 1. A change set is one transaction: all of it is stored or none.
/// 2. The log is synced before a commit returns (`synchronous` is FULL, read back when the file
///    is opened); otherwise the file is not served.
/// 3. Whatever was read passed its checksum.
/// 4. After the disk has reported an error, nothing more is written until the file is opened
///    anew: what a failed sync left on the disk is known only after a recovery.
///
/// One file a chip, because chips are independent: a damaged or locked one stops no other, and
/// each commits on its own.
public final class SQLiteChipStore: ChipStore {
    /// What a file must belong to.
    public struct Identity: Sendable, Hashable {
        public var serial: UInt32
        public var specName: String
        /// 16 bytes over the resolved spec.
        public var specDigest: [UInt8]

        public init(serial: UInt32, specName: String, specDigest: [UInt8]) {
            precondition(specDigest.count == 16)
            self.serial = serial
            self.specName = specName
            self.specDigest = specDigest
        }
    }

    public let path: String
    let identity: Identity
    let pagesMax: Int?
    private let pool: DatabasePool
    /// The sentence of the error that ended writing (invariant 4).
    private let failure = Mutex<String?>(nil)

    /// Opens the file, or makes it.
    ///
    /// - Parameter pagesMax: pages of 64 KiB that the file may have; `nil`: as the disk allows.
    public init(
        path: String, identity: Identity, createdWallMicroseconds: Int64, pagesMax: Int? = nil
    ) throws(StoreFault) {
        self.path = path
        self.identity = identity
        self.pagesMax = pagesMax
        let found = try Self.probe(path)
        do {
            pool = try DatabasePool(path: path, configuration: Self.configuration(pagesMax))
            try pool.writeWithoutTransaction { database in
                try StoreSchema.migrate(database, from: found)
                // GRDB sets NORMAL when it turns the log on, which a power cut may undo.
                try database.execute(sql: "PRAGMA synchronous = FULL")
            }
        } catch {
            throw StoreFault.failure("open", of: path, error)
        }
        guard try synchronousLevel() == 2 else {
            throw StoreFault(
                .refused,
                "\(path) cannot be made durable: SQLite did not accept synchronous = FULL")
        }
        try claim(identity, createdWallMicroseconds)
    }

    /// Carries the log over and closes the file. Nothing may be called afterwards.
    public func close() throws(StoreFault) {
        do {
            // Readers first: only the last connection to close removes the log.
            pool.invalidateReadOnlyConnections()
            try pool.close()
        } catch {
            throw StoreFault.failure("close", of: path, error)
        }
    }

    /// Carries the whole log over into the file, which then is complete without it.
    func carryOver() throws(StoreFault) {
        let isBusy: Bool
        do {
            isBusy = try pool.writeWithoutTransaction { database in
                let row = try Row.fetchOne(database, sql: "PRAGMA wal_checkpoint(TRUNCATE)")
                return row?[0] != 0
            }
        } catch {
            throw StoreFault.failure("write", of: path, error)
        }
        if isBusy {
            throw StoreFault(
                .temporary, "could not write \(path): another program reads it")
        }
    }

    // MARK: ChipStore

    public func load() throws(StoreFault) -> StoredChip? {
        try read("read") { try StoreRows(path: self.path, database: $0).load() }
    }

    public func reply(session: SessionID, sequence: UInt64) throws(StoreFault) -> [[UInt8]]? {
        try read("read") {
            try StoreRows(path: self.path, database: $0).reply(session: session, sequence: sequence)
        }
    }

    public func commit(_ changes: StoreChanges) throws(StoreFault) {
        if let sentence = failure.withLock({ $0 }) {
            throw StoreFault(
                .temporary,
                "\(path) is not written any more until the daemon is started anew: "
                    + sentence)
        }
        do {
            try pool.write { try StoreWriter(database: $0).write(changes) }
        } catch {
            if let error = error as? DatabaseError,
                error.resultCode.primaryResultCode == .SQLITE_IOERR
            {
                failure.withLock { $0 = error.message ?? "the disk reported an error" }
            }
            throw StoreFault.failure("write", of: path, error)
        }
    }

    // MARK: Opening

    /// What SQLite says about the durability of a commit: 2 is FULL.
    package func synchronousLevel() throws(StoreFault) -> Int {
        do {
            return try pool.writeWithoutTransaction {
                try Int.fetchOne($0, sql: "PRAGMA synchronous") ?? -1
            }
        } catch {
            throw StoreFault.failure("open", of: path, error)
        }
    }

    private static func configuration(_ pagesMax: Int?) -> Configuration {
        var configuration = Configuration()
        configuration.maximumReaderCount = 2
        // An inspection may hold the file for a moment.
        configuration.busyMode = .timeout(2)
        configuration.prepareDatabase { database in
            guard !database.configuration.readonly else { return }
            try database.execute(sql: "PRAGMA page_size = \(StoreSchema.pageBytes)")
            try database.execute(
                sql: "PRAGMA wal_autocheckpoint = \(StoreSchema.checkpointPages)")
            // Some builds overwrite what they free; a chip's past is no secret, and it would
            // double the writes of a tile.
            try database.execute(sql: "PRAGMA secure_delete = OFF")
            if let pagesMax {
                try database.execute(sql: "PRAGMA max_page_count = \(pagesMax)")
            }
        }
        return configuration
    }

    /// The layout's number in the file, 0 for a new one, read through a connection that cannot
    /// write: a file that is not ours to open stays as it is.
    private static func probe(_ path: String) throws(StoreFault) -> Int {
        guard FileManager.default.fileExists(atPath: path) else { return 0 }
        return try ReadOnlyStore(path: path, isInUse: true).layout()
    }

    private func claim(_ identity: Identity, _ created: Int64) throws(StoreFault) {
        let found: StoreRows.Identity?
        do {
            found = try pool.write { database in
                let rows = StoreRows(path: self.path, database: database)
                if let found = try rows.identity() { return found }
                try StoreWriter(database: database).write(identity, created: created)
                return nil
            }
        } catch {
            throw StoreFault.failure("open", of: path, error)
        }
        guard let found else { return }
        guard found.serial == identity.serial else {
            throw StoreFault(
                .refused,
                "\(path) belongs to chip \(found.serial), not to chip \(identity.serial)")
        }
        guard found.specDigest == identity.specDigest else {
            throw StoreFault(
                .refused,
                "\(path) was made from another spec (\(found.specName)) than "
                    + "\(identity.specName)")
        }
    }

    private func read<Value>(
        _ action: String, _ body: (Database) throws -> Value
    ) throws(StoreFault) -> Value {
        do {
            return try pool.read(body)
        } catch let fault as StoreFault {
            throw fault
        } catch {
            throw StoreFault.failure(action, of: path, error)
        }
    }
}
