/// Stable storage of one chip, as the core sees it.
///
/// Invariants:
/// 1. `commit` is atomic: after a crash all of a change set is there or none of it.
/// 2. When `commit` returns, the change set survives a power cut.
/// 3. After `commit` throws, the stored state is the one before it.
public protocol ChipStore: AnyObject, Sendable {
    /// `nil`: a new chip.
    func load() throws(StoreFault) -> StoredChip?
    func commit(_ changes: StoreChanges) throws(StoreFault)
    /// The reply of one outcome; replies live on disk, the core keeps only their numbers.
    func reply(session: SessionID, sequence: UInt64) throws(StoreFault) -> [[UInt8]]?
    /// Replaces one of the same name.
    func save(_ snapshot: Snapshot, named name: String) throws(StoreFault)
    /// `nil`: that chip has none of this name.
    func snapshot(named name: String, ofChip serial: UInt32) throws(StoreFault) -> Snapshot?
}

/// Storage failed: disk full, read-only, damaged. The sentence is for a person.
public struct StoreFault: Error, Sendable, Hashable {
    public enum Kind: Sendable, Hashable {
        /// It could not be written or read just now.
        case temporary
        /// It is whole, but not for us: made by another version, for another chip or spec.
        case refused
        /// What is stored is damaged.
        case damaged
    }
    public var kind: Kind
    public var message: String
    public init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }
}

/// The cells of a tile that was ever programmed, row-major. What is stored is the cause, never
/// the drifted value: 12 bytes a cell.
public struct TileRecord: Sendable, Hashable {
    public var tile: Int
    /// g_p, conductance after the last programming, µS.
    public var conductances: [Float]
    /// N, programming pulses seen; saturates.
    public var pulses: [UInt32]
    /// Index into `programmingInstants`.
    public var instants: [UInt32]
    /// Entry 0 is the chip's birth.
    public var programmingInstants: [ChipInstant]

    public init(
        tile: Int, conductances: [Float], pulses: [UInt32], instants: [UInt32],
        programmingInstants: [ChipInstant]
    ) {
        precondition(conductances.count == pulses.count)
        precondition(conductances.count == instants.count)
        self.tile = tile
        self.conductances = conductances
        self.pulses = pulses
        self.instants = instants
        self.programmingInstants = programmingInstants
    }
}

/// A logical matrix: its placement and the codes last programmed.
public struct MatrixRecord: Sendable, Hashable {
    public var description: MatrixDescription
    /// Row-major; meaningful where `flags` says programmed.
    public var codes: [Int16]
    /// Bit 0: programmed; bit 1: the last write-verify of one of its cells failed.
    public var flags: [UInt8]

    public init(description: MatrixDescription, codes: [Int16], flags: [UInt8]) {
        self.description = description
        self.codes = codes
        self.flags = flags
    }
}

/// The durable part of chip time.
public struct ClockRecord: Sendable, Hashable {
    public var mode: ClockMode
    /// Chip time at `anchorWallMicroseconds`.
    public var anchor: ChipInstant
    public var anchorWallMicroseconds: Int64
    /// The latest instant seen: chip time never shows less.
    public var latest: ChipInstant

    public init(
        mode: ClockMode, anchor: ChipInstant, anchorWallMicroseconds: Int64, latest: ChipInstant
    ) {
        self.mode = mode
        self.anchor = anchor
        self.anchorWallMicroseconds = anchorWallMicroseconds
        self.latest = latest
    }
}

public struct CounterRecord: Sendable, Hashable {
    /// Number of the next event of a changing command.
    public var changeEventNext: UInt64 = 1
    /// Numbers below are used up or reserved for reads and products.
    public var sampleEventReserved: UInt64 = 1
    public var matrixNext: UInt32 = 1
    public var pulses: UInt64 = 0
    public var commands: UInt64 = 0
    public var energyPicojoules: Double = 0
    public var latencyNanoseconds: Double = 0
    public var isPowered = true
    public var isTruthRevealed = false
    /// The serial whose cells a clone has; 0: its own.
    public var fabricatedAs: UInt32 = 0
    /// What the GTM was written to; 0: not, or not wholly.
    public var gtmMicrosiemens: Double = 0

    public init() {}

    /// Whose cells the chip has.
    public func fabricationSerial(own serial: UInt32) -> UInt32 {
        fabricatedAs == 0 ? serial : fabricatedAs
    }
}

/// Grants and releases are journalled, renewals are not.
public struct LeaseRecord: Sendable, Hashable {
    public var epoch: UInt64
    public var holder: SessionID?
    public var termMilliseconds: UInt64

    public init(epoch: UInt64, holder: SessionID?, termMilliseconds: UInt64) {
        self.epoch = epoch
        self.holder = holder
        self.termMilliseconds = termMilliseconds
    }
}

/// What a session's last sequence was, and which replies are kept.
public struct SessionRecord: Sendable, Hashable {
    public var session: SessionID
    public var last: UInt64
    public var lastDigest: [UInt8]
    /// Number of the change that touched it last: the least recent session is forgotten first.
    public var touched: UInt64

    public init(session: SessionID, last: UInt64, lastDigest: [UInt8], touched: UInt64) {
        self.session = session
        self.last = last
        self.lastDigest = lastDigest
        self.touched = touched
    }
}

/// A stored reply.
public struct OutcomeRecord: Sendable, Hashable {
    public var session: SessionID
    public var sequence: UInt64
    public var digest: [UInt8]
    public var frames: [[UInt8]]

    public init(session: SessionID, sequence: UInt64, digest: [UInt8], frames: [[UInt8]]) {
        self.session = session
        self.sequence = sequence
        self.digest = digest
        self.frames = frames
    }
}

/// A stored chip as read at start. Outcomes come without their frames.
public struct StoredChip: Sendable {
    public struct OutcomeKey: Sendable, Hashable {
        public var session: SessionID
        public var sequence: UInt64
        public var digest: [UInt8]
        public init(session: SessionID, sequence: UInt64, digest: [UInt8]) {
            self.session = session
            self.sequence = sequence
            self.digest = digest
        }
    }
    public var clock: ClockRecord
    public var counters: CounterRecord
    public var lease: LeaseRecord
    public var tiles: [TileRecord]
    public var matrices: [MatrixRecord]
    public var sessions: [SessionRecord]
    public var outcomes: [OutcomeKey]
    public var faults: [FaultRecord]

    public init(
        clock: ClockRecord, counters: CounterRecord, lease: LeaseRecord, tiles: [TileRecord],
        matrices: [MatrixRecord], sessions: [SessionRecord], outcomes: [OutcomeKey],
        faults: [FaultRecord]
    ) {
        self.clock = clock
        self.counters = counters
        self.lease = lease
        self.tiles = tiles
        self.matrices = matrices
        self.sessions = sessions
        self.outcomes = outcomes
        self.faults = faults
    }
}

/// One transaction. `nil` and empty mean unchanged.
public struct StoreChanges: Sendable {
    /// All tiles, matrices, faults, sessions and outcomes are dropped first.
    public var replacesAll = false
    public var clock: ClockRecord?
    public var counters: CounterRecord?
    public var lease: LeaseRecord?
    public var tiles: [TileRecord] = []
    public var matrices: [MatrixRecord] = []
    public var matricesRemoved: [UInt32] = []
    /// All faults of the chip; `nil`: unchanged.
    public var faults: [FaultRecord]?
    public var session: SessionRecord?
    public var outcome: OutcomeRecord?
    /// Replies of `session` up to this sequence are deleted.
    public var acknowledged: UInt64 = 0
    /// Forgotten with all their outcomes.
    public var sessionsForgotten: [SessionID] = []

    public init() {}
}
