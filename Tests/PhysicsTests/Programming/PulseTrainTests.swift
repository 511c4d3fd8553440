import Glibc
import Physics
import Testing

@Suite("Programming: trains of pulses (P-3)")
struct PulseTrainTests {
    private func technology(spread: Double = 0, nonlinearity: Double = 1) throws -> CellTechnology {
        var technology = try Cells.rram.technology()
        technology.writeVerify.cycleToCycle = spread
        technology.writeVerify.nonlinearitySet = nonlinearity
        technology.writeVerify.nonlinearityReset = nonlinearity
        return technology
    }

    private func play(
        _ technology: CellTechnology, _ direction: PulseTrain.Direction, pulses: Int,
        step: Double, from start: [Float]
    ) -> (conductances: [Float], seen: [UInt32]) {
        var conductances = start
        var seen = [UInt32](repeating: 3, count: start.count)
        let isDone = PulseTrain(
            technology: technology, direction: direction, pulses: pulses, step: step
        ).play(
            cells: (0 ..< Int32(start.count)).map { $0 }, conductances: &conductances,
            pulses: &seen, lives: nil, draws: EventDraws(serial: 4, event: 9), firstCell: 77,
            shouldStop: { false })
        #expect(isDone)
        return (conductances, seen)
    }

    /// Without spread u_n = 1 − (1 − u₀)(1 − s)^n after SET, u₀(1 − s)^n after RESET.
    @Test(arguments: [1, 2, 5, 30])
    func softBoundsHaveAClosedForm(pulses: Int) throws {
        for (direction, law) in [
            (PulseTrain.Direction.set, { 1 - (1 - $0) * pow(1 - 0.04, Double(pulses)) }),
            (.reset, { (u: Double) in u * pow(1 - 0.04, Double(pulses)) }),
        ] {
            let run = play(
                try technology(), direction, pulses: pulses, step: 0.04, from: [5.6, 12.8])
            for (landed, start) in zip(run.conductances, [0.2, 0.6]) {
                #expect(abs(Double(landed) - (2 + 18 * law(start))) < 2e-5)
            }
            #expect(run.seen == [3 + UInt32(pulses), 3 + UInt32(pulses)])
        }
    }

    /// SET and RESET in turn settle where one undoes the other: after the RESET
    /// u = (1 − s)·(u + s·(1 − u)), u* = (1 − s)/(2 − s). A million pulses count one by one.
    @Test func aMillionAlternatingPulsesSettleAndCount() throws {
        let run = play(
            try technology(), .alternating, pulses: 1_000_000, step: 0.1, from: [2, 11, 20])
        for landed in run.conductances {
            #expect(abs(Double(landed) - (2 + 18 * 0.9 / 1.9)) < 1e-4)
        }
        #expect(run.seen == [1_000_003, 1_000_003, 1_000_003])
    }

    /// With spread, a train of which the beginning is left out ends where the whole one ends. A
    /// nonlinearity next to 1 has the same law but nothing is left out.
    @Test func whatIsForgottenMayBeLeftOut() throws {
        let start: [Float] = [2, 8, 14, 20]
        let whole = play(
            try technology(spread: 0.2, nonlinearity: 1 + 1e-7), .set, pulses: 5_001, step: 0.02,
            from: start)
        let short = play(
            try technology(spread: 0.2), .set, pulses: 5_001, step: 0.02, from: start)
        for (a, b) in zip(whole.conductances, short.conductances) { #expect(abs(a - b) < 1e-4) }
        #expect(whole.seen == short.seen)
        #expect(
            PulseTrain(technology: try technology(), direction: .set, pulses: 5_001, step: 0.02)
                .playedPulses == 2_000)
    }

    /// One SET of s = 0.1 from u = 0: 1.8 µS with a spread of a fifth.
    @Test func onePulseHasTheSpreadOfTheTechnology() throws {
        let run = play(
            try technology(spread: 0.2), .set, pulses: 1, step: 0.1,
            from: [Float](repeating: 2, count: 100_000))
        let moments = Moments(run.conductances)
        #expect(abs(moments.mean - 3.8) < Bound.normal * 0.36 / 316)
        #expect(abs(moments.deviation / 0.36 - 1) < Bound.normal / (2e5).squareRoot())
    }

    /// The window closes from below: RESETs bring the cell to the G_off that it has then; what
    /// closes later does not move it. RRAM, 10⁶ pulses, against a program of the recurrence in
    /// Python: 2.0006 µS; a train and its parts come to the same.
    @Test func resetsEndAtTheBoundThatTheyMet() throws {
        var worn = try technology()
        worn.endurance = try Endurance(
            windowPulses: 1e5, windowExponent: 0.25, lifetimeScale: .infinity, lifetimeShape: 1,
            stuckOnShare: 0)
        let run = play(worn, .reset, pulses: 1_000_000, step: 0.1, from: [20])
        #expect(abs(Double(run.conductances[0]) - 2.0006) < 1e-4)
        #expect(run.seen == [1_000_003])
    }

    /// Every direction in windows that close slowly, fast, and wholly within the train: a train of
    /// which most is left out against one that is played pulse by pulse (a nonlinearity next to 1).
    @Test(
        arguments: [PulseTrain.Direction.set, .reset, .alternating],
        [(1e5, 0.25), (200, 0.3), (30, 0.5), (3, 0.5), (1000, 2), (1, 2)])
    func closingWindowsAreForgottenRightly(
        _ direction: PulseTrain.Direction, _ window: (pulses: Double, exponent: Double)
    ) throws {
        func run(_ nonlinearity: Double) throws -> (conductances: [Float], seen: [UInt32]) {
            var worn = try technology(nonlinearity: nonlinearity)
            worn.endurance = try Endurance(
                windowPulses: window.pulses, windowExponent: window.exponent,
                lifetimeScale: .infinity, lifetimeShape: 1, stuckOnShare: 0)
            return play(worn, direction, pulses: 4_000, step: 0.1, from: [2, 8, 14, 20])
        }
        let (short, whole) = (try run(1), try run(1 + 1e-7))
        #expect(short.seen == whole.seen)
        for (a, b) in zip(short.conductances, whole.conductances) {
            #expect(abs(a - b) < 2e-3, "\(a) instead of \(b) µS")
        }
    }

    /// With spread the last pulses of a train decide: distributions over 4,000 cells, two-sample
    /// Kolmogorov and Smirnov at 99.9 %: 1.95·√(2/4000).
    @Test func theSpreadOfALongTrainIsThatOfItsEnd() throws {
        func run(_ nonlinearity: Double) throws -> [Float] {
            play(
                try technology(spread: 0.2, nonlinearity: nonlinearity), .alternating,
                pulses: 1_000, step: 0.1, from: [Float](repeating: 2, count: 4_000)
            ).conductances
        }
        let distance = kolmogorovDistance(try run(1), try run(1 + 1e-7))
        #expect(distance < Bound.kolmogorov * (2.0 / 4_000).squareRoot())
    }
}
