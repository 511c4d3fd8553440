/// An electrical conductance, stored in siemens (S). A signed weight is a pair of conductances,
/// never a negative one.
public struct Conductance: Sendable, Hashable, Comparable {
    /// Finite and at least zero.
    public let siemens: Double

    /// - Precondition: outside data was checked where it entered the process.
    public init(siemens: Double) {
        precondition(siemens.isFinite)
        precondition(siemens >= 0)
        self.siemens = siemens
    }

    public static let zero = Conductance(siemens: 0)
    public static func microsiemens(_ value: Double) -> Conductance {
        Conductance(siemens: value / 1e6)
    }
    public var microsiemens: Double { siemens * 1e6 }
    public static func < (lhs: Conductance, rhs: Conductance) -> Bool { lhs.siemens < rhs.siemens }
}
