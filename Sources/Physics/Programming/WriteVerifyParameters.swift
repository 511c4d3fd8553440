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
/// - Source: firmware-specs/device.md (P-2), (P-3); the defaults are chosen there.
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

    // Ranges: chosen, wide enough for what is published.

    /// It bounds the event numbers that a command takes.
    public static let pulsesMaxRange = 1 ... 4000
    public static let verifyReadsRange = 1 ... 1024
    /// More than three are never worth their time.
    public static let confirmingReadsRange = 0 ... 3
    public static let toleranceRange = NumberRange.from(1e-4, to: 1)
    public static let coarseRange = NumberRange.from(0, to: 10)
    public static let growthRange = NumberRange.from(1, to: 10)
    public static let cutRange = NumberRange.from(0.01, to: 1)
    /// Of every step; the first lies between the smallest and the largest.
    public static let stepRange = NumberRange.from(1e-9, to: 1)
    public static let nonlinearityRange = NumberRange.from(0, to: 10)
    public static let cycleToCycleRange = NumberRange.from(0, to: 1)

    public func validated() throws(PhysicsError) -> WriteVerifyParameters {
        try require("tolerance", tolerance, in: Self.toleranceRange)
        try require("coarse", coarse, in: Self.coarseRange)
        try require("growth", growth, in: Self.growthRange)
        try require("cut", cut, in: Self.cutRange)
        try require("smallest step", stepMin, in: Self.stepRange)
        try require("largest step", stepMax, in: .from(stepMin, to: Self.stepRange.most))
        try require("first step", stepFirst, in: .from(stepMin, to: stepMax))
        try require("SET nonlinearity", nonlinearitySet, in: Self.nonlinearityRange)
        try require("RESET nonlinearity", nonlinearityReset, in: Self.nonlinearityRange)
        try require("cycle-to-cycle spread", cycleToCycle, in: Self.cycleToCycleRange)
        try require("largest number of pulses", pulsesMax, in: Self.pulsesMaxRange)
        try require("verify reads", verifyReads, in: Self.verifyReadsRange)
        try require("confirming reads", confirmingReads, in: Self.confirmingReadsRange)
        return self
    }
}
