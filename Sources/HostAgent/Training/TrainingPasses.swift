/// Which products a step of training uses: one pass forwards and backwards for each,
/// whose gradients are averaged.
public protocol TrainingPasses {
    /// The passes of the next step, at least one.
    func passes() throws -> [any MatrixProducts]
}

/// The same products in every step, one pass.
public struct SinglePass: TrainingPasses {
    private let products: any MatrixProducts

    public init(_ products: any MatrixProducts) { self.products = products }

    public func passes() -> [any MatrixProducts] { [products] }
}
