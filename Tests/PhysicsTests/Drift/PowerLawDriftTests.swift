import Physics
import Testing

@Suite("Drift: g(t) = g_p (t/t₀)^−ν (D-1)")
struct PowerLawDriftTests {
    struct Point: CustomTestStringConvertible, Sendable {
        let coefficient: Double
        let age: Double
        let ratio: Double
        var testDescription: String { "ν \(coefficient), \(age) t₀" }
    }

    /// Powers of ten worked out with Python's float64.
    static let points = [
        Point(coefficient: 0, age: 1e6, ratio: 1),
        Point(coefficient: 0.05, age: 10, ratio: 0.891_250_938_133_745_6),
        Point(coefficient: 0.04, age: 1e3, ratio: 0.758_577_575_029_183_8),
        Point(coefficient: 0.04, age: 1e10, ratio: 0.398_107_170_553_497_26),
        Point(coefficient: 0.1, age: 12345.678, ratio: 0.389_805_987_288_028_1),
        Point(coefficient: 0.1, age: 1e10, ratio: 0.1),
        Point(coefficient: 0.2, age: 1e10, ratio: 0.01),
        Point(coefficient: 0.1, age: 1, ratio: 1),
        Point(coefficient: 0.1, age: 0.5, ratio: 1),
        Point(coefficient: 0.1, age: 0, ratio: 1),
    ]

    @Test(arguments: points, [0.25, 1, 20])
    func matchesTheClosedForm(_ point: Point, referenceAge: Double) throws {
        let law = try PowerLawDrift(
            coefficient: point.coefficient, coefficientSpread: 0,
            referenceAgeSeconds: referenceAge)
        let age = point.age * referenceAge
        let scalar = law.conductance(
            programmed: .microsiemens(25), coefficient: point.coefficient, ageSeconds: age)
        #expect(abs(scalar.microsiemens / 25 - point.ratio) < 1e-14)

        let count = 37
        var aged = [Float](repeating: 0, count: count)
        law.age(
            conductances: [Float](repeating: 25, count: count),
            coefficients: [Float](repeating: Float(point.coefficient), count: count),
            instants: (0 ..< count).map { UInt32($0 % 2) }, agesSeconds: [age, 0], into: &aged)
        for (index, value) in aged.enumerated() {
            let ratio = index % 2 == 0 ? point.ratio : 1
            #expect(abs(Double(value) / 25 / ratio - 1) < 2e-6)
        }
    }

    /// Mean of exp(−ν·ln t) and relative spread over cells of ν ~ N(ν, (0.2 ν)²) clipped at 0,
    /// integrated with scipy. The mean over cells is not the power law of the mean coefficient.
    @Test(arguments: [
        (0.1, 1e2, 0.633_639_240, 0.092_299_027), (0.1, 1e6, 0.260_962_790, 0.281_668_325),
        (0.1, 1e10, 0.111_186_382, 0.486_042_761), (0.04, 1e10, 0.404_919_099, 0.185_780_337),
    ])
    func theMeanOverCells(coefficient: Double, age: Double, mean: Double, spread: Double) throws {
        let law = try PowerLawDrift(
            coefficient: coefficient, coefficientSpread: 0.2 * coefficient, referenceAgeSeconds: 1)
        let count = 1_000_000
        let chip = try Fabrication(serial: 2, variation: .none())
        var aged = [Float](repeating: 0, count: count)
        law.age(
            conductances: [Float](repeating: 1, count: count),
            coefficients: chip.driftCoefficients(law, firstCell: 0, count: count),
            instants: [UInt32](repeating: 0, count: count), agesSeconds: [age], into: &aged)
        let moments = Moments(aged)
        #expect(abs(moments.mean / mean - 1) < Bound.normal * spread / 1e3)
        #expect(abs(moments.deviation / moments.mean / spread - 1) < 0.01)
        #expect(aged.allSatisfy { $0 > 0 && $0 <= 1 })
    }

    /// Invariant: after `holdSeconds` the fastest cell (ν + 6 σ_ν) differs by at most `relative`,
    /// and by almost that.
    @Test(arguments: [0.0, 0.3, 1, 50, 1e9], [1e-5, 1e-3])
    func holdsAsLongAsItSays(age: Double, relative: Double) throws {
        let law = try PowerLawDrift(
            coefficient: 0.1, coefficientSpread: 0.02, referenceAgeSeconds: 1)
        let fastest = 0.1 + 6 * 0.02
        func ratio(after seconds: Double) -> Double {
            let programmed = Conductance.microsiemens(1)
            return law.conductance(
                programmed: programmed, coefficient: fastest, ageSeconds: age + seconds
            ).siemens
                / law.conductance(
                    programmed: programmed, coefficient: fastest, ageSeconds: age
                ).siemens
        }
        let hold = law.holdSeconds(youngestAgeSeconds: age, relative: relative)
        #expect(hold > 0)
        #expect(1 - ratio(after: hold) <= relative)
        #expect(1 - ratio(after: hold) > 0.95 * relative)
    }

    @Test func withoutDriftConductancesHoldForEver() {
        #expect(PowerLawDrift.none.holdSeconds(youngestAgeSeconds: 3, relative: 1e-5) == .infinity)
    }

    @Test func zeroConductanceStaysZero() throws {
        let law = try PowerLawDrift(
            coefficient: 0.1, coefficientSpread: 0, referenceAgeSeconds: 1)
        var aged: [Float] = [1]
        law.age(
            conductances: [0], coefficients: [0.1], instants: [0], agesSeconds: [1e10], into: &aged)
        #expect(aged == [0])
    }

    @Test(arguments: [
        (-0.01, 0.0, 1.0), (0.21, 0, 1), (.nan, 0, 1), (0.1, -1, 1), (0.1, .infinity, 1),
        (0.1, 0, 0), (0.1, 0, -1), (0.1, 0, .nan), (0.1, 0, .infinity),
    ])
    func wrongParametersAreRefused(coefficient: Double, spread: Double, referenceAge: Double) {
        #expect(throws: PhysicsError.self) {
            try PowerLawDrift(
                coefficient: coefficient, coefficientSpread: spread,
                referenceAgeSeconds: referenceAge)
        }
    }
}
