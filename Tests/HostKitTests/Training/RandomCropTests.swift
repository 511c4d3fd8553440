import HostKit
import Testing

@Suite("Random windows")
struct RandomCropTests {
    /// Two channels of 3 × 3, every pixel different.
    static let pixels = (1 ... 18).map { Float($0) }

    /// The window by plain loops.
    static func window(row: Int, column: Int, isMirrored: Bool, padding: Int) -> [Float] {
        (0 ..< 2).flatMap { c in
            (0 ..< 3).flatMap { i in
                (0 ..< 3).map { j in
                    let y = row + i - padding
                    let x = column + (isMirrored ? 2 - j : j) - padding
                    guard (0 ..< 3).contains(y), (0 ..< 3).contains(x) else { return 0 }
                    return pixels[c * 9 + y * 3 + x]
                }
            }
        }
    }

    @Test func eachWindowIsTheOneAskedFor() throws {
        var expected: [Float] = []
        var (rows, columns): ([Int64], [Int64]) = ([], [])
        var mirrored: [UInt8] = []
        for row in 0 ... 4 {
            for column in 0 ... 4 {
                for flip in [false, true] {
                    rows.append(Int64(row))
                    columns.append(Int64(column))
                    mirrored.append(flip ? 1 : 0)
                    expected += Self.window(
                        row: row, column: column, isMirrored: flip, padding: 2)
                }
            }
        }
        let images = try Tensor.concatenated(
            rows.map { _ in try Tensor.floats(Self.pixels, shape: [1, 2, 3, 3]) })
        let found = try images.cropped(
            rows: .integers(rows, shape: [rows.count]),
            columns: .integers(columns, shape: [rows.count]),
            mirrored: .bytes(mirrored, shape: [rows.count]).cast(to: .bool), padding: 2)
        #expect(try found.floats() == expected)
    }

    /// 3 × 3 corners and two sides, each about as often: 18 windows, χ² with 17
    /// degrees of freedom is below 40.8 in 99.9 % of cases.
    @Test func allWindowsAreEquallyLikely() throws {
        let count = 3600
        let images = try Tensor.concatenated(
            (0 ..< count).map { _ in try Tensor.floats(Self.pixels, shape: [1, 2, 3, 3]) })
        let crop = RandomCrop(padding: 1, mirrors: true, generator: try RandomGenerator(seed: 8))
        let found = try crop(images).floats()
        var counts: [[Float]: Int] = [:]
        for start in stride(from: 0, to: found.count, by: 18) {
            counts[Array(found[start ..< start + 18]), default: 0] += 1
        }
        #expect(counts.count == 18)
        let mean = Double(count) / 18
        let chiSquare = counts.values.reduce(0) {
            $0 + (Double($1) - mean) * (Double($1) - mean) / mean
        }
        #expect(chiSquare < 40.8)
    }
}
