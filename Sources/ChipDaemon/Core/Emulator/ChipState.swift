import Physics

/// Everything of a chip that stable storage holds but time, lease and sessions. A value: a
/// command works on a copy, which becomes the state once it is stored.
///
/// Invariants:
/// 1. A tile belongs to at most one matrix.
/// 2. A tile without a record was never programmed.
package struct ChipState: Sendable {
    package var tiles: [TileRecord?]
    package var tileDigests: [[UInt8]?]
    package var matrices: [UInt32: MatrixRecord] = [:]
    package var counters = CounterRecord()
    /// By tile; a tile without faults has no record.
    package var faults: [Int: FaultRecord] = [:]

    package init(tiles: Int) {
        self.tiles = Array(repeating: nil, count: tiles)
        tileDigests = Array(repeating: nil, count: tiles)
    }

    package init(stored: StoredChip, tiles: Int) {
        self.init(
            snapshot: Snapshot(
                clock: stored.clock, counters: stored.counters, tiles: stored.tiles,
                matrices: stored.matrices, faults: stored.faults), tiles: tiles)
    }

    package init(snapshot: Snapshot, tiles: Int) {
        self.init(tiles: tiles)
        counters = snapshot.counters
        for record in snapshot.tiles { replace(record) }
        for record in snapshot.faults { faults[record.tile] = record }
        for record in snapshot.matrices { matrices[record.description.id] = record }
    }

    package mutating func replace(_ record: TileRecord) {
        tiles[record.tile] = record
        tileDigests[record.tile] = StateDigest.of(record)
    }

    package func matrix(_ id: UInt32) throws(ChipFault) -> MatrixRecord {
        guard let record = matrices[id] else {
            throw ChipFault(
                .notFound, .noSuchMatrix, .afterFix,
                "matrix is \(id); mapped: \(matrices.keys.sorted().list(max: 16))")
        }
        return record
    }

    /// The matrix that owns each tile, by tile.
    package var owners: [Int: UInt32] {
        var owners: [Int: UInt32] = [:]
        for record in matrices.values {
            for tile in record.description.tiles { owners[tile] = record.description.id }
        }
        return owners
    }

    package func checkPower() throws(ChipFault) {
        guard counters.isPowered else {
            throw ChipFault(
                .failedPrecondition, .poweredOff, .afterFix,
                "the chip is powered off; switch it on with power")
        }
    }
}

extension CounterRecord {
    /// Adds the cost of one operation to the totals of the chip's life.
    mutating func spend(_ cost: Cost) {
        pulses += cost.pulses
        energyPicojoules += cost.energyPicojoules
        latencyNanoseconds += cost.latencyNanoseconds
    }
}

extension MatrixRecord {
    package static let programmed: UInt8 = 1
    package static let unverified: UInt8 = 2

    package mutating func recount() {
        description.weightsProgrammed = flags.count { $0 & Self.programmed != 0 }
        description.weightsUnverified = flags.count { $0 & Self.unverified != 0 }
    }
}

extension Sequence {
    /// "1, 2, 3 …" for a sentence.
    package func list(max: Int) -> String {
        let items = self.prefix(max + 1).map { "\($0)" }
        if items.isEmpty { return "none" }
        return items.prefix(max).joined(separator: ", ") + (items.count > max ? " …" : "")
    }
}
