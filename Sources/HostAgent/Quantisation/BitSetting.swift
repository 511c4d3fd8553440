/// Bits of a network's activations and weights, as "A4W2".
public struct BitSetting: Hashable, Sendable, Codable, CustomStringConvertible {
    /// Bits of the inputs of every product.
    public let activations: Int
    /// Bits of the weights of every product.
    public let weights: Int

    /// What a quantiser can have: one code beside zero needs two bits.
    public static let bitsRange = 2 ... 8

    public static let a2w2 = BitSetting(activations: 2, weights: 2)
    public static let a4w2 = BitSetting(activations: 4, weights: 2)
    public static let a8w4 = BitSetting(activations: 8, weights: 4)
    public static let a8w8 = BitSetting(activations: 8, weights: 8)

    public init(activations: Int, weights: Int) {
        precondition(Self.bitsRange.contains(activations) && Self.bitsRange.contains(weights))
        self.activations = activations
        self.weights = weights
    }

    /// "A4W2"; `nil` where the text is no such name.
    public init?(_ name: String) {
        let digits = name.compactMap(\.wholeNumberValue)
        guard digits.count == 2, name == "A\(digits[0])W\(digits[1])",
            digits.allSatisfy(Self.bitsRange.contains)
        else { return nil }
        self.init(activations: digits[0], weights: digits[1])
    }

    public var description: String { "A\(activations)W\(weights)" }
}
