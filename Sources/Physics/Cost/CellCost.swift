/// Time and energy of what is done to a cell.
///
/// | field                      | meaning                                    | unit |
/// |----------------------------|--------------------------------------------|------|
/// | programPulseNanoseconds    | width of a programming pulse               | ns   |
/// | programPulsePicojoules     | energy of a programming pulse              | pJ   |
/// | readPulseNanoseconds       | width of a read pulse                      | ns   |
/// | verifyReadPicojoules       | energy of one read of one cell             | pJ   |
public struct CellCost: Sendable, Hashable {
    public var programPulseNanoseconds: Double
    public var programPulsePicojoules: Double
    public var readPulseNanoseconds: Double
    public var verifyReadPicojoules: Double

    public init(
        programPulseNanoseconds: Double, programPulsePicojoules: Double,
        readPulseNanoseconds: Double, verifyReadPicojoules: Double
    ) {
        self.programPulseNanoseconds = programPulseNanoseconds
        self.programPulsePicojoules = programPulsePicojoules
        self.readPulseNanoseconds = readPulseNanoseconds
        self.verifyReadPicojoules = verifyReadPicojoules
    }

    /// ns (chosen).
    public static let timeRange = NumberRange.above(0, to: 1e9)
    /// pJ (chosen).
    public static let energyRange = NumberRange.from(0, to: 1e6)

    public func validated() throws(PhysicsError) -> CellCost {
        try require("programming pulse in ns", programPulseNanoseconds, in: Self.timeRange)
        try require(
            "energy of a programming pulse in pJ", programPulsePicojoules, in: Self.energyRange)
        try require("read pulse in ns", readPulseNanoseconds, in: Self.timeRange)
        try require("energy of a verify read in pJ", verifyReadPicojoules, in: Self.energyRange)
        return self
    }
}
