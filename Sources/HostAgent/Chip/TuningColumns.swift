/// Which reference cells of a chip.
public enum TuningColumns: Equatable, Sendable {
    /// The chip's own, one group: what it makes of a conductance.
    case gtm
    /// Those in the tiles of a matrix: what they make of its inputs.
    case ltm(of: ChipMatrix)
}

/// What writing a reference did.
public struct ReferenceReport: Equatable, Sendable {
    /// Written to, in µS.
    public let conductance: Double
    public let cost: ChipCost

    public init(conductance: Double, cost: ChipCost) {
        self.conductance = conductance
        self.cost = cost
    }
}
