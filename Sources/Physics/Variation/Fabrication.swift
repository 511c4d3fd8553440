/// All that was fixed when a chip was made. Nothing of it is stored: the same serial has the same
/// cells after a restart and on another machine.
///
/// - Random: fields `betweenChip`, `withinChip`, `driftCoefficient` of event 0, index: the
///   chip-wide number of the cell.
/// - Source: firmware-specs/device.md (V-1), (D-2).
public struct Fabrication: Sendable {
    public let serial: UInt32
    public let variation: Variation
    /// ε_B.
    public let betweenChip: Double

    public init(serial: UInt32, variation: Variation) {
        self.serial = serial
        self.variation = variation
        let z = NormalLaw.normal(
            key: DrawKey(serial: serial, field: .betweenChip), event: 0, index: 0)
        betweenChip = variation.betweenChip * Double(z)
    }

    /// ε_B + ε_W,i of consecutive cells; with the model "like read noise" z_i.
    public func deviations(firstCell: UInt64, count: Int) -> [Float] {
        var deviations = fabricationNormals(
            serial: serial, field: .withinChip, first: firstCell, count: count)
        if variation.model == .likeReadNoise { return deviations }
        let spread = Float(variation.withinChip)
        let between = Float(betweenChip)
        for index in deviations.indices {
            deviations[index] = between + spread * deviations[index]
        }
        return deviations
    }

    /// ν_i of consecutive cells, at least 0.
    public func driftCoefficients(_ drift: PowerLawDrift, firstCell: UInt64, count: Int) -> [Float]
    {
        let mean = Float(drift.coefficient)
        let spread = Float(drift.coefficientSpread)
        if spread == 0 { return Array(repeating: mean, count: count) }
        var coefficients = fabricationNormals(
            serial: serial, field: .driftCoefficient, first: firstCell, count: count)
        for index in coefficients.indices {
            coefficients[index] = max(0, mean + spread * coefficients[index])
        }
        return coefficients
    }
}
