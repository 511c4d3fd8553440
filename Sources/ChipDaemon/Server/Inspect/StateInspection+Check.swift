internal import ChipCore
internal import GRDB
internal import Physics
internal import Protocol

extension StateInspection {
    /// What is wrong with a chip, as sentences; empty: it is sound.
    ///
    /// Checked are the file itself, every checksum, and what the parts say of each other.
    public func check(serial: UInt32) -> [String] {
        do {
            let store = try store(serial)
            guard try store.layout() > 0 else { return ["the file is empty"] }
            return try store.rows { rows in
                var check = ChipCheck(rows: rows, spec: spec, serial: serial)
                try check.run()
                return check.findings
            }
        } catch {
            return [error.message]
        }
    }
}

/// The rules of a stored chip, tried one after the other.
private struct ChipCheck {
    let rows: StoreRows
    let spec: ResolvedSpec
    let serial: UInt32
    private(set) var findings: [String] = []

    init(rows: StoreRows, spec: ResolvedSpec, serial: UInt32) {
        self.rows = rows
        self.spec = spec
        self.serial = serial
    }

    private mutating func require(_ holds: Bool, _ sentence: @autoclosure () -> String) {
        if !holds { findings.append(sentence()) }
    }

    mutating func run() throws {
        let verdicts = try String.fetchAll(rows.database, sql: "PRAGMA quick_check(8)")
        for verdict in verdicts where verdict != "ok" { findings.append(verdict) }
        try checkIdentity()
        guard let clock = try rows.clock(), let counters = try rows.counters(),
            try rows.lease() != nil
        else {
            findings.append("the clock, the counters or the lease are missing")
            return
        }
        require(clock.anchor <= clock.latest, "chip time stands before its anchor")
        require(counters.changeEventNext >= 1, "the change event number is 0")
        try checkTiles(latest: clock.latest)
        try checkMatrices(next: counters.matrixNext)
        try checkFaults()
        try checkOutcomes()
    }

    private mutating func checkIdentity() throws {
        guard let identity = try rows.identity() else {
            findings.append("the identity is missing")
            return
        }
        require(
            identity.serial == serial, "the file says that it belongs to chip \(identity.serial)")
        require(
            identity.specDigest == spec.digest,
            "the file was made from another spec than spec.yaml: \(identity.specName)")
    }

    private mutating func checkTiles(latest: ChipInstant) throws {
        var findings: [String] = []
        try rows.forEachTile { number, tile in
            guard let tile else {
                findings.append("tile \(number) is damaged: its checksum does not match")
                return
            }
            findings += Self.check(tile, spec.spec, latest: latest)
        }
        self.findings += findings
    }

    private static func check(_ tile: TileRecord, _ spec: ChipSpec, latest: ChipInstant)
        -> [String]
    {
        guard (0 ..< spec.tiles).contains(tile.tile) else {
            return ["tile \(tile.tile) is not on the chip, which has \(spec.tiles)"]
        }
        let cells = spec.banks[spec.bank(ofTile: tile.tile)].cellsPerTile
        var findings: [String] = []
        if tile.conductances.count != cells {
            findings.append(
                "tile \(tile.tile) has \(tile.conductances.count) cells instead of \(cells)")
        }
        if let bad = tile.conductances.firstIndex(where: { !($0.isFinite && $0 >= 0) }) {
            findings.append(
                "tile \(tile.tile), cell \(bad), has the conductance \(tile.conductances[bad]) µS")
        }
        let instants = tile.programmingInstants
        if instants.first != .birth {
            findings.append("tile \(tile.tile): the first instant is not the chip's birth")
        }
        if let bad = tile.instants.firstIndex(where: { $0 >= instants.count }) {
            findings.append(
                "tile \(tile.tile), cell \(bad), has the instant \(tile.instants[bad]) of "
                    + "\(instants.count)")
        }
        if let last = instants.max(), last > latest {
            findings.append("tile \(tile.tile) was programmed later than chip time")
        }
        return findings
    }

    private mutating func checkMatrices(next: UInt32) throws {
        var findings: [String] = []
        var owners: [Int: UInt32] = [:]
        try rows.forEachMatrix { id, matrix in
            guard let matrix else {
                findings.append("matrix \(id) is damaged: its checksum does not match")
                return
            }
            if matrix.description.id >= next {
                findings.append("matrix \(id) has a number that was never given")
            }
            findings += Self.check(matrix, spec.spec)
            for tile in matrix.description.tiles {
                if let other = owners.updateValue(matrix.description.id, forKey: tile) {
                    findings.append("tile \(tile) belongs to matrices \(other) and \(id)")
                }
            }
        }
        self.findings += findings
    }

    private static func check(_ record: MatrixRecord, _ spec: ChipSpec) -> [String] {
        let matrix = record.description
        let name = "matrix \(matrix.id)"
        guard let bank = spec.banks.firstIndex(where: { $0.name == matrix.bank }) else {
            return ["\(name) lies in the bank \(matrix.bank), which the chip has not"]
        }
        var findings: [String] = []
        let first = spec.firstTile(bank: bank)
        let range = first ..< first + spec.banks[bank].tiles
        if let bad = matrix.tiles.first(where: { !range.contains($0) }) {
            findings.append("\(name) has tile \(bad), outside the bank \(matrix.bank)")
        }
        let weights = matrix.rows * matrix.columns
        guard record.codes.count == weights, record.flags.count == weights else {
            return findings + [
                "\(name) has \(record.codes.count) codes and \(record.flags.count) flags instead "
                    + "of \(weights)"
            ]
        }
        let programmed = record.flags.count { $0 & 1 != 0 }
        let unverified = record.flags.count { $0 & 2 != 0 }
        if programmed != matrix.weightsProgrammed || unverified != matrix.weightsUnverified {
            findings.append("\(name) counts other weights than its flags")
        }
        let codes = zip(record.codes, record.flags)
        if codes.contains(where: { $1 & 1 != 0 && abs(Int($0)) > matrix.codeMax }) {
            findings.append("\(name) has a code above \(matrix.codeMax)")
        }
        return findings
    }

    private mutating func checkFaults() throws {
        var findings: [String] = []
        try rows.forEachFault { tile, record in
            guard let record else {
                findings.append(
                    "the faults of tile \(tile) are damaged: their checksum does not match")
                return
            }
            findings += Self.check(record, spec.spec)
        }
        self.findings += findings
    }

    private static func check(_ record: FaultRecord, _ spec: ChipSpec) -> [String] {
        let name = "the faults of tile \(record.tile)"
        guard (0 ..< spec.tiles).contains(record.tile) else {
            return ["\(name) are not of the chip, which has \(spec.tiles) tiles"]
        }
        let bank = spec.banks[spec.bank(ofTile: record.tile)]
        var findings: [String] = []
        if bank.isDigital { findings.append("\(name) are in cells that are digital") }
        let lists = [
            (record.stuckOn, bank.cellsPerTile, "cells"),
            (record.stuckOff, bank.cellsPerTile, "cells"),
            (record.deadWordLines, bank.rows, "word lines"),
            (record.deadBitLines, bank.columns, "bit lines"),
        ]
        for (list, count, what) in lists {
            let isAscending = zip(list, list.dropFirst()).allSatisfy { $0 < $1 }
            if !isAscending || list.contains(where: { Int($0) >= count }) {
                findings.append("\(name) name \(what) twice or beyond \(count - 1)")
            }
        }
        if !Set(record.stuckOn).isDisjoint(with: record.stuckOff) {
            findings.append("\(name) hold a cell both ON and OFF")
        }
        if !ConverterError.offsetRange.contains(record.adcOffsetLSB) {
            findings.append("\(name) have an offset of \(record.adcOffsetLSB) LSB")
        }
        return findings
    }

    private mutating func checkOutcomes() throws {
        let sessions = try rows.sessions()
        require(
            sessions.count <= Limits.sessions,
            "\(sessions.count) sessions are kept; allowed: \(Limits.sessions)")
        let last = Dictionary(uniqueKeysWithValues: sessions.map { ($0.session, $0.last) })
        var kept: [SessionID: Int] = [:]
        for key in try rows.outcomes() {
            kept[key.session, default: 0] += 1
            guard let last = last[key.session] else {
                findings.append("a reply of a forgotten session is kept")
                continue
            }
            require(
                (1 ... max(1, last)).contains(key.sequence),
                "a reply has the sequence \(key.sequence) of \(last)")
            do {
                _ = try rows.reply(session: key.session, sequence: key.sequence)
            } catch let fault as StoreFault {
                findings.append(fault.message)
            }
        }
        require(
            kept.values.allSatisfy { $0 <= Limits.unacknowledged },
            "a session has more than \(Limits.unacknowledged) kept replies")
    }
}
