public import Physics

/// Commands that change stored state, in the form in which the chip carries them out. The server
/// has translated and bounded them; what needs the chip's state is checked by the chip.
public enum ChangeCommand: Sendable {
    case map(MapCommand)
    case unmap(matrix: UInt32)
    case program(ProgramCommand)
    case pulse(PulseCommand)
    case programReference(ReferenceCommand)
    case calibrate(matrix: UInt32, fullScaleMicroamperes: Double)
    case power(on: Bool)
}

public struct MapCommand: Sendable {
    public var name: String
    public var rows: Int
    public var columns: Int
    public var weightBits: Int
    /// 0: all bits of the cell.
    public var cellBits: Int
    /// 0: the largest magnitude that the slices hold.
    public var codeMax: Int
    /// Empty: the first bank.
    public var bank: String
    public var mapping: WeightEncoding.Mapping
    /// `nil`: the default of the mapping.
    public var sensing: Sensing?
    /// 0: the default of the physics.
    public var fullScaleMicroamperes: Double
    /// Empty: the first free tiles in order.
    public var tiles: [Int]

    public init(
        name: String, rows: Int, columns: Int, weightBits: Int, cellBits: Int, codeMax: Int,
        bank: String, mapping: WeightEncoding.Mapping, sensing: Sensing?,
        fullScaleMicroamperes: Double, tiles: [Int]
    ) {
        self.name = name
        self.rows = rows
        self.columns = columns
        self.weightBits = weightBits
        self.cellBits = cellBits
        self.codeMax = codeMax
        self.bank = bank
        self.mapping = mapping
        self.sensing = sensing
        self.fullScaleMicroamperes = fullScaleMicroamperes
        self.tiles = tiles
    }
}

/// How the currents of a matrix become codes (M-1 … M-7).
public enum Sensing: UInt8, Sendable, Hashable {
    case differentialAnalog = 1
    case differentialDigital = 2
    case singleEnded = 3
}

/// A rectangle of a matrix or a tile; `rows == 0` and `columns == 0` mean all of it.
public struct Region: Sendable, Hashable {
    public var row: Int
    public var column: Int
    public var rows: Int
    public var columns: Int

    public init(row: Int = 0, column: Int = 0, rows: Int = 0, columns: Int = 0) {
        self.row = row
        self.column = column
        self.rows = rows
        self.columns = columns
    }

    public static let all = Region()
    public var count: Int { rows * columns }
}

public struct ProgramCommand: Sendable {
    /// What is written, row-major over the region.
    public enum Target: Sendable {
        case codes(matrix: UInt32, [Int16])
        case conductances(tile: Int, [Float])
    }
    public enum Method: Sendable, Hashable {
        case openLoop
        case writeVerify(Verification)
    }
    public struct Verification: Sendable, Hashable {
        /// 0 stands for the technology's value.
        public var tolerance: Double
        /// 0 stands for the technology's value.
        public var pulsesMax: Int
        public var confirmingReads: Int

        public init(tolerance: Double = 0, pulsesMax: Int = 0, confirmingReads: Int = 0) {
            self.tolerance = tolerance
            self.pulsesMax = pulsesMax
            self.confirmingReads = confirmingReads
        }
    }
    /// Which weights are verified first, and how much all of them may cost: when the rest of the
    /// budget could not carry another weight to its pulse limit, the others are written open loop.
    public struct Selection: Sendable {
        /// One entry a weight of the region; the larger, the sooner.
        public var priority: [Float]
        /// 0: no limit.
        public var pulses: UInt64
        /// 0: no limit.
        public var picojoules: Double

        public init(priority: [Float], pulses: UInt64, picojoules: Double) {
            self.priority = priority
            self.pulses = pulses
            self.picojoules = picojoules
        }
    }
    public var target: Target
    /// Rows and columns that the target came with; `nil`: only their product is known.
    public var shape: [Int]?
    public var region: Region
    public var method: Method
    /// Also weights whose code is the one last programmed there.
    public var all: Bool
    /// One entry a weight of the region, 0 or 1; `nil`: every weight.
    public var mask: [UInt8]?
    /// With write-verify; `nil`: all weights.
    public var selection: Selection?
    public var readBack: Bool
    public var cellStatus: Bool

    public init(
        target: Target, shape: [Int]? = nil, region: Region, method: Method, all: Bool,
        mask: [UInt8]?, selection: Selection? = nil, readBack: Bool, cellStatus: Bool
    ) {
        self.target = target
        self.shape = shape
        self.region = region
        self.method = method
        self.all = all
        self.mask = mask
        self.selection = selection
        self.readBack = readBack
        self.cellStatus = cellStatus
    }
}

/// A train of equal pulses on a region of a tile.
public struct PulseCommand: Sendable {
    public var tile: Int
    public var region: Region
    public var direction: PulseTrain.Direction
    public var pulses: Int
    /// Relative to the window.
    public var step: Double

    public init(
        tile: Int, region: Region, direction: PulseTrain.Direction, pulses: Int, step: Double
    ) {
        self.tile = tile
        self.region = region
        self.direction = direction
        self.pulses = pulses
        self.step = step
    }
}

/// Writes all cells of a reference open loop to one conductance.
public struct ReferenceCommand: Sendable {
    public enum Target: Sendable, Hashable {
        case gtm
        /// The LTM columns of the matrix's tiles, in the rows that it takes.
        case ltm(matrix: UInt32)
    }
    public var target: Target
    /// 0: G_on.
    public var microsiemens: Double

    public init(target: Target, microsiemens: Double) {
        self.target = target
        self.microsiemens = microsiemens
    }
}

/// What a change did. `fault` with effect `partial` comes with a result too.
public struct ChangeReply: Sendable {
    public var result: ChangeResult
    public var effect: Effect
    public var fault: ChipFault?
    public var chipTime: ChipInstant
    public var cost: Cost
    public var warnings: [String]

    public init(
        result: ChangeResult, effect: Effect, fault: ChipFault?, chipTime: ChipInstant,
        cost: Cost, warnings: [String]
    ) {
        self.result = result
        self.effect = effect
        self.fault = fault
        self.chipTime = chipTime
        self.cost = cost
        self.warnings = warnings
    }
}

public enum Effect: UInt8, Sendable, Hashable {
    case none = 0
    case partial = 1
    case full = 2
}

public enum ChangeResult: Sendable {
    case mapped(MatrixDescription)
    case unmapped(tilesFreed: Int)
    case programmed(ProgramReport)
    case pulsed(cells: Int)
    case referenceProgrammed(ReferenceReport)
    case calibrated(fullScaleMicroamperes: Double, lsbMicroamperes: Double)
    case power(on: Bool, matricesLost: Int)
}

public struct ProgramReport: Sendable {
    public var cells = 0
    public var written = 0
    public var verified = 0
    /// All that write-verify did not bring there; of these:
    public var unverified = 0
    public var stuckOn = 0
    public var stuckOff = 0
    public var windowClosed = 0
    public var permanentFailures = 0
    /// Cells whose life ended in this command.
    public var newlyStuck = 0
    public var notAttempted = 0
    public var pulsesMean = 0.0
    public var pulses99thPercentile = 0
    public var pulsesMax = 0
    /// Shape of the region; µS for a tile, weight codes for a matrix. Empty: not asked for.
    public var readBack: [Float] = []
    /// Raw values of `CellOutcome`; `[slices, polarities, rows, columns]` or the tile's region.
    public var cellStatus: [UInt8] = []
    public var regionRows = 0
    public var regionColumns = 0
    public var slices = 1
    public var polarities = 1
    public var isTile = false

    public init() {}
}

/// Commands that use the chip without changing what is stored: new noise each time.
public enum SampleCommand: Sendable {
    case read(ReadCommand)
    case multiply(MultiplyCommand)
    case readReference(repeats: Int)
}

public struct ReadCommand: Sendable {
    public enum Source: Sendable, Hashable {
        case weights(matrix: UInt32)
        case conductances(matrix: UInt32)
        case tile(Int)
    }
    public var source: Source
    public var region: Region
    public var repeats: Int

    public init(source: Source, region: Region, repeats: Int) {
        self.source = source
        self.region = region
        self.repeats = repeats
    }
}

public struct MultiplyCommand: Sendable {
    /// Batch × inputs, or the maps of `window`, row-major.
    public enum Inputs: Sendable {
        case unsigned([UInt8])
        case signed([Int8])
    }
    public var matrix: UInt32
    public var inputs: Inputs
    /// Vectors after unrolling.
    public var batch: Int
    public var transposed: Bool
    public var bitSerial: Bool
    /// f32 products instead of i32 codes.
    public var products: Bool
    /// 0: the matrix's.
    public var fullScaleMicroamperes: Double
    /// Also the sums of the LTM columns.
    public var includesLTM: Bool
    /// `nil`: the inputs are vectors.
    public var window: InputWindow?

    public init(
        matrix: UInt32, inputs: Inputs, batch: Int, transposed: Bool, bitSerial: Bool,
        products: Bool, fullScaleMicroamperes: Double, includesLTM: Bool = false,
        window: InputWindow? = nil
    ) {
        self.matrix = matrix
        self.inputs = inputs
        self.batch = batch
        self.transposed = transposed
        self.bitSerial = bitSerial
        self.products = products
        self.fullScaleMicroamperes = fullScaleMicroamperes
        self.includesLTM = includesLTM
        self.window = window
    }
}

public struct SampleReply: Sendable {
    public enum Result: Sendable {
        /// `shape` is that of the tensor; µS or weight codes.
        case read(values: [Float], shape: [Int], isWeights: Bool, repeats: Int)
        case product(ProductResult)
        case reference(ReferenceSum)
    }
    public var result: Result
    public var chipTime: ChipInstant
    public var cost: Cost
    public var warnings: [String]

    public init(result: Result, chipTime: ChipInstant, cost: Cost, warnings: [String]) {
        self.result = result
        self.chipTime = chipTime
        self.cost = cost
        self.warnings = warnings
    }
}

/// Controls that only an emulator has.
public enum SimulationCommand: Sendable {
    case clockGet
    case clockRate(Double)
    case clockManual
    case clockAdvance(seconds: Double)
    case truth(tile: Int, region: Region, deviations: Bool)
    case fault(FaultCommand)
    /// Clears all faults.
    case mend
    case save(name: String)
    /// `from`: the chip that was saved; another one's makes this chip a clone.
    case restore(name: String, from: UInt32)
}

public struct SimulationReply: Sendable {
    public enum Result: Sendable {
        case clock(ClockMode)
        case faults(added: Int, total: Int)
        case saved(stateDigest: [UInt8])
        case restored(stateDigest: [UInt8], epoch: UInt64)
        /// Noise-free g(t) in µS; with deviations also ε and ν of each cell.
        case truth(
            conductances: [Float], deviations: [Float]?, coefficients: [Float]?, rows: Int,
            columns: Int)
    }
    public var result: Result
    public var chipTime: ChipInstant

    public init(result: Result, chipTime: ChipInstant) {
        self.result = result
        self.chipTime = chipTime
    }
}

/// How chip time follows the wall clock.
public enum ClockMode: Sendable, Hashable {
    /// Seconds of chip time a second of wall-clock time; also while the daemon is down.
    case rate(Double)
    /// Moves by `clockAdvance` only.
    case manual

    /// Fastest clock: 10^10 s, the longest span of the studies, in ten seconds (chosen).
    public static let rateRange: ClosedRange<Double> = 0 ... 1e9
}
