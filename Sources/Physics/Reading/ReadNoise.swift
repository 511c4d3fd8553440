/// The spread of one read of a cell.
///
///     σ(g) = a·g + b                                               (N-1)
///
/// | symbol | meaning                     | unit     |
/// |--------|-----------------------------|----------|
/// | a      | share relative to g         | unitless |
/// | b      | share independent of g      | µS       |
///
/// - Validity: 0 ≤ a ≤ 1, 0 ≤ b ≤ 1000 µS (chosen; the published sweep ends at a = 0.35).
/// - Source: Bhattacharjee et al. 2023, Table 1; physics §1.
public struct ReadNoise: Sendable, Hashable {
    public let relative: Double
    public let constantMicrosiemens: Double

    public init(relative: Double, constantMicrosiemens: Double) throws(PhysicsError) {
        try require("read noise relative to g", relative, in: 0 ... 1)
        try require("constant read noise in µS", constantMicrosiemens, in: 0 ... 1000)
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
