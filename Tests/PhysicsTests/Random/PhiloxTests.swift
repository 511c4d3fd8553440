import Physics
import Testing

@Suite("Random: Philox4x32-10 and its keys (R-1, R-2)")
struct PhiloxTests {
    struct Known: CustomTestStringConvertible, Sendable {
        let counter: SIMD4<UInt32>
        let key: SIMD2<UInt32>
        let words: SIMD4<UInt32>
        let testDescription: String
    }

    /// The known-answer vectors that Salmon et al. publish with Random123 (`kat_vectors`).
    static let published = [
        Known(
            counter: .zero, key: .zero,
            words: SIMD4(0x6627_E8D5, 0xE169_C58D, 0xBC57_AC4C, 0x9B00_DBD8),
            testDescription: "zeros"),
        Known(
            counter: SIMD4(repeating: .max), key: SIMD2(repeating: .max),
            words: SIMD4(0x408F_276D, 0x41C8_3B0E, 0xA20B_C7C6, 0x6D54_51FD),
            testDescription: "ones"),
        Known(
            counter: SIMD4(0x243F_6A88, 0x85A3_08D3, 0x1319_8A2E, 0x0370_7344),
            key: SIMD2(0xA409_3822, 0x299F_31D0),
            words: SIMD4(0xD16C_FE09, 0x94FD_CCEB, 0x5001_E420, 0x2412_6EA1),
            testDescription: "digits of pi"),
    ]

    @Test(arguments: published)
    func givesThePublishedAnswer(_ known: Known) {
        #expect(Philox.block(counter: known.counter, key: known.key) == known.words)
    }

    /// The first outputs of SplitMix64 seeded with 0, as its authors' reference program prints
    /// them: serial n takes output n.
    @Test(arguments: [
        (UInt32(0), UInt64(0xE220_A839_7B1D_CDAF)), (1, 0x6E78_9E6A_A1B9_65F4),
        (2, 0x06C4_5D18_8009_454F), (3, 0xF88B_B8A8_724C_81EC),
    ])
    func aKeyIsTheSerialsHashAndTheField(serial: UInt32, output: UInt64) {
        let key = DrawKey(serial: serial, field: .driftCoefficient).word
        #expect(key >> 16 == output >> 16)
        #expect(key & 0xFFFF == 3)
    }

    /// A changed number would change every chip in the world.
    @Test(arguments: [
        (DrawField.betweenChip, UInt16(1)), (.withinChip, 2), (.driftCoefficient, 3),
        (.openLoop, 16), (.writeVerify, 17), (.cellRead, 18), (.productNoise, 19),
    ])
    func fieldsKeepTheirNumbers(field: DrawField, number: UInt16) {
        #expect(field.rawValue == number)
    }
}
