import Physics
import Testing

@Suite("Programming: open loop (P-1) and variation (V-1 … V-4)")
struct OpenLoopTests {
    static let million = 1_000_000

    /// A million cells written to one target; (g − expected mean)/G_on of each.
    static func write(
        _ cells: Cells, share: Double, variation: Variation, deviations: [Float]? = nil
    ) throws -> (errors: [Float], conductances: [Float], pulses: [UInt32], on: Float) {
        let technology = try cells.technology()
        let on = Float(technology.window.on.microsiemens)
        let target = Float(share) * on
        var conductances = [Float](repeating: 0, count: million)
        var pulses = [UInt32](repeating: 4, count: million)
        OpenLoopProgramming(technology: technology, variation: variation).write(
            cells: (0 ..< Int32(million)).map { $0 },
            targets: [Float](repeating: target, count: million),
            deviations: deviations ?? [Float](repeating: 0, count: million),
            conductances: &conductances, pulses: &pulses,
            draws: EventDraws(serial: 77, event: 9), firstCell: 1 << 20)
        return (conductances.map { ($0 - target) / on }, conductances, pulses, on)
    }

    /// σ_p = 0.1 of G_on, whatever the target; mid-window is 5 σ away from the clip at 0.
    @Test(arguments: Cells.published + [.open])
    func theErrorIsThatOfTheTechnology(_ cells: Cells) throws {
        let run = try Self.write(cells, share: 0.6, variation: .none())
        let moments = Moments(run.errors)
        #expect(Bound.deviationOfMillion.contains(moments.deviation / 0.1))
        #expect(abs(moments.mean) < Bound.normal * 1e-4)
        #expect(run.pulses.count { $0 != 5 } == 0)
    }

    /// Mean of max(0, x) of a normal x of mean 0: σ/√(2π).
    @Test func atZeroHalfTheCellsAreClipped() throws {
        let run = try Self.write(.open, share: 0, variation: .none())
        let moments = Moments(run.errors)
        #expect(abs(moments.mean - 0.039_894_228) < Bound.normal * 0.0584e-3)
        let clipped = Double(run.conductances.count { $0 == 0 }) / Double(Self.million)
        #expect(abs(clipped - 0.5) < Bound.normal * 0.5e-3)
        #expect(run.conductances.allSatisfy { $0 >= 0 })
    }

    /// Independent parts add in square: at 0.6·G_on with σ_W = 0.05 and read noise 0.05·g,
    /// √(0.1² + 0.03²), √(0.1² + 0.05²) and √(0.1² + 0.03²).
    @Test(arguments: [
        (Variation.Model.weightProportional, 0.104_403_065), (.layerFixed, 0.111_803_399),
        (.likeReadNoise, 0.104_403_065),
    ])
    func variationAddsInSquare(model: Variation.Model, deviation: Double) throws {
        let variation = try Variation(model: model, betweenChip: 0, withinChip: 0.05)
        let deviations = Fabrication(serial: 77, variation: variation).deviations(
            firstCell: 1 << 20, count: Self.million)
        let run = try Self.write(
            .feFET, share: 0.6, variation: variation, deviations: deviations)
        #expect(Bound.deviationOfMillion.contains(Moments(run.errors).deviation / deviation))
    }

    /// One cell without noise: the three equations by hand, G_on = 20 µS, g_t = 10 µS, ε = 0.1.
    @Test(arguments: [
        (Variation.Model.weightProportional, Float(11)), (.layerFixed, 12), (.likeReadNoise, 10.1),
    ])
    func theEquations(model: Variation.Model, landing: Float) throws {
        var cells = Cells.open
        cells.programmingNoise = 0
        let technology = try cells.technology()
        var conductances: [Float] = [1, 2, 3]
        var pulses: [UInt32] = [0, .max, 5]
        try OpenLoopProgramming(
            technology: technology,
            variation: Variation(model: model, betweenChip: 0, withinChip: 0)
        ).write(
            cells: [1], targets: [10], deviations: [9, 0.1, 9], conductances: &conductances,
            pulses: &pulses, draws: EventDraws(serial: 1, event: 1), firstCell: 0)
        #expect(abs(conductances[1] - landing) < 1e-5)
        #expect(conductances[0] == 1)
        #expect(conductances[2] == 3)
        // The count stays at the largest number.
        #expect(pulses == [0, .max, 5])
    }

    @Test func aCellsDrawDoesNotDependOnTheOthers() throws {
        let technology = try Cells.rram.technology()
        let writer = try OpenLoopProgramming(technology: technology, variation: .none())
        func write(_ groups: [[Int32]]) -> [UInt32] {
            var conductances = [Float](repeating: 0, count: 50)
            var pulses = [UInt32](repeating: 0, count: 50)
            for group in groups {
                writer.write(
                    cells: group, targets: group.map { 5 + Float($0) / 5 },
                    deviations: Array(repeating: 0, count: 50), conductances: &conductances,
                    pulses: &pulses, draws: EventDraws(serial: 4, event: 2), firstCell: 333)
            }
            return conductances.map(\.bitPattern)
        }
        #expect(
            write([Array(0 ..< 50)]) == write([Array(25 ..< 50), [7], Array((8 ..< 25).reversed()),
                Array(0 ..< 7)]))
    }
}
