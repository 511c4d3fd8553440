import ChipCore
import Synchronization

/// A store in memory with the promises of `ChipStore`, that can refuse a commit or lose power.
final class MemoryStore: ChipStore {
    struct Content {
        var chip: StoredChip?
        var replies: [SessionID: [UInt64: OutcomeRecord]] = [:]
        var snapshots: [String: Snapshot] = [:]
        var commits = 0
        /// Commits from this number on fail; `nil`: none.
        var failFrom: Int?
        /// Called once, while the next commit is on its way to the disk.
        var meanwhile: (@Sendable () -> Void)?
    }

    private let content: Mutex<Content>

    init(_ content: Content = Content()) { self.content = Mutex(content) }

    /// What stable storage holds now: a power cut and a restart begin with it.
    var snapshot: Content { content.withLock { $0 } }
    func fail(from commit: Int?) { content.withLock { $0.failFrom = commit } }
    func damage(_ body: (inout StoredChip?) -> Void) { content.withLock { body(&$0.chip) } }
    func during(nextCommit body: @escaping @Sendable () -> Void) {
        content.withLock { $0.meanwhile = body }
    }

    func load() throws(StoreFault) -> StoredChip? {
        content.withLock { content in
            guard var chip = content.chip else { return nil }
            chip.outcomes = content.replies.values.flatMap { replies in
                replies.values.map {
                    .init(session: $0.session, sequence: $0.sequence, digest: $0.digest)
                }
            }
            return chip
        }
    }

    func commit(_ changes: StoreChanges) throws(StoreFault) {
        content.withLock { content in
            defer { content.meanwhile = nil }
            return content.meanwhile
        }?()
        try content.withLock { (content) throws(StoreFault) in
            if let from = content.failFrom, content.commits >= from {
                throw StoreFault(.temporary, "the disk is full")
            }
            content.commits += 1
            var chip =
                content.chip
                ?? StoredChip(
                    clock: changes.clock!, counters: CounterRecord(),
                    lease: LeaseRecord(epoch: 0, holder: nil, termMilliseconds: 0), tiles: [],
                    matrices: [], sessions: [], outcomes: [], faults: [])
            if changes.replacesAll {
                chip.tiles = []
                chip.matrices = []
                chip.sessions = []
                chip.faults = []
                content.replies = [:]
            }
            chip.clock = changes.clock ?? chip.clock
            chip.counters = changes.counters ?? chip.counters
            chip.lease = changes.lease ?? chip.lease
            chip.faults = changes.faults ?? chip.faults
            for tile in changes.tiles {
                chip.tiles.removeAll { $0.tile == tile.tile }
                chip.tiles.append(tile)
            }
            let replaced = Set(changes.matrices.map(\.description.id) + changes.matricesRemoved)
            chip.matrices.removeAll { replaced.contains($0.description.id) }
            chip.matrices += changes.matrices
            if let session = changes.session {
                chip.sessions.removeAll { $0.session == session.session }
                chip.sessions.append(session)
                content.replies[session.session] = content.replies[session.session, default: [:]]
                    .filter { $0.key > changes.acknowledged }
            }
            if let outcome = changes.outcome {
                content.replies[outcome.session, default: [:]][outcome.sequence] = outcome
            }
            for session in changes.sessionsForgotten {
                chip.sessions.removeAll { $0.session == session }
                content.replies[session] = nil
            }
            content.chip = chip
        }
    }

    func save(_ snapshot: Snapshot, named name: String) throws(StoreFault) {
        content.withLock { $0.snapshots[name] = snapshot }
    }

    func snapshot(named name: String, ofChip serial: UInt32) throws(StoreFault) -> Snapshot? {
        content.withLock { $0.snapshots[name] }
    }

    func reply(session: SessionID, sequence: UInt64) throws(StoreFault) -> [[UInt8]]? {
        content.withLock { $0.replies[session]?[sequence]?.frames }
    }
}
