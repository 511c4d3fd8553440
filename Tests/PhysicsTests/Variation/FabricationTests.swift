import Physics
import Testing

@Suite("Variation: what was fixed when a chip was made (V-1, D-2)")
struct FabricationTests {
    static func fabrication(
        _ serial: UInt32, between: Double = 0.1, within: Double = 0.05,
        model: Variation.Model = .layerFixed
    ) throws -> Fabrication {
        try Fabrication(
            serial: serial,
            variation: Variation(model: model, betweenChip: between, withinChip: within))
    }

    @Test func betweenChipsOver200Chips() throws {
        let values = try (0 ..< UInt32(200)).map {
            try Float(Self.fabrication($0).betweenChip) / 0.1
        }
        let square = values.reduce(0.0) { $0 + Double($1 * $1) } / 200
        #expect(Bound.deviationOf200.contains(square.squareRoot()))
        #expect(abs(Moments(values).mean) < Bound.normal / 200.0.squareRoot())
    }

    /// 5,000 cells of each of 200 chips: a million ε_W.
    @Test func withinChipOver200Chips() throws {
        var values: [Float] = []
        for serial in 0 ..< UInt32(200) {
            let chip = try Self.fabrication(serial)
            let between = Float(chip.betweenChip)
            values += chip.deviations(firstCell: 12_345, count: 5000).map { ($0 - between) / 0.05 }
        }
        let moments = Moments(values)
        #expect(Bound.deviationOfMillion.contains(moments.deviation))
        #expect(abs(moments.mean) < Bound.normal * 1e-3)
        #expect(kolmogorovDistanceToNormal(values) * 1e3 < Bound.kolmogorov)
    }

    @Test func likeReadNoiseIsAStandardNormalACell() throws {
        let chip = try Self.fabrication(5, model: .likeReadNoise)
        let moments = Moments(chip.deviations(firstCell: 0, count: 1_000_000))
        #expect(Bound.deviationOfMillion.contains(moments.deviation))
        #expect(abs(moments.mean) < Bound.normal * 1e-3)
    }

    @Test func driftCoefficientsHaveMeanAndSpread() throws {
        let law = try Cells.feFET.technology().drift
        let values = try Self.fabrication(5).driftCoefficients(
            law, firstCell: 0, count: 1_000_000)
        let moments = Moments(values)
        #expect(abs(moments.mean - 0.1) < Bound.normal * 0.02e-3)
        #expect(Bound.deviationOfMillion.contains(moments.deviation / 0.02))
        #expect(values.allSatisfy { $0 >= 0 })
    }

    @Test func aCellIsTheSameInAnyPiece() throws {
        let chip = try Self.fabrication(9)
        let drift = try Cells.rram.technology().drift
        let whole = chip.deviations(firstCell: 0, count: 300)
        let coefficients = chip.driftCoefficients(drift, firstCell: 0, count: 300)
        for first in [0, 1, 33, 250] {
            #expect(chip.deviations(firstCell: UInt64(first), count: 50) == Array(whole[first...].prefix(50)))
            #expect(
                chip.driftCoefficients(drift, firstCell: UInt64(first), count: 50)
                    == Array(coefficients[first...].prefix(50)))
        }
    }

    @Test func withoutVariationAllCellsAreEqual() throws {
        let chip = try Self.fabrication(9, between: 0, within: 0)
        #expect(chip.deviations(firstCell: 7, count: 9) == Array(repeating: 0, count: 9))
        #expect(
            chip.driftCoefficients(.none, firstCell: 7, count: 9) == Array(repeating: 0, count: 9))
    }

    @Test(arguments: [-0.1, 1.1, .nan, .infinity])
    func aWrongSpreadIsRefused(_ value: Double) {
        #expect(throws: PhysicsError.self) {
            try Variation(model: .layerFixed, betweenChip: value, withinChip: 0)
        }
        #expect(throws: PhysicsError.self) {
            try Variation(model: .layerFixed, betweenChip: 0, withinChip: value)
        }
    }
}
