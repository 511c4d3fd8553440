/// All that a host may ask of a chip: the interface that the mapper and every
/// adaptation method work through. An emulator's client satisfies it, a bridge to
/// hardware does, and so does a test's digital chip.
///
/// Calls block and happen in order. A conformance keeps the lease that changing
/// calls need, numbers its commands and repeats them safely.
public protocol ChipSession: AnyObject {
    /// What the maker says of the bank where matrices go unless told otherwise; constant.
    var dataSheet: ChipDataSheet { get }
    /// The same of every bank that takes matrices, that one included.
    var banks: [ChipDataSheet] { get }
    /// Simulated cost of everything this session has asked for.
    var cost: ChipCost { get }

    /// Allocates tiles for a logical matrix.
    func map(_ request: MatrixRequest) throws -> ChipMatrix
    /// Gives a matrix's tiles back.
    func unmap(_ matrix: ChipMatrix) throws
    /// The matrices that the chip holds.
    func matrices() throws -> [ChipMatrix]
    /// Tiles of a bank that no matrix has.
    func tilesFree(inBank bank: String) throws -> Int

    /// Writes weight codes.
    func program(_ matrix: ChipMatrix, _ codes: WeightCodes, _ options: ProgramOptions) throws
        -> ProgramReport
    /// Conductances of a matrix by read pulses, in µS: [slices, polarities, rows,
    /// columns], row-major.
    func readConductances(_ matrix: ChipMatrix, repeats: Int) throws -> [Float]
    /// Products of batches of input codes. `inputs` makes a batch when it is about
    /// to be sent; `outputs` takes each product when it comes, by the batch's
    /// number, in any order: conformances keep several requests under way, so that
    /// the host's work overlaps the chip's.
    func multiply(
        _ matrix: ChipMatrix, _ request: ProductRequest, inputs: (Int) throws -> InputCodes,
        outputs: (Int, OutputCodes) throws -> Void
    ) throws
    /// Sets a matrix's ADC full scale, in µA; returns the one in force.
    func calibrate(_ matrix: ChipMatrix, fullScale: Double) throws -> Double

    /// Writes tuning columns, open loop, to one conductance.
    ///
    /// - Parameter conductance: µS; `nil`: G_on.
    func program(_ reference: TuningColumns, conductance: Double?) throws -> ReferenceReport
    /// M: what the GTM's cells carry over what they would nominally, the mean of
    /// `repeats` reads.
    func readReference(repeats: Int) throws -> Double

    func status() throws -> ChipStatus
    func health() throws -> ChipHealth

    /// Gets the exclusive right to change the chip; whoever has it may ask again.
    func acquireLease() throws
    /// Gives it back, where it was acquired as often as this is called.
    func releaseLease() throws
}

extension ChipSession {
    /// What the maker says of a bank; `nil`: the session's own.
    public func dataSheet(ofBank name: String?) throws -> ChipDataSheet {
        guard let name else { return dataSheet }
        guard let sheet = banks.first(where: { $0.bank == name }) else {
            throw ChipSessionError.noSuchBank(name, banks: banks.map(\.bank))
        }
        return sheet
    }
}

/// A logical matrix to be placed on the chip.
public struct MatrixRequest: Equatable, Sendable {
    public let name: String
    public let rows: Int
    public let columns: Int
    public let weightBits: Int
    public let codeMax: Int
    public let mapping: WeightMapping
    /// `nil`: the session's own.
    public let bank: String?

    /// Of all weights.
    public static let weightBits = 8

    public init(
        name: String, rows: Int, columns: Int, weightBits: Int = Self.weightBits,
        codeMax: Int = 127, mapping: WeightMapping = .differential, bank: String? = nil
    ) {
        self.mapping = mapping
        self.bank = bank
        self.name = name
        self.rows = rows
        self.columns = columns
        self.weightBits = weightBits
        self.codeMax = codeMax
    }
}

/// How a signed weight stands in cells without a sign.
public enum WeightMapping: String, Codable, Sendable, CaseIterable {
    /// A pair of cells; the sign chooses.
    case differential
    /// One cell, with half the range added to the code.
    case offset

    /// Cells of a weight in each slice.
    public var polarities: Int { self == .differential ? 2 : 1 }
}

/// A logical matrix on the chip.
public struct ChipMatrix: Codable, Equatable, Sendable {
    public let id: UInt32
    public let name: String
    public let rows: Int
    public let columns: Int
    /// S.
    public let slices: Int
    /// K.
    public let bitsPerSlice: Int
    public let codeMax: Int
    public let mapping: WeightMapping
    /// Where it lies; `nil`: the session's own.
    public let bank: String?
    public var fullScaleMicroamperes: Double

    public init(
        id: UInt32, name: String, rows: Int, columns: Int, slices: Int, bitsPerSlice: Int,
        codeMax: Int, mapping: WeightMapping = .differential, bank: String? = nil,
        fullScaleMicroamperes: Double
    ) {
        self.mapping = mapping
        self.bank = bank
        self.id = id
        self.name = name
        self.rows = rows
        self.columns = columns
        self.slices = slices
        self.bitsPerSlice = bitsPerSlice
        self.codeMax = codeMax
        self.fullScaleMicroamperes = fullScaleMicroamperes
    }
}

/// How to program.
public struct ProgramOptions: Equatable, Sendable {
    public enum Method: String, Codable, CaseIterable, Sendable {
        case openLoop = "open-loop"
        case writeVerify = "write-verify"
    }
    public var method: Method
    /// Of write-verify, relative to G_on; `nil`: the technology's.
    public var tolerance: Double?
    /// Rewrites cells whose code stays: what drift needs.
    public var all: Bool
    /// 1 where a weight may change, rows × columns; `nil`: everywhere.
    public var mask: [UInt8]?
    /// Asks for one read of each weight afterwards.
    public var readBack: Bool

    public init(
        _ method: Method, tolerance: Double? = nil, all: Bool = false, mask: [UInt8]? = nil,
        readBack: Bool = false
    ) {
        self.method = method
        self.tolerance = tolerance
        self.all = all
        self.mask = mask
        self.readBack = readBack
    }
}

/// What programming did.
public struct ProgramReport: Equatable, Sendable {
    public var cells: UInt64
    public var verified: UInt64
    public var unverified: UInt64
    public var cost: ChipCost
    /// Weights as read afterwards, on the scale of the codes, rows × columns.
    public var readBack: [Float]?

    public init(
        cells: UInt64 = 0, verified: UInt64 = 0, unverified: UInt64 = 0,
        cost: ChipCost = ChipCost(),
        readBack: [Float]? = nil
    ) {
        self.cells = cells
        self.verified = verified
        self.unverified = unverified
        self.cost = cost
        self.readBack = readBack
    }
}

extension ProgramReport {
    /// Of two commands, the later one's weights as read afterwards.
    static func + (a: ProgramReport, b: ProgramReport) -> ProgramReport {
        ProgramReport(
            cells: a.cells + b.cells, verified: a.verified + b.verified,
            unverified: a.unverified + b.unverified, cost: a.cost + b.cost, readBack: b.readBack)
    }
}
