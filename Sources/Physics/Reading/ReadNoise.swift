/// The spread of one read of a cell.
///
///     σ(g) = a·g + b                                               (N-1)
///
/// | symbol | meaning                     | unit     |
/// |--------|-----------------------------|----------|
/// | a      | share relative to g         | unitless |
/// | b      | share independent of g      | µS       |
///
/// - Validity: a in `relativeRange`, b in `constantRange`.
/// - Source: bhattacharjee2023bn, Table 1; firmware-specs/device.md (N-1).
public struct ReadNoise: Sendable, Hashable {
    public let relative: Double
    public let constantMicrosiemens: Double

    /// Chosen; the published sweep ends at 0.35.
    public static let relativeRange = NumberRange.from(0, to: 1)
    /// µS (chosen).
    public static let constantRange = NumberRange.from(0, to: 1000)

    public init(relative: Double, constantMicrosiemens: Double) throws(PhysicsError) {
        try require("read noise relative to g", relative, in: Self.relativeRange)
        try require("constant read noise in µS", constantMicrosiemens, in: Self.constantRange)
        self.init(unchecked: relative, constantMicrosiemens)
    }

    private init(unchecked relative: Double, _ constantMicrosiemens: Double) {
        self.relative = relative
        self.constantMicrosiemens = constantMicrosiemens
    }

    public static let none = ReadNoise(unchecked: 0, 0)

    public func deviation(at g: Conductance) -> Conductance {
        .microsiemens(relative * g.microsiemens + constantMicrosiemens)
    }

    /// σ(g), µS.
    @inline(__always)
    package func deviation(_ microsiemens: Float) -> Float {
        Float(relative) * microsiemens + Float(constantMicrosiemens)
    }
}
