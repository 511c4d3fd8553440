import Physics
import Testing

@Suite("Cell: window and levels (C-1, C-2)")
struct CellTests {
    /// FeFET: 4.5000 µS and 0.0450 µS; RRAM with two bits: 2, 8, 14, 20 µS.
    @Test func levelsAreEquallySpaced() throws {
        let window = try ConductanceWindow(on: .microsiemens(20), onOffRatio: 10)
        let levels = (0 ..< 4).map { window.level($0, bits: 2).microsiemens }
        for (level, expected) in zip(levels, [2.0, 8, 14, 20]) {
            #expect(abs(level - expected) < 1e-12)
        }
        #expect(abs(window.onOffRatio - 10) < 1e-12)
    }

    @Test func theLastLevelIsOnAndTheFirstOff() throws {
        for cells in Cells.published + [.open] {
            let window = try cells.technology().window
            #expect(window.level(0, bits: cells.bits) == window.off)
            let top = window.level((1 << cells.bits) - 1, bits: cells.bits)
            #expect(abs(top.siemens / window.on.siemens - 1) < 1e-15)
        }
    }

    @Test func anInfiniteRatioMeansAnOffStateOfZero() throws {
        let window = try ConductanceWindow(on: .microsiemens(20), onOffRatio: .infinity)
        #expect(window.off == .zero)
        #expect(window.onOffRatio == .infinity)
        #expect(abs(window.level(3, bits: 4).microsiemens - 4) < 1e-14)
    }

    @Test(arguments: [1, 0.5, 0, -3, Double.nan, -Double.infinity])
    func aWrongRatioIsRefused(_ ratio: Double) {
        #expect(throws: PhysicsError.self) {
            try ConductanceWindow(on: .microsiemens(20), onOffRatio: ratio)
        }
    }

    @Test func aWindowWithoutAnOnStateIsRefused() {
        #expect(throws: PhysicsError.self) {
            try ConductanceWindow(on: .zero, onOffRatio: 10)
        }
    }

    @Test func aNegativeConductanceIsABug() async {
        await #expect(processExitsWith: .failure) { _ = Conductance(siemens: -1e-6) }
    }

    @Test func anErrorSaysWhatIsAllowed() {
        let bits = #expect(throws: PhysicsError.self) {
            try ADC(bits: 20, fullScaleMicroamperes: 1, isSigned: true)
        }
        #expect(bits?.description == "ADC bits is 20; allowed: 2 … 16")
        let voltage = #expect(throws: PhysicsError.self) { try DAC(bits: 8, readVoltage: 0) }
        #expect(voltage?.description == "read voltage in V is 0; allowed: above 0, at most 2")
    }
}
