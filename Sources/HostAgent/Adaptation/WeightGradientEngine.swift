/// The static memory beside the chip in which weight gradients are computed, for an
/// image of v vectors and a layer of r rows and c columns:
///
///     ∂L/∂W = Xᵀ·E,   X [v, r] the layer's inputs, E [v, c] the errors of its product
///
///     τ = v·t_write + r·b·t_read
///     E = v·c·b·E_write + v·r·c·E_mac
///
/// The errors are written into the memory, a vector a cycle; then the r rows of Xᵀ are
/// applied to it, bit by bit, and each gives one row of the gradient. The memory holds
/// the errors of any layer whole, as large as the largest of them.
///
/// | symbol | meaning | value |
/// |---|---|---|
/// | b | bits of inputs and errors | 8 |
/// | t_write, t_read | a cycle | 1 ns |
/// | E_write | writing one bit | 0.01 pJ |
/// | E_mac | one multiply-accumulate of 8 bits | 0.23 pJ |
///
/// - Source: cycles and E_write: `firmware-specs/devices/sram.yaml`; E_mac: Horowitz
///   2014 (8-bit multiply 0.2 pJ and add 0.03 pJ at 45 nm), as `hybrid.yaml` has it; the
///   arrangement after DNN+NeuroSim V2.0 (Peng et al. 2021), that all columns work at
///   once: chosen.
public struct WeightGradientEngine: Codable, Equatable, Sendable {
    public static let bits = 8
    public static let writeNanoseconds = 1.0
    public static let readNanoseconds = 1.0
    public static let writePicojoulesPerBit = 0.01
    public static let multiplicationPicojoules = 0.23

    /// v·c of the layer with the largest: words of b bits.
    public let words: Int

    /// - Parameter layers: vectors of an image and columns of each layer.
    public init(for layers: [(vectors: Int, columns: Int)]) {
        words = layers.map { $0.vectors * $0.columns }.max() ?? 0
    }

    public func cost(vectors: Int, rows: Int, columns: Int) -> OperationCost {
        precondition(vectors * columns <= words, "the engine is smaller than a layer's errors")
        let (v, r, c) = (Double(vectors), Double(rows), Double(columns))
        let b = Double(Self.bits)
        return OperationCost(
            latencyNanoseconds: v * Self.writeNanoseconds + r * b * Self.readNanoseconds,
            energyPicojoules: v * c * b * Self.writePicojoulesPerBit
                + v * r * c * Self.multiplicationPicojoules)
    }
}
