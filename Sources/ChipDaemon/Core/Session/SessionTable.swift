/// Which changing commands a chip has carried out, by session: what makes them exactly once.
/// A pure state machine; replies themselves stay in the store.
///
/// Invariants, for each session:
/// 1. Sequences 1 … `last` have been carried out, each once; `last + 1` is the next.
/// 2. Every key of `outcomes` is at most `last`; there are at most `unacknowledgedMax` of them.
/// 3. A refusal without effect changes nothing here.
///
/// - Source: protocol "Exactly once".
package struct SessionTable: Sendable {
    private struct Entry: Sendable {
        var last: UInt64 = 0
        var lastDigest: [UInt8] = []
        var outcomes: [UInt64: [UInt8]] = [:]
        var touched: UInt64 = 0
    }

    /// What to do with a command that came in.
    package enum Admission: Sendable {
        case proceed
        case replay
    }

    private var entries: [SessionID: Entry] = [:]
    private var touches: UInt64 = 0
    private let sessionsMax: Int
    private let unacknowledgedMax: Int

    package init(sessionsMax: Int, unacknowledgedMax: Int) {
        self.sessionsMax = sessionsMax
        self.unacknowledgedMax = unacknowledgedMax
    }

    package init(stored: StoredChip, sessionsMax: Int, unacknowledgedMax: Int) {
        self.init(sessionsMax: sessionsMax, unacknowledgedMax: unacknowledgedMax)
        for record in stored.sessions {
            entries[record.session] = Entry(
                last: record.last, lastDigest: record.lastDigest, touched: record.touched)
            touches = max(touches, record.touched)
        }
        for key in stored.outcomes {
            entries[key.session]?.outcomes[key.sequence] = key.digest
        }
    }

    package func last(_ session: SessionID) -> UInt64 { entries[session]?.last ?? 0 }

    package enum Known: Sendable { case neverSeen, kept, forgotten }

    package func known(_ session: SessionID, _ sequence: UInt64) -> Known {
        guard let entry = entries[session], sequence <= entry.last, sequence > 0 else {
            return .neverSeen
        }
        return entry.outcomes[sequence] == nil ? .forgotten : .kept
    }

    package func admit(_ stamp: CommandStamp) throws(ChipFault) -> Admission {
        guard stamp.sequence > 0 else {
            throw .field("sequence", "0", allowed: "1, 2, 3 … for a changing command")
        }
        let entry = entries[stamp.session] ?? Entry()
        if stamp.sequence <= entry.last {
            return try admitRepeat(stamp, entry)
        }
        guard stamp.sequence == entry.last + 1 else {
            var fault = ChipFault(
                .failedPrecondition, .sequenceGap, .afterFix,
                "sequence is \(stamp.sequence); the next of this session is \(entry.last + 1)")
            fault.expectedSequence = entry.last + 1
            throw fault
        }
        let kept = entry.outcomes.keys.count { $0 > stamp.acknowledged }
        guard kept < unacknowledgedMax else {
            throw ChipFault(
                .resourceExhausted, .tooManyOutcomes, .afterFix,
                "\(kept) replies of this session are not acknowledged; allowed: "
                    + "\(unacknowledgedMax). Acknowledge those received")
        }
        return .proceed
    }

    private func admitRepeat(_ stamp: CommandStamp, _ entry: Entry) throws(ChipFault) -> Admission {
        let digest =
            entry.outcomes[stamp.sequence]
            ?? (stamp.sequence == entry.last ? entry.lastDigest : nil)
        if let digest, digest != stamp.digest {
            throw ChipFault(
                .conflict, .sequenceReused, .never,
                "sequence \(stamp.sequence) was another command; send the same bytes or the "
                    + "next sequence, \(entry.last + 1)")
        }
        guard entry.outcomes[stamp.sequence] != nil else {
            throw ChipFault(
                .conflict, .replyForgotten, .never,
                "sequence \(stamp.sequence) was carried out and its reply acknowledged or "
                    + "forgotten; it is not carried out again")
        }
        return .replay
    }

    /// Enters a finished command, and says what the store must write and drop.
    package mutating func finish(
        _ stamp: CommandStamp, keeping holder: SessionID?
    ) -> (record: SessionRecord, forgotten: [SessionID]) {
        var entry = entries[stamp.session] ?? Entry()
        precondition(stamp.sequence == entry.last + 1)
        touches += 1
        entry.last = stamp.sequence
        entry.lastDigest = stamp.digest
        entry.outcomes = entry.outcomes.filter { $0.key > stamp.acknowledged }
        entry.outcomes[stamp.sequence] = stamp.digest
        entry.touched = touches
        precondition(entry.outcomes.count <= unacknowledgedMax)
        entries[stamp.session] = entry

        var forgotten: [SessionID] = []
        while entries.count > sessionsMax {
            let candidates = entries.filter { $0.key != stamp.session && $0.key != holder }
            guard let oldest = candidates.min(by: { $0.value.touched < $1.value.touched }) else {
                break
            }
            entries[oldest.key] = nil
            forgotten.append(oldest.key)
        }
        let record = SessionRecord(
            session: stamp.session, last: entry.last, lastDigest: entry.lastDigest,
            touched: entry.touched)
        return (record, forgotten)
    }
}
