/// Time and energy of the circuits around the tiles: the constants of (K-1) … (K-6).
///
/// The defaults are NeuroSim's figures for one 128 × 128 array of 2-bit RRAM cells at 22 nm
/// (DNN+NeuroSim V1.4: 131 pJ and 108.5 ns for one vector of 8 binary pulses, 8 columns a 5-bit
/// flash converter), divided by what each counts.
///
/// | field                        | meaning                                          | unit |
/// |------------------------------|--------------------------------------------------|------|
/// | wordLinePicojoulesPerCell    | C·V_dd² of a driven line, a cell and turn        | pJ   |
/// | driverIdlePicojoules         | word line switch, a line and turn                | pJ   |
/// | driverActivePicojoules       | added to it where the line is driven             | pJ   |
/// | columnsPerConverter          | n_mux: columns that take turns at one ADC        | 1    |
/// | converterNanoseconds         | multiplexer and conversion after a read pulse    | ns   |
/// | converterNanosecondsPerBit   | added to it for each bit                         | ns   |
/// | converterPicojoulesPerLevel  | of a conversion, for each of its 2^b − 1 levels  | pJ   |
/// | converterPicojoulesPerBit    | of a conversion, for each of its b bits          | pJ   |
/// | multiplexerPicojoulesPerCell | of a conversion, for each cell of the column     | pJ   |
/// | shiftAddPicojoulesPerBit     | one bit of a conversion added up                 | pJ   |
/// | bufferPicojoulesPerByte      | one byte of input or output                      | pJ   |
/// | bufferNanosecondsPerByte     | the same                                         | ns   |
/// | cellsProgrammedInParallel    | cells that get a pulse at once                   | 1    |
/// | digitalPicojoules            | one multiply-accumulate of a digital bank        | pJ   |
/// | digitalNanoseconds           | the same, all units of the bank together         | ns   |
///
/// A flash converter has an energy a level, one of successive approximation an energy and a time
/// a bit.
///
/// - Source: Peng et al. 2019, 2020 (DNN+NeuroSim); digital: Horowitz 2014 (8-bit multiply 0.2 pJ
///   and add 0.03 pJ at 45 nm); buffers, parallel cells and digital time chosen.
public struct PeripheryCost: Sendable, Hashable {
    /// 12.32 fF · (0.85 V)² over 128 cells.
    public var wordLinePicojoulesPerCell = 6.955e-5
    /// 11.56 pJ over 64 turns of 128 lines.
    public var driverIdlePicojoules = 0.001411
    /// 45.08 pJ over 64 turns of 128 lines.
    public var driverActivePicojoules = 0.005503
    public var columnsPerConverter = 8
    /// 1.4 · (0.101 + 0.963) ns without the read pulse, which is 1 ns of it.
    public var converterNanoseconds = 0.489
    /// 1.4 · 0.148 ns over 5 bits.
    public var converterNanosecondsPerBit = 0.0413
    /// 75.0 pJ over 1024 conversions of 31 levels.
    public var converterPicojoulesPerLevel = 0.00236
    public var converterPicojoulesPerBit = 0.0
    /// 3.98 pJ over 1024 conversions of 128 cells.
    public var multiplexerPicojoulesPerCell = 3.035e-5
    /// 14.55 pJ over 1024 conversions of 5 bits and 3 of carry.
    public var shiftAddPicojoulesPerBit = 0.001776
    public var bufferPicojoulesPerByte = 0.05
    public var bufferNanosecondsPerByte = 0.01
    public var cellsProgrammedInParallel = 16
    public var digitalPicojoules = 0.23
    public var digitalNanoseconds = 0.001

    public init() {}

    /// ns or pJ (chosen).
    public static let amountRange = NumberRange.from(0, to: 1e9)
    /// Chosen.
    public static let columnsPerConverterRange = 1 ... 4096
    /// Chosen.
    public static let cellsInParallelRange = 1 ... 65_536

    public func validated() throws(PhysicsError) -> PeripheryCost {
        let amounts = [
            ("energy of a word line", wordLinePicojoulesPerCell),
            ("energy of a word line switch", driverIdlePicojoules),
            ("energy of a driven word line switch", driverActivePicojoules),
            ("time of a conversion", converterNanoseconds),
            ("time of a conversion a bit", converterNanosecondsPerBit),
            ("converter energy a level", converterPicojoulesPerLevel),
            ("converter energy a bit", converterPicojoulesPerBit),
            ("multiplexer energy", multiplexerPicojoulesPerCell),
            ("shift-add energy", shiftAddPicojoulesPerBit),
            ("buffer energy a byte", bufferPicojoulesPerByte),
            ("buffer time a byte", bufferNanosecondsPerByte),
            ("digital energy", digitalPicojoules), ("digital time", digitalNanoseconds),
        ]
        for (name, value) in amounts { try require(name, value, in: Self.amountRange) }
        try require(
            "columns a converter", columnsPerConverter, in: Self.columnsPerConverterRange)
        try require(
            "cells programmed at once", cellsProgrammedInParallel, in: Self.cellsInParallelRange)
        return self
    }
}
