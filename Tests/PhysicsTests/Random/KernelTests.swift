import CKernels
import Physics
import Testing

/// The kernels against the scalar law and against each other, bit for bit.
@Suite("Random: kernels and scalar law give the same bits")
struct KernelTests {
    /// Where two sequences differ first; `nil`: nowhere. A failure then prints one number.
    static func firstDifference<T: Equatable>(_ a: [T], _ b: [T]) -> Int? {
        a.count == b.count ? zip(a, b).enumerated().first { $1.0 != $1.1 }?.offset : -1
    }

    static func bits(_ count: Int, _ fill: (UnsafeMutablePointer<Float>) -> Void) -> [UInt32] {
        var values = [Float](repeating: .nan, count: count + 1)
        values.withUnsafeMutableBufferPointer { buffer in
            if let base = buffer.baseAddress { fill(base) }
        }
        // Nothing is written behind the end.
        #expect(values[count].isNaN)
        return values.dropLast().map(\.bitPattern)
    }

    static func scalar(_ key: UInt64, _ event: UInt64, _ index: UInt64) -> UInt32 {
        let block = index >> 2
        let words = Philox.block(
            counter: SIMD4(
                UInt32(truncatingIfNeeded: block), UInt32(block >> 32),
                UInt32(truncatingIfNeeded: event), UInt32(event >> 32)),
            key: SIMD2(UInt32(truncatingIfNeeded: key), UInt32(key >> 32)))
        let lane = Int(index & 2)
        let pair = NormalLaw.pair(words[lane], words[lane + 1])
        return (index & 1 == 0 ? pair.0 : pair.1).bitPattern
    }

    /// Blocks 36117687 … 84396964 of key 0x13, event 1 hold words within 128 of 2³², whose
    /// logarithm rounds to 0: found by a search with a generator of its own.
    static let starts: [UInt64] =
        [0, 1, 2, 3, 17, 1 << 34 - 5, 1 << 40 + 1]
        + [36_117_687, 36_928_944, 40_990_133, 50_478_219, 71_141_302, 84_396_964].map { 4 * $0 }

    @Test(arguments: starts, [0, 1, 5, 31, 32, 33, 1000])
    func normals(first: UInt64, count: Int) {
        let law = (0 ..< UInt64(count)).map { Self.scalar(0x13, 1, first + $0) }
        let baseline = Self.bits(count) { nvcim_normals_baseline(0x13, 1, first, $0, count) }
        #expect(Self.firstDifference(baseline, law) == nil)
        #if arch(x86_64)
            if nvcim_has_avx2() != 0 {
                let fast = Self.bits(count) { nvcim_normals_avx2(0x13, 1, first, $0, count) }
                #expect(Self.firstDifference(fast, law) == nil)
            }
        #endif
    }

    @Test func aMillionNormals() {
        let count = 1 << 20
        let key: UInt64 = 0x0123_4567_89AB_0012
        let law = (0 ..< UInt64(count)).map { Self.scalar(key, 1 << 33, $0) }
        let baseline = Self.bits(count) { nvcim_normals_baseline(key, 1 << 33, 0, $0, count) }
        let chosen = Self.bits(count) { nvcim_normals(key, 1 << 33, 0, $0, count) }
        #expect(Self.firstDifference(baseline, law) == nil)
        #expect(Self.firstDifference(chosen, law) == nil)
    }

    @Test(arguments: [0, 1, 7, 8, 9, 100])
    func normalsOfCells(count: Int) {
        let cells = (0 ..< count).map { Int32($0 * 7919 % 16384) }
        let first = UInt64(1) << 32 - 5000
        let law = cells.flatMap { cell in
            (0 ..< UInt64(4)).map { Self.scalar(9, 4, 4 * (first + UInt64(cell)) + $0) }
        }
        let baseline = Self.bits(4 * count) {
            nvcim_cell_normals_baseline(9, 4, first, cells, $0, count)
        }
        #expect(Self.firstDifference(baseline, law) == nil)
        #if arch(x86_64)
            if nvcim_has_avx2() != 0 {
                let fast = Self.bits(4 * count) {
                    nvcim_cell_normals_avx2(9, 4, first, cells, $0, count)
                }
                #expect(Self.firstDifference(fast, law) == nil)
            }
        #endif
    }

    #if arch(x86_64)
        private static let hasAVX2 = ConditionTrait.enabled(
            if: nvcim_has_avx2() != 0, "this processor has no AVX2")

        /// Drift, DAC and squares with lengths off the vector width.
        @Test(hasAVX2, arguments: [0, 1, 7, 8, 9, 1003])
        func loopsOfOneResult(count: Int) {
            let draws = EventDraws(serial: 1, event: 2)
            let a = draws.normals(.cellRead, first: 0, count: count)
            let nu = draws.normals(.openLoop, first: 0, count: count).map { abs($0) }
            let instants = (0 ..< count).map { UInt32($0 % 3) }
            let log2Ages: [Float] = [0, 12.5, 33.2]
            let bytes = (0 ..< count).map { UInt8(truncatingIfNeeded: $0 * 37) }
            let pairs = [
                (
                    Self.bits(count) { nvcim_drift_avx2(a, nu, instants, log2Ages, $0, count) },
                    Self.bits(count) { nvcim_drift_baseline(a, nu, instants, log2Ages, $0, count) }
                ),
                (
                    Self.bits(count) { nvcim_dac_avx2(bytes, 0.0007, -0.0003, $0, count) },
                    Self.bits(count) { nvcim_dac_baseline(bytes, 0.0007, -0.0003, $0, count) }
                ),
                (
                    Self.bits(count) { nvcim_square_avx2(a, $0, count) },
                    Self.bits(count) { nvcim_square_baseline(a, $0, count) }
                ),
            ]
            for (fast, slow) in pairs { #expect(Self.firstDifference(fast, slow) == nil) }
        }

        @Test(hasAVX2, arguments: [1, 7, 8, 9, 100])
        func drivenLines(width: Int) {
            let codes = (0 ..< 5 * width).map { UInt8(truncatingIfNeeded: $0 * $0 % 7 * 40) }
            typealias Drive = (
                UnsafePointer<UInt8>?, Float, Float, UnsafeMutablePointer<Float>?,
                UnsafeMutablePointer<Float>?, UnsafeMutablePointer<Float>?, Int, Int
            ) -> Int
            func run(_ drive: Drive) -> (bits: [UInt32], driven: Int) {
                var volts = [Float](repeating: 0, count: codes.count)
                var squares = volts
                var sums = [Float](repeating: 0.5, count: width)
                let driven = drive(codes, 0.0007, -0.0003, &volts, &squares, &sums, 5, width)
                return ((volts + squares + sums).map(\.bitPattern), driven)
            }
            let (fast, slow) = (run(nvcim_drive_avx2), run(nvcim_drive_baseline))
            #expect(Self.firstDifference(fast.bits, slow.bits) == nil)
            #expect(fast.driven == slow.driven)
            #expect(slow.driven == codes.count { $0 != 0 })
            var volts = [Float](repeating: 0, count: codes.count)
            nvcim_dac_baseline(codes, 0.0007, -0.0003, &volts, codes.count)
            let sums = (0 ..< width).map { column in
                stride(from: column, to: codes.count, by: width).reduce(Float(0.5)) {
                    $0 + volts[$1] * volts[$1]
                }
            }
            let expected = (volts + volts.map { $0 * $0 } + sums).map(\.bitPattern)
            #expect(Self.firstDifference(slow.bits, expected) == nil)
        }

        @Test(hasAVX2, arguments: [0, 1, 7, 8, 9, 1003], [true, false])
        func convertersAndCurrents(count: Int, hasNoise: Bool) {
            let draws = EventDraws(serial: 1, event: 2)
            let mean = draws.normals(.cellRead, first: 0, count: count)
            let spread = draws.normals(.openLoop, first: 0, count: count).map { $0 * $0 }
            let normals = draws.normals(.productNoise, first: 0, count: count)
            let variance = hasNoise ? spread : nil
            let z = hasNoise ? normals : nil
            // Together, and as the first half of rows twice as wide.
            for stride in [count, 2 * (count / 3)] {
                let columns = stride == count ? count : count / 3
                let rows = columns == 0 ? 0 : stride == count ? 1 : 2
                var fast = [Int32](repeating: 5, count: count)
                var slow = fast
                let clippedFast = nvcim_convert_avx2(
                    mean, variance, stride, z, 20, 0.3, -31, 31, 3, &fast, rows, columns)
                let clippedSlow = nvcim_convert_baseline(
                    mean, variance, stride, z, 20, 0.3, -31, 31, 3, &slow, rows, columns)
                #expect(Self.firstDifference(fast, slow) == nil)
                #expect(clippedFast == clippedSlow)
                #expect(count < 100 || clippedFast > 0)
                var sums = [Float](repeating: 1, count: count)
                var others = sums
                nvcim_add_currents_avx2(mean, variance, stride, z, -2, &sums, rows, columns)
                nvcim_add_currents_baseline(mean, variance, stride, z, -2, &others, rows, columns)
                #expect(
                    Self.firstDifference(sums.map(\.bitPattern), others.map(\.bitPattern)) == nil)
                // Rows apart are what they are alone.
                var alone = [Int32](repeating: 5, count: count)
                for row in 0 ..< rows {
                    for column in 0 ..< columns {
                        let (at, to) = (row * stride + column, row * columns + column)
                        let noise = hasNoise ? spread[at].squareRoot() * normals[to] : 0
                        let current = mean[at] + noise
                        alone[to] +=
                            3
                            * Int32(
                                min(31, max(-31, (current * 20 + 0.3).rounded(.toNearestOrEven))))
                    }
                }
                #expect(Self.firstDifference(alone, slow) == nil)
            }
        }
    #endif
}
