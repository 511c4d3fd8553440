/// Training of γ and β of all batch norms, by products whose gradient goes through
/// the host's shadow weights. Conductances, weights and biases stay; the statistics
/// are the batches' own, and the running ones follow.
struct BatchNormTraining {
    var epochs: Int
    /// Images of a batch, about.
    var batch: Int
    /// Learning rate of an epoch, from 0.
    var rate: (Int) -> Double
    var optimiser: OptimiserKind
    var seed: UInt64

    /// - Parameters:
    ///   - products: who measures; normally the chip.
    ///   - loss: of class scores and labels.
    func train(
        _ network: Network, with products: any MatrixProducts, on images: ImageSet,
        loss: (_ scores: Tensor, _ labels: Tensor) throws -> Tensor
    ) throws {
        try network.checkBatchNorms(images)
        let parameters = network.batchNorms.flatMap { [$0.weight, $0.bias] }
        for parameter in parameters { try parameter.setRequiresGradient() }
        defer { for parameter in parameters { try? parameter.setRequiresGradient(false) } }
        let measured = StraightThroughProducts(values: products)
        let optimiser = try Optimiser(optimiser, parameters: parameters)
        let order = try RandomGenerator(seed: seed, purpose: "order of adaptation images")
        try network.withBatchStatistics {
            for epoch in 0 ..< epochs {
                let permutation = try order.permutation(images.count)
                for range in images.evenRanges(of: batch) {
                    let (inputs, labels) = try images.batch(permutation.narrowed(range))
                    try network.loss(inputs, with: measured) { try loss($0, labels) }.backward()
                    try optimiser.update(rate: rate(epoch))
                }
            }
        }
    }
}
