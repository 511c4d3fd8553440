/// How write-verify pulses: incremental step pulse programming with soft bounds.
///
/// | field              | meaning                                        | unit        |
/// |--------------------|------------------------------------------------|-------------|
/// | tolerance          | half width of the acceptance window            | of G_on     |
/// | coarse             | error above which a cell is written open loop  | of G_on     |
/// | stepFirst          | s₀, first step of an operation                 | of window   |
/// | growth, cut        | factor of the step: same direction, turned     | unitless    |
/// | stepMin, stepMax   | bounds of the step                             | of window   |
/// | nonlinearitySet    | γ₊ of the soft bound (1 − u)^γ₊                | unitless    |
/// | nonlinearityReset  | γ₋ of the soft bound u^γ₋                      | unitless    |
/// | cycleToCycle       | σ_c, spread of one step                        | of the step |
/// | pulsesMax          | pulses a cell may get, coarse writes included  | pulses      |
/// | verifyReads        | R, reads averaged for one verification         | reads       |
/// | confirmingReads    | verifications in band after the first one      | reads of R  |
///
/// - Source: physics §4 (defaults chosen there).
public struct WriteVerifyParameters: Sendable, Hashable {
    public var tolerance = 0.03
    public var coarse = 0.2
    public var stepFirst = 0.006
    public var growth = 1.1
    public var cut = 0.5
    public var stepMin = 0.002
    public var stepMax = 0.1
    public var nonlinearitySet = 1.0
    public var nonlinearityReset = 1.0
    public var cycleToCycle = 0.2
    public var pulsesMax = 100
    public var verifyReads: Int
    public var confirmingReads = 0

    public init(verifyReads: Int) {
        self.verifyReads = verifyReads
    }

    /// Most pulses a cell may be given in one operation (chosen; it bounds the event numbers
    /// that a command takes).
    public static let pulsesMaxRange = 1 ... 4000
    public static let verifyReadsRange = 1 ... 1024
    /// More than three are never worth their time (chosen).
    public static let confirmingReadsRange = 0 ... 3
    public static let toleranceRange: ClosedRange<Double> = 1e-4 ... 1

    public func validated() throws(PhysicsError) -> WriteVerifyParameters {
        try require("tolerance", tolerance, in: Self.toleranceRange)
        try require("coarse", coarse, in: 0 ... 10)
        try require("growth", growth, in: 1 ... 10)
        try require("cut", cut, in: 0.01 ... 1)
        try require("smallest step", stepMin, in: 1e-9 ... 1)
        try require("largest step", stepMax, in: stepMin ... 1)
        try require("first step", stepFirst, in: stepMin ... stepMax)
        try require("SET nonlinearity", nonlinearitySet, in: 0 ... 10)
        try require("RESET nonlinearity", nonlinearityReset, in: 0 ... 10)
        try require("cycle-to-cycle spread", cycleToCycle, in: 0 ... 1)
        try require("largest number of pulses", Double(pulsesMax), in: 1 ... 4000)
        try require("verify reads", Double(verifyReads), in: 1 ... 1024)
        try require("confirming reads", Double(confirmingReads), in: 0 ... 3)
        return self
    }
}
