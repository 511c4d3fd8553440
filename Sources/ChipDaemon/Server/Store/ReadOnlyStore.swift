internal import ChipCore
internal import Foundation
internal import GRDB

/// A chip's file opened for looking only: it works beside a running daemon, and leaves no trace
/// on a stopped one.
struct ReadOnlyStore {
    let path: String
    private let queue: DatabaseQueue

    /// - Parameter isInUse: a daemon may be writing. Without one, and without a log left by a
    ///   crash, the file is opened as immutable, so that not even an index of a log is made.
    init(path: String, isInUse: Bool) throws(StoreFault) {
        self.path = path
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(2)
        let hasLog =
            (try? FileManager.default.attributesOfItem(atPath: path + "-wal"))
            .flatMap { $0[.size] as? Int }.map { $0 > 0 } ?? false
        let name = isInUse || hasLog ? path : "file:\(Self.escaped(path))?immutable=1"
        do {
            queue = try DatabaseQueue(path: name, configuration: configuration)
        } catch {
            throw StoreFault.failure("open", of: path, error)
        }
    }

    /// The number of the file's layout; 0 for an empty file. A foreign, newer or too old file is refused.
    func layout() throws(StoreFault) -> Int {
        let (application, version, tables) = try read { database in
            (
                try Int32.fetchOne(database, sql: "PRAGMA application_id") ?? 0,
                try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0,
                try Int.fetchOne(database, sql: "SELECT count(*) FROM sqlite_master") ?? 0
            )
        }
        if application == 0, version == 0, tables == 0 { return 0 }
        guard application == StoreSchema.applicationID else {
            throw StoreFault(
                .refused, "\(path) is a database, but not that of a chip")
        }
        guard version <= StoreSchema.version else {
            throw StoreFault(
                .refused,
                "\(path) has layout \(version), made by a newer chipd; this one knows "
                    + "layouts up to \(StoreSchema.version), and left it as it is")
        }
        guard version >= StoreSchema.oldest else {
            throw StoreFault(
                .refused,
                "\(path) has layout \(version); this chipd reads layouts from "
                    + "\(StoreSchema.oldest), and left it as it is: make a new state")
        }
        return version
    }

    func rows<Value>(_ body: (StoreRows) throws -> Value) throws(StoreFault) -> Value {
        try read { try body(StoreRows(path: path, database: $0)) }
    }

    private func read<Value>(_ body: (Database) throws -> Value) throws(StoreFault) -> Value {
        do {
            return try queue.read(body)
        } catch let fault as StoreFault {
            throw fault
        } catch {
            throw StoreFault.failure("read", of: path, error)
        }
    }

    private static func escaped(_ path: String) -> String {
        let absolute = URL(fileURLWithPath: path).path
        return absolute.addingPercentEncoding(withAllowedCharacters: .urlPathAllowed) ?? absolute
    }
}
