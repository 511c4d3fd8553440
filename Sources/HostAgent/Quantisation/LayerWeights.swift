/// Which weights the layers of a network multiply with: its own, those rounded,
/// those as a chip would hold them, or one of these on top of another.
public protocol LayerWeights {
    /// The weight of `layer` for one product, with a gradient to the layer's own.
    ///
    /// - Shape: the layer's.
    func weight(of layer: MatrixLayer) throws -> Tensor
}

/// The layers' own weights.
public struct FloatWeights: LayerWeights {
    public init() {}
    public func weight(of layer: MatrixLayer) throws -> Tensor { layer.weight }
}

/// Weights rounded and taken back to floating point: w_D = Δ·clip(round(w/Δ)).
/// The gradient passes everywhere.
public struct QuantisedWeights: LayerWeights {
    private let quantisers: NetworkQuantisers

    public init(_ quantisers: NetworkQuantisers) { self.quantisers = quantisers }

    public func weight(of layer: MatrixLayer) throws -> Tensor {
        try quantisers.quantisers(of: layer).weight.quantised(layer.weight, gradient: .everywhere)
    }
}

/// Products of weights someone else decides about, with inputs in floating point
/// or rounded.
public struct WeightedProducts: MatrixProducts {
    private let weights: any LayerWeights
    private let inputs: NetworkQuantisers?

    /// - Parameter inputs: who rounds the inputs; `nil`: nobody.
    public init(_ weights: any LayerWeights, inputs: NetworkQuantisers? = nil) {
        self.weights = weights
        self.inputs = inputs
    }

    public func product(of layer: MatrixLayer, with input: Tensor) throws -> Tensor {
        let rounded = try inputs?.quantisers(of: layer).input
            .quantised(input, gradient: .insideRange)
        return try layer.digitalProduct(rounded ?? input, weight: weights.weight(of: layer))
    }
}
