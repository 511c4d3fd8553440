import Glibc
import Physics
import Testing

/// The endurance parameters of firmware-specs/devices.
enum Wear {
    static func rram() throws -> Endurance {
        try Endurance(
            windowPulses: 1e5, windowExponent: 0.25, lifetimeScale: 1e7, lifetimeShape: 2,
            stuckOnShare: 0.7)
    }
    static func feFET() throws -> Endurance {
        try Endurance(
            windowPulses: 1e4, windowExponent: 0.3, lifetimeScale: 1e7, lifetimeShape: 2,
            stuckOnShare: 0.5)
    }
}

@Suite("Endurance: the window closes (L-1, L-2)")
struct WindowClosureTests {
    /// r₀·(1 + N/N_c)^−β by the C library's pow.
    @Test(arguments: [0, 1, 1e2, 1e5, 1.8e5, 1e7, 4e9])
    func theRatioFallsWithThePulses(pulses: Double) throws {
        let endurance = try Wear.rram()
        let law = max(1, 10 * pow(1 + pulses / 1e5, -0.25))
        #expect(abs(endurance.onOffRatio(fresh: 10, pulses: pulses) / law - 1) < 1e-13)
    }

    /// Level 0 leaves the band where 1/r(N) = 1/r₀ + tol: RRAM at N ≈ 1.8e5 (r = 7.7), FeFET at
    /// N ≈ 1e6 (r = 25). Five per cent above it fails. Five per cent below it verifies: there the
    /// cell also has what verifying may take at most, 4000 pulses of its own, still to come.
    @Test(arguments: [
        (Cells.rram, 10.0, 1e5, 0.25, 1.8e5), (.feFET, 100, 1e4, 0.3, 1e6),
    ])
    func levelZeroFailsWhereTheWindowHasLeftIt(
        _ cells: Cells, _ ratio: Double, _ windowPulses: Double, _ exponent: Double,
        _ about: Double
    ) throws {
        var quiet = cells
        quiet.readRelative = 0
        quiet.programmingNoise = 0
        var technology = try quiet.technology()
        technology.endurance = try Endurance(
            windowPulses: windowPulses, windowExponent: exponent, lifetimeScale: .infinity,
            lifetimeShape: 1, stuckOnShare: 0)
        let pulsesMax = 4000
        technology.writeVerify.pulsesMax = pulsesMax
        let limit = windowPulses * (pow(ratio * (1 / ratio + 0.03), 1 / exponent) - 1)
        #expect(abs(limit / about - 1) < 0.05)
        let off = Float(technology.window.off.microsiemens)
        for (seen, expected) in [
            (limit * 0.95 - Double(pulsesMax), CellOutcome.verified), (limit * 1.05, .windowClosed),
        ] {
            var conductances = [Float(technology.window.on.microsiemens)]
            var pulses = [UInt32(seen)]
            let result = WriteVerify(
                technology: technology, variation: try .none(),
                parameters: technology.writeVerify
            ).program(
                cells: [0], targets: [off], deviations: [0], conductances: &conductances,
                pulses: &pulses, draws: EventDraws(serial: 1, event: 1), firstCell: 0,
                shouldStop: { false })
            #expect(result.outcomes == [expected])
        }
    }

    /// RRAM after 10⁷ pulses: r = 3.16, so that level 0 lands on G_on/3.16 and the top on G_on.
    @Test func openLoopScalesTheLevelAxis() throws {
        var cells = Cells.rram
        cells.programmingNoise = 0
        var technology = try cells.technology()
        technology.endurance = try Endurance(
            windowPulses: 1e5, windowExponent: 0.25, lifetimeScale: .infinity, lifetimeShape: 1,
            stuckOnShare: 0)
        let ratio = 10 * pow(1 + 1e7 / 1e5, -0.25)
        var conductances: [Float] = [0, 0, 0]
        var pulses: [UInt32] = [10_000_000, 10_000_000, 10_000_000]
        OpenLoopProgramming(technology: technology, variation: try .none()).write(
            cells: [0, 1, 2], targets: [2, 11, 20], deviations: [0, 0, 0],
            conductances: &conductances, pulses: &pulses,
            draws: EventDraws(serial: 1, event: 1), firstCell: 0)
        let off = 20 / ratio
        for (landed, expected) in zip(conductances, [off, (off + 20) / 2, 20]) {
            #expect(abs(Double(landed) - expected) < 1e-5)
        }
        #expect(pulses == [10_000_001, 10_000_001, 10_000_001])
    }

    @Test func withoutAWindowAllLevelsLandOnGOnAndNothingIsVerified() throws {
        var cells = Cells.rram
        cells.programmingNoise = 0
        var technology = try cells.technology()
        technology.endurance = try Endurance(
            windowPulses: 1, windowExponent: 2, lifetimeScale: .infinity, lifetimeShape: 1,
            stuckOnShare: 0)
        var conductances: [Float] = [0, 0]
        var pulses: [UInt32] = [1000, 1000]
        OpenLoopProgramming(technology: technology, variation: try .none()).write(
            cells: [0, 1], targets: [2, 11], deviations: [0, 0], conductances: &conductances,
            pulses: &pulses, draws: EventDraws(serial: 1, event: 1), firstCell: 0)
        #expect(conductances == [20, 20])
        let result = WriteVerify(
            technology: technology, variation: try .none(), parameters: technology.writeVerify
        ).program(
            cells: [0, 1], targets: [2, 11], deviations: [0, 0], conductances: &conductances,
            pulses: &pulses, draws: EventDraws(serial: 1, event: 2), firstCell: 0,
            shouldStop: { false })
        #expect(result.outcomes == [.windowClosed, .windowClosed])
        #expect(result.pulses == [0, 0])
    }
}

@Suite("Endurance: lifetimes and stuck cells (L-3, L-4)")
struct LifetimeTests {
    static let count = 1_000_000

    private func lives(serial: UInt32 = 11, firstCell: UInt64 = 0, count: Int = count) throws
        -> (technology: CellTechnology, lives: CellLives)
    {
        var technology = try Cells.rram.technology()
        technology.endurance = try Wear.rram()
        return (
            technology,
            CellLives(
                serial: serial, technology: technology, firstCell: firstCell, count: count)
        )
    }

    /// Kolmogorov and Smirnov, 99.9 %, against 1 − exp(−(N/10⁷)²) of the C library.
    @Test func livesFollowTheWeibullLaw() throws {
        let sorted = try lives().lives.pulses.sorted()
        let n = Double(Self.count)
        var distance = 0.0
        for (index, life) in sorted.enumerated() {
            let law = 1 - exp(-pow(Double(life) / 1e7, 2))
            distance = max(
                distance, abs(law - Double(index) / n), abs(Double(index + 1) / n - law))
        }
        #expect(n.squareRoot() * distance < Bound.kolmogorov)
        let endurance = try Wear.rram()
        for pulses in [1e5, 3e6, 1e7, 3e7] {
            #expect(
                abs(endurance.failedShare(pulses: pulses) - (1 - exp(-pow(pulses / 1e7, 2))))
                    < 1e-12)
        }
    }

    @Test func theShareThatFailsOnIsThatOfTheTechnology() throws {
        let lives = try lives().lives
        let share = Double((0 ..< Self.count).count { lives.failsOn(cell: $0) }) / 1e6
        #expect(abs(share - 0.7) < Bound.normal * (0.7 * 0.3 / 1e6).squareRoot())
    }

    /// A cell's life is a function of serial and cell, however the tile is cut.
    @Test func livesBelongToTheCell() throws {
        let whole = try lives(count: 64).lives.pulses
        let part = try lives(firstCell: 13, count: 40).lives.pulses
        #expect(Array(whole[13 ..< 53]) == part)
        #expect(try lives(serial: 12, count: 64).lives.pulses != whole)
    }

    @Test func theLastPulseIsThatOfItsLife() throws {
        let lives = try lives(count: 4).lives
        for cell in 0 ..< 4 {
            let life = lives.pulses[cell]
            #expect(lives.stuck(cell: cell, seen: life) == nil)
            #expect(lives.stuck(cell: cell, seen: life + 1) == (lives.failsOn(cell: cell) ? 20 : 2))
        }
    }

    /// Whatever is written: open loop, write-verify, a train; and write-verify says so.
    @Test func aStuckCellStaysWhereItIs() throws {
        let (technology, lives) = try lives(count: 64)
        let on = try #require((0 ..< 64).first { lives.failsOn(cell: $0) })
        let off = try #require((0 ..< 64).first { !lives.failsOn(cell: $0) })
        var pulses = [UInt32](repeating: 0, count: 64)
        pulses[on] = lives.pulses[on] + 5
        pulses[off] = lives.pulses[off] + 5
        var conductances = [Float](repeating: 7, count: 64)
        let cells = [Int32(on), Int32(off)]
        let deviations = [Float](repeating: 0, count: 64)
        OpenLoopProgramming(technology: technology, variation: try .none()).write(
            cells: cells, targets: [11, 11], deviations: deviations, conductances: &conductances,
            pulses: &pulses, lives: lives, draws: EventDraws(serial: 1, event: 1), firstCell: 0)
        #expect(conductances[on] == 20)
        #expect(conductances[off] == 2)
        let result = WriteVerify(
            technology: technology, variation: try .none(), parameters: technology.writeVerify
        ).program(
            cells: cells, targets: [11, 11], deviations: deviations, conductances: &conductances,
            pulses: &pulses, lives: lives, draws: EventDraws(serial: 1, event: 2), firstCell: 0,
            shouldStop: { false })
        #expect(result.outcomes == [.stuckOn, .stuckOff])
        #expect(result.pulses == [100, 100])
        let isDone = PulseTrain(
            technology: technology, direction: .set, pulses: 100, step: 0.1
        ).play(
            cells: cells, conductances: &conductances, pulses: &pulses, lives: lives,
            draws: EventDraws(serial: 1, event: 3), firstCell: 0, shouldStop: { false })
        #expect(isDone)
        #expect(conductances[on] == 20)
        #expect(conductances[off] == 2)
    }

    @Test func wrongParametersAreRefused() {
        for wrong in [
            (0.0, 0.3, 1e7, 2.0, 0.5), (1e5, -1, 1e7, 2, 0.5), (1e5, 0.3, 0, 2, 0.5),
            (1e5, 0.3, 1e7, 0, 0.5), (1e5, 0.3, 1e7, 2, 1.5), (.nan, 0.3, 1e7, 2, 0.5),
        ] {
            #expect(throws: PhysicsError.self) {
                try Endurance(
                    windowPulses: wrong.0, windowExponent: wrong.1, lifetimeScale: wrong.2,
                    lifetimeShape: wrong.3, stuckOnShare: wrong.4)
            }
        }
    }
}
