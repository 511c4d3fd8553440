import Physics
import Testing

@Suite("Reading: σ(g) = a·g + b (N-1, N-2)")
struct ReadTests {
    /// By hand: FeFET at 4.5 µS, PCM at 4 µS and at 0.1 µS.
    @Test(arguments: [
        (0.05, 0.0, 4.5, 0.225), (0.03, 0.13, 4, 0.25), (0.03, 0.13, 0.1, 0.133), (0, 0, 9, 0),
    ])
    func theDeviation(relative: Double, constant: Double, at g: Double, deviation: Double) throws {
        let noise = try ReadNoise(relative: relative, constantMicrosiemens: constant)
        #expect(abs(noise.deviation(at: .microsiemens(g)).microsiemens - deviation) < 1e-12)
    }

    @Test(arguments: [(Float(4), 1, 0.25), (4, 16, 0.0625), (0.1, 1, 0.133), (0, 4, 0.065)])
    func aMillionReadsHaveMeanAndDeviation(g: Float, repeats: Int, deviation: Double) throws {
        let noise = try ReadNoise(relative: 0.03, constantMicrosiemens: 0.13)
        let reads = CellRead.read(
            conductances: [Float](repeating: g, count: 1_000_000), noise: noise, repeats: repeats,
            draws: EventDraws(serial: 6, event: 2), firstCell: 0)
        let moments = Moments(reads)
        #expect(abs(moments.mean - Double(g)) < Bound.normal * deviation / 1e3)
        #expect(Bound.deviationOfMillion.contains(moments.deviation / deviation))
    }

    /// Averaging R reads one by one gives the law that one draw of deviation σ/√R gives.
    @Test func theMeanOfReadsIsOneDraw() throws {
        let noise = try ReadNoise(relative: 0.1, constantMicrosiemens: 0)
        let g = [Float](repeating: 5, count: 100_000)
        var sums = [Float](repeating: 0, count: g.count)
        for event in 1 ... UInt64(8) {
            let reads = CellRead.read(
                conductances: g, noise: noise, repeats: 1,
                draws: EventDraws(serial: 6, event: event), firstCell: 0)
            for index in sums.indices { sums[index] += reads[index] / 8 }
        }
        let once = CellRead.read(
            conductances: g, noise: noise, repeats: 8, draws: EventDraws(serial: 6, event: 9),
            firstCell: 0)
        let bound = Bound.kolmogorov * (2.0 / Double(g.count)).squareRoot()
        #expect(kolmogorovDistance(sums, once) < bound)
    }

    @Test func withoutNoiseAReadIsTheConductance() {
        let g: [Float] = [0, 1.5, 20]
        let reads = CellRead.read(
            conductances: g, noise: .none, repeats: 1, draws: EventDraws(serial: 1, event: 1),
            firstCell: 0)
        #expect(reads == g)
    }

    @Test(arguments: [(-0.1, 0.0), (1.1, 0), (.nan, 0), (0, -0.1), (0, 1001), (0, .nan)])
    func wrongParametersAreRefused(relative: Double, constant: Double) {
        #expect(throws: PhysicsError.self) {
            try ReadNoise(relative: relative, constantMicrosiemens: constant)
        }
    }
}
