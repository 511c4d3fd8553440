/// Which elements of a population fail, by a seed of the caller: the same on every machine.
///
///     with probability p:  element i fails where w_i < p·2³²                       
///     n of N:  for d = 0 … n − 1:  j = N − n + d,  t = ⌊W_d·(j + 1)/2⁶⁴⌋;
///              element t fails, or j where t has failed already
///
/// | symbol | meaning                                                                      |
/// |--------|------------------------------------------------------------------------------|
/// | w_i    | word i mod 4 of block ⌊i/4⌋                                                  |
/// | W_d    | words 0 (upper half) and 1 of block d                                        |
///
/// of Philox with the seed as its key and 2⁶⁴ − 1, the number of no event, as the upper half of its
/// counter. Every set of n elements is equally likely, up to N/2⁶⁴.
///
/// - Postconditions: elements are distinct and ascending; `distinct` returns exactly n.
/// - Source: the sample is Floyd's (Bentley and Floyd 1987).
public struct FaultDraws: Sendable {
    private let key: SIMD2<UInt32>

    public init(seed: UInt64) {
        key = SIMD2(UInt32(truncatingIfNeeded: seed), UInt32(seed >> 32))
    }

    public func distinct(_ count: Int, of population: Int) -> [Int] {
        precondition((0 ... population).contains(count))
        var failed = Set<Int>(minimumCapacity: count)
        for draw in 0 ..< count {
            let last = population - count + draw
            let words = block(draw)
            let uniform = UInt64(words[0]) << 32 | UInt64(words[1])
            let drawn = Int(uniform.multipliedFullWidth(by: UInt64(last + 1)).high)
            if !failed.insert(drawn).inserted { failed.insert(last) }
        }
        return failed.sorted()
    }

    /// - Parameter max: the work ends after one element more.
    public func each(probability: Double, of population: Int, max: Int) -> [Int] {
        precondition((0 ... 1).contains(probability))
        let below = UInt64((probability * 4_294_967_296).rounded())
        guard below > 0 else { return [] }
        var failed: [Int] = []
        var words = SIMD4<UInt32>()
        for element in 0 ..< population {
            if failed.count > max { break }
            if element % 4 == 0 { words = block(element / 4) }
            if UInt64(words[element % 4]) < below { failed.append(element) }
        }
        return failed
    }

    private func block(_ number: Int) -> SIMD4<UInt32> {
        Philox.block(
            counter: SIMD4(
                UInt32(truncatingIfNeeded: number), UInt32(truncatingIfNeeded: number >> 32), .max,
                .max), key: key)
    }
}
