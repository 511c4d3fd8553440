/// The counter-based generator Philox4x32-10: a keyed bijection of 128-bit counters. Draw number
/// n needs no draw before it, so no result depends on order, threads or restarts.
///
/// | symbol  | meaning                                                  |
/// |---------|----------------------------------------------------------|
/// | key     | 48-bit hash of the serial ‖ 16-bit `DrawField`           |
/// | counter | event number (64 bits; 0: fabrication) ‖ block (64 bits) |
///
/// - Shape: four 32-bit words a block, lowest counter word first.
/// - Source: Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3".
package enum Philox {
    package static func block(counter: SIMD4<UInt32>, key: SIMD2<UInt32>) -> SIMD4<UInt32> {
        var x = counter
        var k = key
        for _ in 0 ..< 10 {
            let p0 = UInt64(x[0]) * 0xD251_1F53
            let p1 = UInt64(x[2]) * 0xCD9E_8D57
            x = SIMD4(
                UInt32(p1 >> 32) ^ x[1] ^ k[0], UInt32(truncatingIfNeeded: p1),
                UInt32(p0 >> 32) ^ x[3] ^ k[1], UInt32(truncatingIfNeeded: p0))
            k &+= SIMD2(0x9E37_79B9, 0xBB67_AE85)
        }
        return x
    }
}

/// What a draw is for: each field has a stream of its own.
public enum DrawField: UInt16, Sendable {
    case betweenChip = 1
    case withinChip = 2
    case driftCoefficient = 3
    case lifetime = 4
    case openLoop = 16
    case writeVerify = 17
    case cellRead = 18
    case productNoise = 19
    case pulseTrain = 20
}

/// Key of the streams of one chip and field.
package struct DrawKey: Sendable, Hashable {
    package let word: UInt64

    /// The 48 bits are the upper ones of SplitMix64's output for the serial (Steele, Lea, Flood
    /// 2014), so that neighbouring serials share nothing.
    package init(serial: UInt32, field: DrawField) {
        var z = (UInt64(serial) &+ 1) &* 0x9E37_79B9_7F4A_7C15
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        z ^= z >> 31
        word = (z >> 16) << 16 | UInt64(field.rawValue)
    }
}
