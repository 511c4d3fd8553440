/// Which products a step of training uses: one pass forwards and backwards for each,
/// whose gradients are averaged.
public protocol TrainingPasses {
    /// Called before an epoch's first step: what is random in it depends on its number alone, so
    /// that a training goes on from any epoch's end as if never stopped.
    func begin(epoch: Int) throws
    /// The passes of the next step, at least one.
    func passes() throws -> [any MatrixProducts]
}

extension TrainingPasses {
    public func begin(epoch: Int) {}
}

/// One pass in floating point with `NoisyProducts`, or without noise where σ is 0.
final class NoisyPasses: TrainingPasses {
    private let sigma: Double
    private let seed: UInt64
    private var products: any MatrixProducts = FloatProducts()

    init(sigma: Double, seed: UInt64) { (self.sigma, self.seed) = (sigma, seed) }

    func begin(epoch: Int) throws {
        guard sigma > 0 else { return }
        products = NoisyProducts(
            sigma: sigma,
            generator: try RandomGenerator(seed: seed, purpose: "weight noise, epoch \(epoch)"))
    }

    func passes() -> [any MatrixProducts] { [products] }
}

/// The same products in every step, one pass.
public struct SinglePass: TrainingPasses {
    private let products: any MatrixProducts

    public init(_ products: any MatrixProducts) { self.products = products }

    public func passes() -> [any MatrixProducts] { [products] }
}
