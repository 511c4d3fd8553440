/// What a plan says of the weights and inputs that a training multiplies with.
extension TrainingPlan {
    /// Training images that the steps of inputs are measured on, from the first.
    static let calibrationImages = 2_000

    /// What rounds weights and inputs; `nil` in floating point. Steps stay as they are
    /// at the start of the training; WAGE's are fixed.
    ///
    /// Batch norms use the batches' own statistics meanwhile, as in training, and keep
    /// the running ones.
    public func quantisers(of network: Network, on images: ImageSet) throws -> NetworkQuantisers? {
        if let wage { return try wage.quantisers(of: network) }
        guard let bits else { return nil }
        var measured: NetworkQuantisers?
        try network.withBatchStatistics {
            for norm in network.batchNorms { norm.momentum = 0 }
            measured = try .measured(network, bits, on: images.first(Self.calibrationImages))
        }
        return measured
    }

    /// The products of each step: of chips that deviate by `variation`, else by `noise`
    /// relative to a layer's largest weight.
    func passes(_ quantisers: NetworkQuantisers?) throws -> any TrainingPasses {
        if let wage { return SinglePass(WAGEProducts(wage)) }
        if let variation {
            return try VariedPasses(
                variation, samples: variationSamples, quantisers: quantisers, seed: seed)
        }
        guard let quantisers else { return NoisyPasses(sigma: noise, seed: seed) }
        return noise == 0
            ? SinglePass(quantisers.products)
            : try VariedPasses(
                WeightVariation(.layerFixed, withinChip: noise), quantisers: quantisers, seed: seed)
    }

    func schedule(stepsInEpoch: Int) -> Schedule {
        Schedule(
            shape, rate: rate, warmUpSteps: warmUpEpochs * stepsInEpoch,
            steps: epochs * stepsInEpoch)
    }
}
