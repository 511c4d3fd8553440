import Glibc
import Physics
import Testing

@Suite("Random: normal numbers (R-3)")
struct NormalLawTests {
    /// Box and Muller with the C library's functions in Double.
    static func exact(_ a: UInt32, _ b: UInt32) -> (Double, Double, radius: Double) {
        let u = (Double(a >> 1) + 0.5) * 0x1p-31
        let angle = Double(Int32(bitPattern: b)) * 0x1p-31 * .pi
        let radius = (-2 * log(u)).squareRoot()
        return (radius * cos(angle), radius * sin(angle), radius)
    }

    static func error(_ a: UInt32, _ b: UInt32) -> Double {
        let (x, y) = NormalLaw.pair(a, b)
        let (exactX, exactY, radius) = exact(a, b)
        let error = max(abs(Double(x) - exactX), abs(Double(y) - exactY))
        return error / (1e-6 + 6e-8 / radius)
    }

    @Test func staysWithinTheStatedErrorOfTheExactLaw() {
        var worst = 0.0
        for block in 0 ..< UInt32(500_000) {
            let words = Philox.block(counter: SIMD4(block, 0, 1, 0), key: SIMD2(5, 6))
            worst = max(worst, Self.error(words[0], words[1]), Self.error(words[2], words[3]))
        }
        #expect(worst <= 1)
    }

    @Test(arguments: [0, 1, 2, 3, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FF7F, 0xFFFF_FFFE, .max])
    func holdsAtTheEnds(_ word: UInt32) {
        for other: UInt32 in [0, 1, 0x3FFF_FFFF, 0x4000_0000, 0x8000_0000, 0xC000_0000, .max] {
            let (x, y) = NormalLaw.pair(word, other)
            #expect(x.isFinite)
            #expect(y.isFinite)
            #expect(max(abs(x), abs(y)) <= 6.67)
            #expect(Self.error(word, other) <= 1)
            #expect(Self.error(other, word) <= 1)
        }
    }

    /// √(2·32·ln 2).
    @Test func theTailEndsAtTheSmallestUniform() {
        #expect(abs(NormalLaw.pair(0, 0).0 - 6.660_437) < 2e-6)
    }
}
