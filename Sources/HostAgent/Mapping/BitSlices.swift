/// The digits of a weight code on bit slices of K bits.
///
/// The magnitude is stretched so that the largest weight uses the top level:
///
///     m = |q|·⌊(2^(KS) − 1)/q_max⌋ = Σ_s L^s·d_s,   L = 2^K,  d_s = 0 … L − 1
///
/// Slice 0 is least significant. In a differential pair the digit stands on the
/// cell of its sign, so the pair carries sign(q)·d_s.
public struct BitSlices: Equatable, Sendable {
    /// S.
    public let slices: Int
    /// K.
    public let bits: Int
    /// ⌊(2^(KS) − 1)/q_max⌋.
    public let stretch: Int

    public init(slices: Int, bits: Int, codeMax: Int) {
        precondition(slices > 0 && bits > 0 && slices * bits < 31 && codeMax > 0)
        self.slices = slices
        self.bits = bits
        stretch = ((1 << (slices * bits)) - 1) / codeMax
        precondition(stretch >= 1)
    }

    public init(_ matrix: ChipMatrix) {
        self.init(slices: matrix.slices, bits: matrix.bitsPerSlice, codeMax: matrix.codeMax)
    }

    /// L.
    public var levels: Int { 1 << bits }

    /// sign(q)·d_s.
    public func digit(_ code: Int16, slice: Int) -> Int {
        let magnitude = Int(code.magnitude) * stretch
        let digit = (magnitude >> (slice * bits)) & (levels - 1)
        return code < 0 ? -digit : digit
    }
}
