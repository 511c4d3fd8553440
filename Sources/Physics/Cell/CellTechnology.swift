/// The parameters of one kind of cell: the typed form of `firmware-specs/devices/*.yaml`.
///
/// - Source: firmware-specs/device.md, "The cell"; each value's source stands beside it in the file.
public struct CellTechnology: Sendable, Hashable {
    public enum Storage: Sendable, Hashable {
        /// Non-volatile conductances.
        case analog
        /// SRAM: exact bits, lost at power-off.
        case digital
    }

    /// Bits of a cell (chosen).
    public static let bitsRange = 1 ... 8
    /// σ_p (chosen).
    public static let programmingNoiseRange = NumberRange.from(0, to: 1)

    public var name: String
    public var storage: Storage
    /// K.
    public var bitsPerCell: Int
    public var window: ConductanceWindow
    public var drift: PowerLawDrift
    public var readNoise: ReadNoise
    /// σ_p, relative to G_on.
    public var programmingNoise: Double
    public var writeVerify: WriteVerifyParameters
    public var endurance: Endurance
    public var cost: CellCost

    public init(
        name: String, storage: Storage, bitsPerCell: Int, window: ConductanceWindow,
        drift: PowerLawDrift, readNoise: ReadNoise, programmingNoise: Double,
        writeVerify: WriteVerifyParameters, endurance: Endurance = .unlimited, cost: CellCost
    ) throws(PhysicsError) {
        try require("bits per cell", bitsPerCell, in: Self.bitsRange)
        try require("programming noise σ_p", programmingNoise, in: Self.programmingNoiseRange)
        self.name = name
        self.storage = storage
        self.bitsPerCell = bitsPerCell
        self.window = window
        self.drift = drift
        self.readNoise = readNoise
        self.programmingNoise = programmingNoise
        self.writeVerify = try writeVerify.validated()
        self.endurance = endurance
        self.cost = try cost.validated()
    }

    /// L.
    public var levels: Int { 1 << bitsPerCell }
}
