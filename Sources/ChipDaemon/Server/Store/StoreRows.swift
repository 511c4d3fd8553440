internal import ChipCore
internal import Foundation
internal import GRDB

/// The tables as records, each blob against its checksum, inside a read of the caller.
struct StoreRows {
    struct Identity: Sendable {
        var serial: UInt32
        var specName: String
        var specDigest: [UInt8]
        var createdWallMicroseconds: Int64
    }

    /// Where the rows come from, for sentences.
    let path: String
    let database: Database

    /// `nil`: the tables are there, but no chip was ever committed.
    func load() throws -> StoredChip? {
        guard let clock = try clock(), let counters = try counters(), let lease = try lease() else {
            return nil
        }
        var chip = StoredChip(
            clock: clock, counters: counters, lease: lease, tiles: [], matrices: [],
            sessions: try sessions(), outcomes: try outcomes(), faults: [])
        try forEachTile { number, tile in
            guard let tile else { throw StoreFault.damaged("tile \(number)", of: path) }
            chip.tiles.append(tile)
        }
        try forEachMatrix { id, matrix in
            guard let matrix else { throw StoreFault.damaged("matrix \(id)", of: path) }
            chip.matrices.append(matrix)
        }
        try forEachFault { tile, record in
            guard let record else { throw StoreFault.damaged("faults of tile \(tile)", of: path) }
            chip.faults.append(record)
        }
        return chip
    }

    func identity() throws -> Identity? {
        guard let row = try Row.fetchOne(database, sql: "SELECT * FROM identity") else {
            return nil
        }
        return Identity(
            serial: UInt32(clamping: row["serial"] as Int64), specName: row["spec"],
            specDigest: [UInt8](row["spec_digest"] as Data),
            createdWallMicroseconds: row["created_wall_us"])
    }

    func clock() throws -> ClockRecord? {
        guard let row = try Row.fetchOne(database, sql: "SELECT * FROM clock") else { return nil }
        let anchor: Int64 = row["anchor_us"]
        let latest: Int64 = row["latest_us"]
        let rate: Double = row["rate"]
        let isManual: Int = row["is_manual"]
        guard anchor >= 0, latest >= 0, isManual == 1 || ClockMode.rateRange.contains(rate) else {
            throw StoreFault.damaged("the clock", of: path)
        }
        return ClockRecord(
            mode: isManual == 1 ? .manual : .rate(rate),
            anchor: ChipInstant(microseconds: anchor),
            anchorWallMicroseconds: row["anchor_wall_us"],
            latest: ChipInstant(microseconds: latest))
    }

    func counters() throws -> CounterRecord? {
        guard let row = try Row.fetchOne(database, sql: "SELECT * FROM counters") else {
            return nil
        }
        var counters = CounterRecord()
        counters.changeEventNext = unsigned(row, "change_event_next")
        counters.sampleEventReserved = unsigned(row, "sample_event_reserved")
        guard let matrixNext = UInt32(exactly: row["matrix_next"] as Int64),
            let fabricatedAs = UInt32(exactly: row["fabricated_as"] as Int64)
        else {
            throw StoreFault.damaged("the counters", of: path)
        }
        counters.matrixNext = matrixNext
        counters.pulses = unsigned(row, "pulses")
        counters.commands = unsigned(row, "commands")
        counters.energyPicojoules = row["energy_pj"]
        counters.latencyNanoseconds = row["latency_ns"]
        counters.isPowered = row["is_powered"]
        counters.isTruthRevealed = row["is_truth_revealed"]
        counters.fabricatedAs = fabricatedAs
        counters.gtmMicrosiemens = row["gtm_us"]
        return counters
    }

    func lease() throws -> LeaseRecord? {
        guard let row = try Row.fetchOne(database, sql: "SELECT * FROM lease") else { return nil }
        let holder: Data? = row["holder"]
        return LeaseRecord(
            epoch: unsigned(row, "epoch"),
            holder: try holder.map { try session($0, "the lease") },
            termMilliseconds: unsigned(row, "term_ms"))
    }

    /// `nil` for the record: damaged.
    func forEachTile(_ body: (Int, TileRecord?) throws -> Void) throws {
        let rows = try Row.fetchCursor(
            database, sql: "SELECT tile, cells, instants, checksum FROM tiles ORDER BY tile")
        while let row = try rows.next() {
            let number: Int = row["tile"]
            let record = try row.withUnsafeData(named: "cells") { cells -> TileRecord? in
                guard let cells else { return nil }
                let instants: Data = row["instants"]
                let checksum = BlobChecksum.of("tile \(number)", [cells, instants])
                guard checksum == row["checksum"] as Data else { return nil }
                return BlobCoding.tile(number, cells: cells, instants: instants)
            }
            try body(number, record)
        }
    }

    func forEachMatrix(_ body: (Int64, MatrixRecord?) throws -> Void) throws {
        let rows = try Row.fetchCursor(database, sql: "SELECT * FROM matrices ORDER BY matrix")
        while let row = try rows.next() { try body(row["matrix"], MatrixRow.record(row)) }
    }

    func forEachFault(_ body: (Int, FaultRecord?) throws -> Void) throws {
        let rows = try Row.fetchCursor(database, sql: "SELECT * FROM faults ORDER BY tile")
        while let row = try rows.next() { try body(row["tile"], FaultRow.record(row)) }
    }

    func sessions() throws -> [SessionRecord] {
        try Row.fetchAll(database, sql: "SELECT * FROM sessions ORDER BY touched").map { row in
            SessionRecord(
                session: try session(row["session"], "a session"), last: unsigned(row, "last"),
                lastDigest: [UInt8](row["last_digest"] as Data), touched: unsigned(row, "touched"))
        }
    }

    func outcomes() throws -> [StoredChip.OutcomeKey] {
        let sql = "SELECT session, sequence, digest FROM outcomes ORDER BY session, sequence"
        return try Row.fetchAll(database, sql: sql).map { row in
            StoredChip.OutcomeKey(
                session: try session(row["session"], "an outcome"),
                sequence: unsigned(row, "sequence"), digest: [UInt8](row["digest"] as Data))
        }
    }

    func reply(session: SessionID, sequence: UInt64) throws -> [[UInt8]]? {
        let row = try Row.fetchOne(
            database,
            sql: "SELECT frames, checksum FROM outcomes WHERE session = ? AND sequence = ?",
            arguments: [Data(session.bytes), Int64(bitPattern: sequence)])
        guard let row else { return nil }
        let joined: Data = row["frames"]
        guard BlobChecksum.of("outcome \(sequence)", [joined]) == row["checksum"] as Data,
            let frames = BlobCoding.split(joined)
        else { throw StoreFault.damaged("the reply of sequence \(sequence)", of: path) }
        return frames
    }

    private func session(_ bytes: Data, _ what: String) throws -> SessionID {
        guard let session = SessionID([UInt8](bytes)) else {
            throw StoreFault.damaged(what, of: path)
        }
        return session
    }

    private func unsigned(_ row: Row, _ column: String) -> UInt64 {
        UInt64(bitPattern: row[column] as Int64)
    }
}
