import CKernels
import Physics
import TestSupport
import Testing

@Suite("Wires: parameters and kernel")
struct WireResistancesTests {
    @Test(arguments: [-1, 1.1e6, .nan, .infinity])
    func wrongResistancesAreRefused(ohm: Double) {
        for part in 0 ..< 4 {
            func at(_ index: Int) -> Double { index == part ? ohm : 1 }
            #expect(throws: PhysicsError.self) {
                try WireResistances(
                    driverOhm: at(0), rowWireOhm: at(1), columnWireOhm: at(2), senseOhm: at(3))
            }
        }
    }

    @Test func wiresThatAreTooLongAreRefused() throws {
        let on = Conductance.microsiemens(20)
        try WireResistances.published.checkLength(rows: 256, columns: 256, on: on)
        let row = try WireResistances(
            driverOhm: 0, rowWireOhm: 450, columnWireOhm: 0, senseOhm: 0)
        let column = try WireResistances(
            driverOhm: 0, rowWireOhm: 0, columnWireOhm: 450, senseOhm: 0)
        try row.checkLength(rows: 128, columns: 64, on: on)
        try column.checkLength(rows: 64, columns: 128, on: on)
        for resistances in [row, column] {
            #expect(throws: PhysicsError.self) {
                try resistances.checkLength(rows: 128, columns: 128, on: on)
            }
        }
    }

    /// Both kernels give the same bits, and those of the step written plainly.
    @Test(arguments: [1, 2, 7, 64])
    func kernelsAgree(rows: Int) {
        var generator = SeededGenerator(state: UInt64(rows))
        func some(_ count: Int, _ range: ClosedRange<Double>) -> [Double] {
            (0 ..< count).map { _ in Double.random(in: range, using: &generator) }
        }
        let (g, relief) = (some(rows, 0 ... 20), some(rows, 0 ... 1))
        let (volts, flows) = (some(rows * 16, -1 ... 1), some(rows * 16, -9 ... 9))
        typealias Step = (
            UnsafePointer<Double>, UnsafePointer<Double>, Double, Double, Double, Double,
            UnsafeMutablePointer<Double>, UnsafeMutablePointer<Double>,
            UnsafeMutablePointer<Double>, UnsafeMutablePointer<Double>, Int
        ) -> Void
        func after(_ step: Step) -> [Double] {
            var (v, f) = (volts, flows)
            var scratch = v
            var out = [Double](repeating: 0, count: 16)
            step(g, relief, 0.9, 1e-2, 0.3, 2e-2, &v, &f, &scratch, &out, rows)
            return v + f + out
        }
        var (v, f) = (volts, flows)
        var out = [Double](repeating: 0, count: 16)
        for lane in 0 ..< 16 {
            var arriving = [Double](repeating: 0, count: rows)
            var sum = 0.0
            for row in 0 ..< rows {
                if row > 0 { arriving[row] = relief[row - 1] * sum }
                sum = arriving[row] + g[row] * v[row * 16 + lane]
            }
            out[lane] = sum * 0.9
            var node = out[lane] * 0.3
            for row in (0 ..< rows).reversed() {
                let index = row * 16 + lane
                f[index] += g[row] * (v[index] - node)
                v[index] += 2e-2 * f[index]
                if row > 0 { node = relief[row - 1] * node + 1e-2 * arriving[row] }
            }
        }
        #expect(after(nvcim_wire_step_baseline) == v + f + out)
        #if arch(x86_64)
            if nvcim_has_avx2() != 0 { #expect(after(nvcim_wire_step_avx2) == v + f + out) }
        #endif
    }
}
