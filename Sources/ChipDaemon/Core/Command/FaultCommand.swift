/// Breaks cells, lines or converters of analog tiles, drawn with a seed.
public struct FaultCommand: Sendable {
    public enum Kind: Sendable, Hashable {
        case stuckOn
        case stuckOff
        case deadWordLine
        case deadBitLine
        case adcOffset(lsb: Double)
    }
    public enum Amount: Sendable, Hashable {
        /// Exactly so many of those that are sound.
        case count(Int)
        /// Of each one.
        case probability(Double)
    }
    public var kind: Kind
    /// Empty: all analog banks.
    public var bank: String
    /// Empty: all tiles of the bank.
    public var tiles: [Int]
    public var amount: Amount
    public var seed: UInt64

    public init(
        kind: Kind, bank: String = "", tiles: [Int] = [], amount: Amount, seed: UInt64
    ) {
        self.kind = kind
        self.bank = bank
        self.tiles = tiles
        self.amount = amount
        self.seed = seed
    }
}
