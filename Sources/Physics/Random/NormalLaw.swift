/// Two standard normal numbers from two random words.
///
///     u = (⌊a/2⌋ + ½)·2⁻³¹          t = b·2⁻³¹ (b signed)
///     z₀ = √(−2 ln u)·cos πt         z₁ = √(−2 ln u)·sin πt       
///
/// Only + − × ÷ √ in Float32, in a fixed order, without fused multiply-add: the C kernels give the
/// same bits on every processor. ln by 2 artanh((m − 1)/(m + 1)) on m in [√½, √2), sine and cosine
/// by their series on a quarter turn.
///
/// - Postconditions: |z| ≤ 6.67 (u ≥ 2⁻³²). Against the exact law of the same words the error is at
///   most 1e-6 + 6e-8/r, r the exact radius √(−2 ln u): 1e-6 nearly always, and at most 3e-4 where
///   u rounds to 1 and both normals are next to 0 (one pair in 80,000 has r < 0.005).
/// - Source: Box and Muller 1958; the series are Taylor's.
package enum NormalLaw {
    package static func pair(_ a: UInt32, _ b: UInt32) -> (Float, Float) {
        let radius = radius(a)
        let t = Float(Int32(bitPattern: b)) * 4.656612873077393e-10
        let shifted = (t + t) + 12_582_912
        let k = Int32(bitPattern: shifted.bitPattern)
        let x = (t - (shifted - 12_582_912) * 0.5) * 3.1415927
        let y = x * x
        let s0 = y * 2.7557319e-6 - 1.9841270e-4
        let s1 = s0 * y + 8.3333333e-3
        let s2 = s1 * y - 0.16666667
        let sine = (s2 * y + 1) * x
        let c0 = y * -2.7557319e-7 + 2.4801587e-5
        let c1 = c0 * y - 1.3888889e-3
        let c2 = c1 * y + 4.1666668e-2
        let cosine = (c2 * y - 0.5) * y + 1
        let isOdd = k & 1 != 0
        let c = isOdd ? sine : cosine
        let d = isOdd ? cosine : sine
        return (
            radius * ((k &+ 1) & 2 != 0 ? -c : c),
            radius * (k & 2 != 0 ? -d : d)
        )
    }

    private static func radius(_ a: UInt32) -> Float {
        let u = (Float(Int32(a >> 1)) + 0.5) * 4.656612873077393e-10
        let bits = Int32(bitPattern: u.bitPattern)
        let e = (bits - 0x3F35_04F3) >> 23
        let m = Float(bitPattern: UInt32(bitPattern: bits - (e << 23)))
        let s = (m - 1) / (m + 1)
        let q = s * s
        let s0 = q * 0.11111111 + 0.14285715
        let s1 = s0 * q + 0.2
        let s2 = s1 * q + 0.33333334
        let series = (s2 * q + 1) * s
        let square = (Float(e) * 0.6931472 + (series + series)) * -2
        // The maximum of two zeros may have either sign; adding 0 leaves the positive one.
        return (max(square, 0) + 0).squareRoot()
    }

    /// The four normals of a block.
    package static func block(key: DrawKey, event: UInt64, block: UInt64) -> SIMD4<Float> {
        let words = Philox.block(
            counter: SIMD4(
                UInt32(truncatingIfNeeded: block), UInt32(block >> 32),
                UInt32(truncatingIfNeeded: event), UInt32(event >> 32)),
            key: SIMD2(UInt32(truncatingIfNeeded: key.word), UInt32(key.word >> 32)))
        let (z0, z1) = pair(words[0], words[1])
        let (z2, z3) = pair(words[2], words[3])
        return SIMD4(z0, z1, z2, z3)
    }

    /// Number `index` of a dense stream: lane `index & 3` of block `index >> 2`.
    package static func normal(key: DrawKey, event: UInt64, index: UInt64) -> Float {
        block(key: key, event: event, block: index >> 2)[Int(index & 3)]
    }
}
