/// Time and energy of the circuits around the tiles.
///
/// The defaults are set to NeuroSim's figures for one 128 × 128 array of 2-bit RRAM cells at
/// 22 nm (DNN+NeuroSim V1.4: 131 pJ and 108.5 ns for one vector of 8 binary pulses, 8 columns a
/// 5-bit converter), divided by what each figure counts.
///
/// | field                       | meaning                                       | unit   |
/// |-----------------------------|-----------------------------------------------|--------|
/// | wordLinePicojoules          | C_line·V_dd² of one driven row and cycle      | pJ     |
/// | driverFixedPicojoules       | word line switches, one tile and step         | pJ     |
/// | driverPicojoules            | word line switch of one driven row and step   | pJ     |
/// | columnsPerConverter         | columns that take turns at one ADC            | 1      |
/// | cycleNanoseconds            | one turn: settle and convert                  | ns     |
/// | converterPicojoulesPerLevel | ADC energy of one conversion / (2^b − 1)      | pJ     |
/// | multiplexerPicojoules       | column multiplexer, one tile and cycle        | pJ     |
/// | shiftAddPicojoules          | one conversion added to its accumulator       | pJ     |
/// | bufferPicojoulesPerByte     | one byte of input or output                   | pJ     |
/// | bufferNanosecondsPerByte    | the same                                      | ns     |
/// | cellsProgrammedInParallel   | cells that get a pulse at once                | 1      |
/// | digitalPicojoules           | one multiply-accumulate of a digital bank     | pJ     |
/// | digitalNanoseconds          | the same, all units of the bank together      | ns     |
///
/// - Source: Peng et al. 2019, 2020 (DNN+NeuroSim); digital: Horowitz 2014 (8-bit multiply 0.2 pJ
///   and add 0.03 pJ at 45 nm); buffers, parallel cells and digital time chosen.
public struct PeripheryCost: Sendable, Hashable {
    public var wordLinePicojoules = 0.00889
    public var driverFixedPicojoules = 1.445
    public var driverPicojoules = 0.0440
    public var columnsPerConverter = 8
    public var cycleNanoseconds = 1.696
    public var converterPicojoulesPerLevel = 0.00236
    public var multiplexerPicojoules = 0.0625
    public var shiftAddPicojoules = 0.01426
    public var bufferPicojoulesPerByte = 0.05
    public var bufferNanosecondsPerByte = 0.01
    public var cellsProgrammedInParallel = 16
    public var digitalPicojoules = 0.23
    public var digitalNanoseconds = 0.001

    public init() {}

    public func validated() throws(PhysicsError) -> PeripheryCost {
        let amounts = [
            ("energy of a word line", wordLinePicojoules),
            ("fixed energy of the word line switches", driverFixedPicojoules),
            ("energy of a word line switch", driverPicojoules),
            ("converter cycle", cycleNanoseconds),
            ("converter energy a level", converterPicojoulesPerLevel),
            ("multiplexer energy", multiplexerPicojoules),
            ("shift-add energy", shiftAddPicojoules),
            ("buffer energy a byte", bufferPicojoulesPerByte),
            ("buffer time a byte", bufferNanosecondsPerByte),
            ("digital energy", digitalPicojoules), ("digital time", digitalNanoseconds),
        ]
        for (name, value) in amounts { try require(name, value, in: 0 ... 1e9) }
        try require("columns a converter", Double(columnsPerConverter), in: 1 ... 4096)
        try require("cells programmed at once", Double(cellsProgrammedInParallel), in: 1 ... 65536)
        return self
    }
}
