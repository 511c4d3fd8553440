public import Physics

/// What the daemon asks of a chip. The emulator is one conformer; a bridge to hardware is another.
///
/// Two groups of calls:
/// - **worker calls** (`change`, `sample`, `simulate`) are made by at most one thread at a time,
///   in the order of the chip's queue;
/// - **desk calls** (all others) may come from any thread at any time and never wait for the work
///   of a worker call; lease and time calls wait for the end of a transaction that is being synced.
public protocol ChipBackend: AnyObject, Sendable {
    var serial: UInt32 { get }
    var isEmulator: Bool { get }
    var dataSheet: DataSheet { get }

    // Worker calls.
    /// Carries a command out once.
    ///
    /// - Parameter command: asked for only when it is to be carried out: a repetition is answered
    ///   from the store whatever its arguments are, and an old epoch is told before a wrong
    ///   argument.
    func change(
        _ command: @autoclosure () throws(ChipFault) -> ChangeCommand, stamp: CommandStamp,
        work: WorkContext, encode: (ChangeReply) -> [[UInt8]]
    ) throws(ChipFault) -> ChangeAnswer
    func sample(_ command: SampleCommand, work: WorkContext) throws(ChipFault) -> SampleReply
    func simulate(_ command: SimulationCommand, work: WorkContext) throws(ChipFault)
        -> SimulationReply

    // Desk calls.
    func status(session: SessionID, now: HostInstant) -> ChipStatus
    func health(now: HostInstant) -> ChipHealth
    func acquireLease(session: SessionID, termMilliseconds: UInt64, now: HostInstant)
        throws(ChipFault) -> LeaseGrant
    func renewLease(session: SessionID, epoch: UInt64, termMilliseconds: UInt64, now: HostInstant)
        throws(ChipFault) -> LeaseGrant
    func releaseLease(session: SessionID, epoch: UInt64, now: HostInstant)
        throws(ChipFault) -> LeaseGrant
    /// The operator's: ends whichever lease is held.
    func breakLease(now: HostInstant) throws(ChipFault) -> LeaseGrant
    func query(session: SessionID, sequence: UInt64) throws(ChipFault) -> OutcomeState
    /// Persists the latest chip instant, now and then; returns what is to be said of the time.
    func rememberTime(now: HostInstant) throws(ChipFault) -> [String]
    /// The last call: persists the latest instant, and that a lease which has run out is held no
    /// more, so that whoever opens the chip next does not renew it.
    func prepareToClose(now: HostInstant) throws(ChipFault)
}

/// 16 random bytes made by a client.
public struct SessionID: Sendable, Hashable {
    public let bytes: [UInt8]
    public init?(_ bytes: [UInt8]) {
        guard bytes.count == 16 else { return nil }
        self.bytes = bytes
    }
}

/// What identifies and orders a changing command.
public struct CommandStamp: Sendable {
    public var session: SessionID
    public var sequence: UInt64
    /// 16 bytes over the command and its tensors.
    public var digest: [UInt8]
    public var epoch: UInt64
    public var acknowledged: UInt64

    public init(
        session: SessionID, sequence: UInt64, digest: [UInt8], epoch: UInt64, acknowledged: UInt64
    ) {
        precondition(digest.count == 16)
        self.session = session
        self.sequence = sequence
        self.digest = digest
        self.epoch = epoch
        self.acknowledged = acknowledged
    }
}

/// What a worker hands to a command: the time, and whether to stop early.
public struct WorkContext: Sendable {
    public var now: HostInstant
    /// True once the request's deadline has passed; asked between pulses and blocks.
    public var isPastDeadline: @Sendable () -> Bool
    /// True once the session has asked the command to end; asked at the same places.
    public var isCancelled: @Sendable () -> Bool
    /// Runs `body(0) … body(count − 1)`, in parallel where threads are free; returns when all
    /// are done. Results never depend on it.
    public var split: @Sendable (_ count: Int, _ body: @Sendable (Int) -> Void) -> Void

    public init(
        now: HostInstant, isPastDeadline: @escaping @Sendable () -> Bool = { false },
        isCancelled: @escaping @Sendable () -> Bool = { false },
        split: @escaping @Sendable (Int, @Sendable (Int) -> Void) -> Void = { count, body in
            for index in 0 ..< count { body(index) }
        }
    ) {
        self.now = now
        self.isPastDeadline = isPastDeadline
        self.isCancelled = isCancelled
        self.split = split
    }
}

/// The answer to a changing command, as the frames that were stored with it: header, tensors.
public enum ChangeAnswer: Sendable {
    case done([[UInt8]])
    case replayed([[UInt8]])
}

public enum OutcomeState: Sendable {
    case neverSeen(last: UInt64)
    case running(last: UInt64)
    case done(frames: [[UInt8]], last: UInt64)
    case forgotten(last: UInt64)
}

public struct LeaseGrant: Sendable, Hashable {
    public var epoch: UInt64
    /// 0: no lease is held now.
    public var termMilliseconds: UInt64

    public init(epoch: UInt64, termMilliseconds: UInt64) {
        self.epoch = epoch
        self.termMilliseconds = termMilliseconds
    }
}

public struct LeaseView: Sendable, Hashable {
    public var isHeld: Bool
    public var epoch: UInt64
    public var remainingMilliseconds: UInt64
    public var isYours: Bool

    public init(isHeld: Bool, epoch: UInt64, remainingMilliseconds: UInt64, isYours: Bool) {
        self.isHeld = isHeld
        self.epoch = epoch
        self.remainingMilliseconds = remainingMilliseconds
        self.isYours = isYours
    }
}

public struct MatrixDescription: Sendable, Hashable {
    public var id: UInt32
    public var name: String
    public var rows: Int
    public var columns: Int
    public var bank: String
    public var mapping: WeightEncoding.Mapping
    public var sensing: Sensing
    public var slices: Int
    public var bitsPerSlice: Int
    public var codeMax: Int
    public var fullScaleMicroamperes: Double
    public var weightsProgrammed: Int
    public var weightsUnverified: Int
    /// What the LTM columns of its tiles were written to; 0: not, or not wholly.
    public var ltmMicrosiemens = 0.0
    /// Order: row block, column block, slice, polarity (last fastest).
    public var tiles: [Int]

    public init(
        id: UInt32, name: String, rows: Int, columns: Int, bank: String,
        mapping: WeightEncoding.Mapping, sensing: Sensing, slices: Int, bitsPerSlice: Int,
        codeMax: Int, fullScaleMicroamperes: Double, weightsProgrammed: Int,
        weightsUnverified: Int, tiles: [Int]
    ) {
        self.id = id
        self.name = name
        self.rows = rows
        self.columns = columns
        self.bank = bank
        self.mapping = mapping
        self.sensing = sensing
        self.slices = slices
        self.bitsPerSlice = bitsPerSlice
        self.codeMax = codeMax
        self.fullScaleMicroamperes = fullScaleMicroamperes
        self.weightsProgrammed = weightsProgrammed
        self.weightsUnverified = weightsUnverified
        self.tiles = tiles
    }
}

public struct ChipStatus: Sendable {
    public var stateDigest: [UInt8]
    public var isPowered: Bool
    public var chipTime: ChipInstant
    public var clock: ClockMode
    public var lease: LeaseView
    public var matrices: [MatrixDescription]
    public var tilesFree: Int
    public var tiles: Int
    public var isTruthRevealed: Bool
    public var sequenceLast: UInt64
    /// 0: not programmed, or not wholly.
    public var gtmMicrosiemens: Double
    public var warnings: [String]

    public init(
        stateDigest: [UInt8], isPowered: Bool, chipTime: ChipInstant, clock: ClockMode,
        lease: LeaseView, matrices: [MatrixDescription], tilesFree: Int, tiles: Int,
        isTruthRevealed: Bool, sequenceLast: UInt64, gtmMicrosiemens: Double = 0,
        warnings: [String] = []
    ) {
        self.stateDigest = stateDigest
        self.isPowered = isPowered
        self.chipTime = chipTime
        self.clock = clock
        self.lease = lease
        self.matrices = matrices
        self.tilesFree = tilesFree
        self.tiles = tiles
        self.isTruthRevealed = isTruthRevealed
        self.sequenceLast = sequenceLast
        self.gtmMicrosiemens = gtmMicrosiemens
        self.warnings = warnings
    }
}

public struct ChipHealth: Sendable {
    public struct Bin: Sendable, Hashable {
        public var pulsesMin: UInt64
        public var pulsesMax: UInt64
        public var cells: UInt64

        public init(pulsesMin: UInt64, pulsesMax: UInt64, cells: UInt64) {
            self.pulsesMin = pulsesMin
            self.pulsesMax = pulsesMax
            self.cells = cells
        }
    }
    /// The wear of one analog bank: what its cells' pulses say by the laws of the technology.
    public struct Bank: Sendable, Hashable {
        public var name: String
        /// G_on/G_off(N).
        public var onOffRatioMedian = 0.0
        public var onOffRatioWorst = 0.0
        /// N/λ.
        public var lifeUsedMedian = 0.0
        public var lifeUsedWorst = 0.0
        public var stuckOn: UInt64 = 0
        public var stuckOff: UInt64 = 0

        public init(name: String) { self.name = name }
    }
    public var pulses: UInt64
    public var cycles: [Bin]
    public var cells: UInt64
    public var unverified: UInt64
    public var energyPicojoules: Double
    public var latencyNanoseconds: Double
    public var chipTime: ChipInstant
    public var commands: UInt64
    public var banks: [Bank]
    /// Sentences.
    public var faults: [String]

    public init(
        pulses: UInt64, cycles: [Bin], cells: UInt64, unverified: UInt64,
        energyPicojoules: Double, latencyNanoseconds: Double, chipTime: ChipInstant,
        commands: UInt64, banks: [Bank] = [], faults: [String] = []
    ) {
        self.pulses = pulses
        self.cycles = cycles
        self.cells = cells
        self.unverified = unverified
        self.energyPicojoules = energyPicojoules
        self.latencyNanoseconds = latencyNanoseconds
        self.chipTime = chipTime
        self.commands = commands
        self.banks = banks
        self.faults = faults
    }
}

/// The data sheet: what a real chip's would say. No fabrication draws.
public struct DataSheet: Sendable {
    public var spec: ChipSpec
    public var effectsModelled: [String]
    public var effectsNotModelled: [String]
    /// Simulated worst case of the largest request that the limits allow, milliseconds.
    public var worstMilliseconds: [(command: String, milliseconds: Double)]

    public init(
        spec: ChipSpec, effectsModelled: [String], effectsNotModelled: [String],
        worstMilliseconds: [(command: String, milliseconds: Double)]
    ) {
        self.spec = spec
        self.effectsModelled = effectsModelled
        self.effectsNotModelled = effectsNotModelled
        self.worstMilliseconds = worstMilliseconds
    }
}

/// Limits that the chip enforces itself; the server hands in the published ones.
public struct ChipLimits: Sendable {
    public var cellsPerChange: Int
    public var replyBytes: Int
    public var sessions: Int
    public var unacknowledged: Int
    public var matrices: Int
    /// Vectors of a product.
    public var batch: Int
    /// Read pulses averaged.
    public var repeats: Int
    public var leaseTermMilliseconds: UInt64

    public init(
        cellsPerChange: Int, replyBytes: Int, sessions: Int, unacknowledged: Int, matrices: Int,
        batch: Int, repeats: Int, leaseTermMilliseconds: UInt64
    ) {
        self.cellsPerChange = cellsPerChange
        self.replyBytes = replyBytes
        self.sessions = sessions
        self.unacknowledged = unacknowledged
        self.matrices = matrices
        self.batch = batch
        self.repeats = repeats
        self.leaseTermMilliseconds = leaseTermMilliseconds
    }
}
