/// Chips that a network is tried on, one after the other.
public protocol ChipPopulation {
    /// The accuracy of a network on chip number `chip`. The number alone decides the
    /// chip: every network meets the same ones.
    ///
    /// - Parameter each: called with the images done.
    func accuracy(
        of network: Network, _ quantisers: NetworkQuantisers, chip: Int, on images: ImageSet,
        each: (Int) -> Void
    ) throws -> Accuracy
}

/// Chips whose weights deviate, and nothing else: the model of the QAVAT paper.
public struct WeightLevelChips: ChipPopulation {
    public let variation: WeightVariation
    public let seed: UInt64

    public init(_ variation: WeightVariation, seed: UInt64) {
        self.variation = variation
        self.seed = seed
    }

    public func accuracy(
        of network: Network, _ quantisers: NetworkQuantisers, chip: Int, on images: ImageSet,
        each: (Int) -> Void
    ) throws -> Accuracy {
        let weights = try VariedChip(
            variation, of: QuantisedWeights(quantisers),
            from: RandomGenerator(seed: seed, purpose: "deviations of chip \(chip)"))
        return try Evaluation.accuracy(
            network, with: WeightedProducts(weights, inputs: quantisers), on: images, each: each)
    }
}
