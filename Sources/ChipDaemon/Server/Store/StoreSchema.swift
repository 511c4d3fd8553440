internal import GRDB

/// The layout of `chip.db`, and how an older one becomes the present one.
///
/// | table      | one row a       | holds                                              |
/// |------------|-----------------|----------------------------------------------------|
/// | `identity` | chip            | serial, spec and its digest, when it was made      |
/// | `clock`    | chip            | anchors of chip time                               |
/// | `counters` | chip            | event numbers, lifetime totals, power              |
/// | `lease`    | chip            | latest epoch and its holder                        |
/// | `tiles`    | programmed tile | `cells`, three planes, see below; `instants`, Int64 µs |
/// | `matrices` | matrix          | placement, `codes` Int8 or Int16, `flags` UInt8    |
/// | `faults`   | tile with faults | cells and lines as UInt32, offset of the converters |
/// | `sessions` | session         | last sequence and its digest                       |
/// | `outcomes` | kept reply      | its frames, each with its length (8 bytes) in front |
///
/// The planes of `cells` have 4 bytes a cell each, all little-endian: g_p in µS as Float32, pulses
/// as UInt32, index into `instants` as UInt32. Every blob row carries an XXH3-128 checksum over
/// its parts (`BlobChecksum`). `bytes_per_code` says how wide the codes are: 1 as long as none is
/// above 127 in magnitude. A cell takes 12 bytes, and with page overhead, codes and flags less
/// than 16.
///
/// Invariants:
/// 1. `application_id` is `applicationID` and `user_version` the schema's number; both are
///    written in the transaction that makes the tables.
/// 2. A migration is never edited after a release: a change is a new one.
/// 3. A file of a number outside `oldest … version` is refused before anything in it is touched.
enum StoreSchema {
    /// "NVCI".
    static let applicationID: Int32 = 0x4E56_4349

    /// The number of the first layout that is read.
    static let oldest = 3

    /// The number of the present layout.
    static var version: Int { oldest + migrations.count - 1 }

    /// Pages are large because blobs are: a tile of 128 × 128 cells is three of them.
    static let pageBytes = 65_536

    /// Pages in the log before it is carried over: 64 MiB.
    static let checkpointPages = 1_024

    /// Migration 0 makes the oldest layout from nothing, migration n layout `oldest` + n from the
    /// one before it.
    static let migrations: [@Sendable (Database) throws -> Void] = [
        { try $0.execute(sql: layout3) }
    ]

    private static let layout3 = """
        CREATE TABLE identity (
            one INTEGER PRIMARY KEY CHECK (one = 1),
            serial INTEGER NOT NULL,
            spec TEXT NOT NULL,
            spec_digest BLOB NOT NULL,
            created_wall_us INTEGER NOT NULL
        ) STRICT;
        CREATE TABLE clock (
            one INTEGER PRIMARY KEY CHECK (one = 1),
            is_manual INTEGER NOT NULL,
            rate REAL NOT NULL,
            anchor_us INTEGER NOT NULL,
            anchor_wall_us INTEGER NOT NULL,
            latest_us INTEGER NOT NULL
        ) STRICT;
        CREATE TABLE counters (
            one INTEGER PRIMARY KEY CHECK (one = 1),
            change_event_next INTEGER NOT NULL,
            sample_event_reserved INTEGER NOT NULL,
            matrix_next INTEGER NOT NULL,
            pulses INTEGER NOT NULL,
            commands INTEGER NOT NULL,
            energy_pj REAL NOT NULL,
            latency_ns REAL NOT NULL,
            is_powered INTEGER NOT NULL,
            is_truth_revealed INTEGER NOT NULL,
            fabricated_as INTEGER NOT NULL,
            gtm_us REAL NOT NULL
        ) STRICT;
        CREATE TABLE lease (
            one INTEGER PRIMARY KEY CHECK (one = 1),
            epoch INTEGER NOT NULL,
            holder BLOB,
            term_ms INTEGER NOT NULL
        ) STRICT;
        CREATE TABLE tiles (
            tile INTEGER PRIMARY KEY,
            cells BLOB NOT NULL,
            instants BLOB NOT NULL,
            checksum BLOB NOT NULL
        ) STRICT;
        CREATE TABLE matrices (
            matrix INTEGER PRIMARY KEY,
            name TEXT NOT NULL,
            rows INTEGER NOT NULL,
            columns INTEGER NOT NULL,
            bank TEXT NOT NULL,
            mapping INTEGER NOT NULL,
            sensing INTEGER NOT NULL,
            slices INTEGER NOT NULL,
            bits_per_slice INTEGER NOT NULL,
            code_max INTEGER NOT NULL,
            full_scale_ua REAL NOT NULL,
            weights_programmed INTEGER NOT NULL,
            weights_unverified INTEGER NOT NULL,
            ltm_us REAL NOT NULL,
            tiles BLOB NOT NULL,
            bytes_per_code INTEGER NOT NULL,
            codes BLOB NOT NULL,
            flags BLOB NOT NULL,
            checksum BLOB NOT NULL
        ) STRICT;
        CREATE TABLE faults (
            tile INTEGER PRIMARY KEY,
            stuck_on BLOB NOT NULL,
            stuck_off BLOB NOT NULL,
            dead_word_lines BLOB NOT NULL,
            dead_bit_lines BLOB NOT NULL,
            adc_offset_lsb REAL NOT NULL,
            checksum BLOB NOT NULL
        ) STRICT;
        CREATE TABLE sessions (
            session BLOB PRIMARY KEY,
            last INTEGER NOT NULL,
            last_digest BLOB NOT NULL,
            touched INTEGER NOT NULL
        ) WITHOUT ROWID, STRICT;
        CREATE TABLE outcomes (
            session BLOB NOT NULL,
            sequence INTEGER NOT NULL,
            digest BLOB NOT NULL,
            frames BLOB NOT NULL,
            checksum BLOB NOT NULL,
            PRIMARY KEY (session, sequence)
        ) WITHOUT ROWID, STRICT;
        """

    /// Brings the file up to `version` in one transaction.
    static func migrate(_ database: Database, from found: Int) throws {
        precondition(found == 0 || (oldest ... version).contains(found))
        guard found < version else { return }
        try database.inTransaction {
            if found == 0 { try database.execute(sql: "PRAGMA application_id = \(applicationID)") }
            let first = found == 0 ? 0 : found - oldest + 1
            for migration in migrations[first...] { try migration(database) }
            try database.execute(sql: "PRAGMA user_version = \(version)")
            return .commit
        }
    }
}
