/// Simulated cost of operations on a chip.
public struct ChipCost: Codable, Equatable, Sendable {
    /// Programming pulses.
    public var pulses: UInt64
    public var energyPicojoules: Double
    public var latencyNanoseconds: Double
    /// Cells that programming commands selected.
    public var cellsWritten: UInt64

    public init(
        pulses: UInt64 = 0, energyPicojoules: Double = 0, latencyNanoseconds: Double = 0,
        cellsWritten: UInt64 = 0
    ) {
        self.pulses = pulses
        self.energyPicojoules = energyPicojoules
        self.latencyNanoseconds = latencyNanoseconds
        self.cellsWritten = cellsWritten
    }

    public static func + (a: ChipCost, b: ChipCost) -> ChipCost {
        ChipCost(
            pulses: a.pulses + b.pulses, energyPicojoules: a.energyPicojoules + b.energyPicojoules,
            latencyNanoseconds: a.latencyNanoseconds + b.latencyNanoseconds,
            cellsWritten: a.cellsWritten + b.cellsWritten)
    }

    public static func += (a: inout ChipCost, b: ChipCost) { a = a + b }

    /// What came after `earlier`, an earlier state of the same sum.
    public func since(_ earlier: ChipCost) -> ChipCost {
        precondition(pulses >= earlier.pulses && cellsWritten >= earlier.cellsWritten)
        return ChipCost(
            pulses: pulses - earlier.pulses,
            energyPicojoules: energyPicojoules - earlier.energyPicojoules,
            latencyNanoseconds: latencyNanoseconds - earlier.latencyNanoseconds,
            cellsWritten: cellsWritten - earlier.cellsWritten)
    }
}
