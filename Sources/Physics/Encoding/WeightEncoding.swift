/// Signed weight codes on cells: S slices of K bits, L = 2^K levels a cell.
///
///     differential  m = |q|·⌊(2^(KS) − 1)/q_max⌋ on the array of the sign of q, 0 on the other   (E-1)
///     offset        c = q·⌊(2^(KS−1) − 1)/q_max⌋ + z,  z = 2^(KS−1)                              (E-2)
///     level of slice s = digit s of m or c in base L, slice 0 least significant                  (E-3)
///
/// The stretch ⌊…⌋ lets the largest weight use the top of the range, so that noise costs least.
///
/// - Validity: 1 ≤ S, K that of a cell, K·S at most `bitsMax`, with offset K·S ≥ 2.
/// - Source: firmware-specs/device.md (E-1) … (E-4).
public struct WeightEncoding: Sendable, Hashable {
    public enum Mapping: Sendable, Hashable, CaseIterable {
        case differential, offset
    }

    /// Bits of a weight: codes travel as 16 bits, one of them the sign.
    public static let bitsMax = 15

    public let mapping: Mapping
    public let slices: Int
    public let bitsPerSlice: Int
    public let codeMax: Int

    public init(mapping: Mapping, slices: Int, bitsPerSlice: Int, codeMax: Int)
        throws(PhysicsError)
    {
        try require("slices", slices, in: 1 ... Self.bitsMax)
        try require("bits of a slice", bitsPerSlice, in: CellTechnology.bitsRange)
        let bits = slices * bitsPerSlice
        try require("bits of a weight", bits, in: (mapping == .offset ? 2 : 1) ... Self.bitsMax)
        let top = (1 << (mapping == .offset ? bits - 1 : bits)) - 1
        try require("largest code", codeMax, in: 1 ... top)
        self.mapping = mapping
        self.slices = slices
        self.bitsPerSlice = bitsPerSlice
        self.codeMax = codeMax
    }

    private var bits: Int { slices * bitsPerSlice }
    public var levels: Int { 1 << bitsPerSlice }
    public var polarities: Int { mapping == .differential ? 2 : 1 }
    /// z of (E-2); 0 with differential mapping.
    public var zero: Int { mapping == .offset ? 1 << (bits - 1) : 0 }
    public var stretch: Int {
        ((1 << (mapping == .offset ? bits - 1 : bits)) - 1) / codeMax
    }

    /// Level of the cell of a slice and polarity (0: positive) for code q.
    public func level(code: Int, slice: Int, polarity: Int) -> Int {
        precondition(abs(code) <= codeMax)
        let number: Int
        switch mapping {
        case .differential: number = (polarity == 0) == (code >= 0) ? abs(code) * stretch : 0
        case .offset: number = code * stretch + zero
        }
        return (number >> (slice * bitsPerSlice)) & (levels - 1)
    }

    /// Adds what a plane of cells contributes to the real-valued weight codes: the inverse of
    /// `level`, exact for cells at their levels once all planes are added.
    ///
    ///     q = [± Σ_s L^s·(L − 1)·(g_s − G_off)/(G_on − G_off) − z] / stretch      (E-4)
    public func addWeights(
        plane: [Float], slice: Int, polarity: Int, window: ConductanceWindow,
        into weights: inout [Float]
    ) {
        precondition(plane.count == weights.count)
        let span = window.on.microsiemens - window.off.microsiemens
        let sign = polarity == 0 ? 1.0 : -1.0
        let scale = Float(
            sign * Double((levels - 1) << (slice * bitsPerSlice)) / (span * Double(stretch)))
        let off = Float(window.off.microsiemens)
        let reference = slice == 0 ? Float(zero) / Float(stretch) : 0
        for index in weights.indices {
            weights[index] += scale * (plane[index] - off) - reference
        }
    }
}
