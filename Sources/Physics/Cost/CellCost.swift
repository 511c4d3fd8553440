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

    public func validated() throws(PhysicsError) -> CellCost {
        try require("programming pulse in ns", programPulseNanoseconds, in: 0 ... 1e9)
        try require("energy of a programming pulse in pJ", programPulsePicojoules, in: 0 ... 1e9)
        try require("read pulse in ns", readPulseNanoseconds, in: 0 ... 1e9)
        try require("energy of a verify read in pJ", verifyReadPicojoules, in: 0 ... 1e9)
        return self
    }
}
