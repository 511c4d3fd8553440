/// The digits of a weight code on bit slices of K bits.
///
/// The code is stretched so that the largest weight uses the top level:
///
///     differential  m = |q|·⌊(2^(KS) − 1)/q_max⌋          = Σ_s L^s·d_s
///     offset        c = q·⌊(2^(KS−1) − 1)/q_max⌋ + z      = Σ_s L^s·d_s,   z = 2^(KS−1)
///
/// with L = 2^K and d_s = 0 … L − 1. Slice 0 is least significant. In a
/// differential pair the digit stands on the cell of its sign, so the pair
/// carries sign(q)·d_s.
public struct BitSlices: Equatable, Sendable {
    /// S.
    public let slices: Int
    /// K.
    public let bits: Int
    public let mapping: WeightMapping
    /// ⌊…⌋.
    public let stretch: Int

    public init(
        slices: Int, bits: Int, codeMax: Int, mapping: WeightMapping = .differential
    ) {
        precondition(slices > 0 && bits > 0 && slices * bits < 31 && codeMax > 0)
        self.slices = slices
        self.bits = bits
        self.mapping = mapping
        let magnitudeBits = mapping == .offset ? slices * bits - 1 : slices * bits
        stretch = ((1 << magnitudeBits) - 1) / codeMax
        precondition(stretch >= 1)
    }

    public init(_ matrix: ChipMatrix) {
        self.init(
            slices: matrix.slices, bits: matrix.bitsPerSlice, codeMax: matrix.codeMax,
            mapping: matrix.mapping)
    }

    /// L.
    public var levels: Int { 1 << bits }

    /// sign(q)·d_s of a pair, d_s of an offset cell.
    public func digit(_ code: Int16, slice: Int) -> Int {
        let number =
            mapping == .offset
            ? Int(code) * stretch + (1 << (slices * bits - 1)) : Int(code.magnitude) * stretch
        let digit = (number >> (slice * bits)) & (levels - 1)
        return mapping == .differential && code < 0 ? -digit : digit
    }
}
