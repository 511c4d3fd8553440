/// An adaptation of batch norms alone: it measures products, normally the chip's, and
/// leaves weights and conductances as they are.
public protocol BatchNormStrategy: AdaptationStrategy {
    /// Adapts by products from anywhere.
    func tune(_ network: Network, with products: any MatrixProducts, on images: ImageSet) throws
}

extension BatchNormStrategy {
    public var writes: WrittenWeights { .none }

    public func check(_ network: Network, _ deployment: Deployment) throws {
        try network.checkBatchNorms()
    }

    public func adapt(
        _ network: Network, _ deployment: inout Deployment, on session: any ChipSession,
        images: ImageSet
    ) throws {
        try tune(network, with: ChipProducts(session, deployment), on: images)
    }
}
