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
        try checkBlobs()
        guard findings.isEmpty else { return }
        guard let chip = try rows.load() else {
            findings.append("the clock, the counters or the lease are missing")
            return
        }
        findings += StoredRules.findings(chip, spec.spec)
        try checkOutcomes()
    }

    private mutating func checkBlobs() throws {
        var findings: [String] = []
        try rows.forEachTile { number, tile in
            if tile == nil {
                findings.append("tile \(number) is damaged: its checksum does not match")
            }
        }
        try rows.forEachMatrix { id, matrix in
            if matrix == nil {
                findings.append("matrix \(id) is damaged: its checksum does not match")
            }
        }
        try rows.forEachFault { tile, record in
            if record == nil {
                findings.append(
                    "the faults of tile \(tile) are damaged: their checksum does not match")
            }
        }
        self.findings += findings
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
