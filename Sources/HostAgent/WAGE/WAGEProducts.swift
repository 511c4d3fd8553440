/// Products that someone else rounds, normally a chip; the error that leaves a layer
/// backwards is rounded to k_E bits as in `WAGEProducts`. Where ways through a network
/// join again, each way's error has lost its own size.
struct WAGEErrors: MatrixProducts {
    private let wage: WAGE
    private let products: any MatrixProducts

    init(_ wage: WAGE, through products: any MatrixProducts) {
        self.wage = wage
        self.products = products
    }

    func product(of layer: MatrixLayer, with input: Tensor) throws -> Tensor {
        try products.product(of: layer, with: input.withErrorsQuantised(bits: wage.errors))
    }
}

/// Products of WAGE: inputs Q(a, k_A), weights Q(W, k_W), the product divided by
/// the layer's α. The error that leaves a layer backwards is rounded to k_E bits
/// after it was divided by Shift(max|e|); its size is lost, and the update, which is
/// relative to the largest gradient, doesn't need it.
///
/// The gradient passes the rounding of weights everywhere, that of activations where
/// they were not clipped.
public struct WAGEProducts: MatrixProducts {
    private let wage: WAGE

    public init(_ wage: WAGE) { self.wage = wage }

    public func product(of layer: MatrixLayer, with input: Tensor) throws -> Tensor {
        let rounded = try WAGE.quantiser(bits: wage.activations)
            .quantised(input.withErrorsQuantised(bits: wage.errors), gradient: .insideRange)
        let weight = try WAGE.quantiser(bits: wage.weights)
            .quantised(layer.weight, gradient: .everywhere)
        let product = try layer.digitalProduct(rounded, weight: weight)
        let scale = wage.scale(inputs: layer.rows)
        return scale == 1 ? product : try product.scaled(by: 1 / scale)
    }
}
