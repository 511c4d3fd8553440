internal import ChipCore
internal import Foundation
internal import GRDB

/// Puts a change set into the tables, inside a transaction of the caller.
struct StoreWriter {
    let database: Database

    func write(_ changes: StoreChanges) throws {
        if changes.replacesAll {
            for table in ["tiles", "matrices", "faults", "outcomes", "sessions"] {
                try run("DELETE FROM \(table)", [])
            }
        }
        if let clock = changes.clock { try write(clock) }
        if let counters = changes.counters { try write(counters) }
        if let lease = changes.lease { try write(lease) }
        for tile in changes.tiles { try write(tile) }
        for matrix in changes.matricesRemoved {
            try run("DELETE FROM matrices WHERE matrix = ?", [Int64(matrix)])
        }
        for matrix in changes.matrices { try write(matrix) }
        if let faults = changes.faults {
            try run("DELETE FROM faults", [])
            for record in faults { try write(record) }
        }
        for session in changes.sessionsForgotten { try forget(session) }
        if let session = changes.session {
            if changes.acknowledged > 0 {
                try run(
                    "DELETE FROM outcomes WHERE session = ? AND sequence <= ?",
                    [Data(session.session.bytes), Int64(bitPattern: changes.acknowledged)])
            }
            try write(session)
        }
        if let outcome = changes.outcome { try write(outcome) }
    }

    func write(_ identity: SQLiteChipStore.Identity, created: Int64) throws {
        try run(
            "INSERT INTO identity VALUES (1, ?, ?, ?, ?)",
            [Int64(identity.serial), identity.specName, Data(identity.specDigest), created])
    }

    private func write(_ clock: ClockRecord) throws {
        let rate: Double =
            switch clock.mode {
            case .rate(let rate): rate
            case .manual: 0
            }
        try run(
            "INSERT OR REPLACE INTO clock VALUES (1, ?, ?, ?, ?, ?)",
            [
                clock.mode == .manual ? 1 : 0, rate, clock.anchor.microseconds,
                clock.anchorWallMicroseconds, clock.latest.microseconds,
            ])
    }

    private func write(_ counters: CounterRecord) throws {
        try run(
            "INSERT OR REPLACE INTO counters VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                Int64(bitPattern: counters.changeEventNext),
                Int64(bitPattern: counters.sampleEventReserved), Int64(counters.matrixNext),
                Int64(bitPattern: counters.pulses), Int64(bitPattern: counters.commands),
                counters.energyPicojoules, counters.latencyNanoseconds,
                counters.isPowered ? 1 : 0, counters.isTruthRevealed ? 1 : 0,
                Int64(counters.fabricatedAs), counters.gtmMicrosiemens,
            ])
    }

    private func write(_ lease: LeaseRecord) throws {
        try run(
            "INSERT OR REPLACE INTO lease VALUES (1, ?, ?, ?)",
            [
                Int64(bitPattern: lease.epoch), lease.holder.map { Data($0.bytes) },
                Int64(bitPattern: lease.termMilliseconds),
            ])
    }

    /// An update in place, not a replacement: SQLite then writes over the pages that the tile
    /// has, instead of freeing them and taking others.
    private func write(_ tile: TileRecord) throws {
        let cells = BlobCoding.cells(of: tile)
        let instants = BlobCoding.instants(of: tile)
        let checksum = BlobChecksum.of("tile \(tile.tile)", [cells, instants])
        try run(
            """
            INSERT INTO tiles VALUES (?1, ?2, ?3, ?4) ON CONFLICT (tile) DO UPDATE
            SET cells = ?2, instants = ?3, checksum = ?4
            """, [Int64(tile.tile), cells, instants, checksum])
    }

    /// Removed first, so that the new codes take the pages of the old ones: a replacement takes
    /// its pages before it frees the others, and the file would keep room for the codes twice.
    private func write(_ matrix: MatrixRecord) throws {
        let row = MatrixRow(matrix)
        try run("DELETE FROM matrices WHERE matrix = ?", [Int64(matrix.description.id)])
        try run(
            """
            INSERT INTO matrices
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """, StatementArguments(row.values + [row.checksum]))
    }

    private func write(_ faults: FaultRecord) throws {
        let row = FaultRow(faults)
        try run(
            "INSERT INTO faults VALUES (?, ?, ?, ?, ?, ?, ?)",
            [Int64(faults.tile)] + StatementArguments(row.lists)
                + [faults.adcOffsetLSB, row.checksum])
    }

    private func write(_ session: SessionRecord) throws {
        try run(
            "INSERT OR REPLACE INTO sessions VALUES (?, ?, ?, ?)",
            [
                Data(session.session.bytes), Int64(bitPattern: session.last),
                Data(session.lastDigest), Int64(bitPattern: session.touched),
            ])
    }

    private func write(_ outcome: OutcomeRecord) throws {
        let frames = BlobCoding.join(outcome.frames)
        try run(
            "INSERT INTO outcomes VALUES (?, ?, ?, ?, ?)",
            [
                Data(outcome.session.bytes), Int64(bitPattern: outcome.sequence),
                Data(outcome.digest), frames,
                BlobChecksum.of("outcome \(outcome.sequence)", [frames]),
            ])
    }

    private func forget(_ session: SessionID) throws {
        try run("DELETE FROM outcomes WHERE session = ?", [Data(session.bytes)])
        try run("DELETE FROM sessions WHERE session = ?", [Data(session.bytes)])
    }

    private func run(_ sql: String, _ arguments: StatementArguments) throws {
        try database.cachedStatement(sql: sql).execute(arguments: arguments)
    }
}
