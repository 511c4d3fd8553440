internal import Glibc

/// The second derivative of the loss with respect to each single weight:
///
///     h_w = ∂²L/∂w² = mean over images Σ_k p_k·(∂(−ln p_k)/∂w)²
///
/// L: the mean cross entropy, p: the prediction. This is the diagonal of the
/// Gauss-Newton matrix, Jᵀ(diag p − p·pᵀ)J with J = ∂(scores)/∂w. In a network whose
/// activations are piecewise linear the scores are linear in any single weight, so that
/// it is the Hessian's diagonal itself, wherever that exists; the source's one pass
/// backwards neglects what units of a layer have in common.
///
/// K passes backwards for K classes, each with the errors √p_k·(p − e_k): their squares
/// add up to h. Labels don't enter. Of several exits, h is that of the weighted sum of
/// their losses.
///
/// - Shape: of a layer, columns × rows, a row's inputs in the order of `Unrolling`.
/// - Precondition: batch norms use their running statistics.
/// - Source: Yan, Hu, Shi, "SWIM: selective write-verify for computing-in-memory neural
///   accelerators", DAC 2022; Gauss-Newton: Schraudolph, "Fast curvature matrix-vector
///   products", 2002.
public enum SecondDerivatives {
    /// By the layers' names.
    public static func diagonal(
        of network: Network, on images: ImageSet, batch: Int = 50
    ) throws -> [String: [Float]] {
        let recorder = SquaredGradients()
        for range in images.ranges(of: batch) {
            let inputs = try images.batch(range).images
            let predictions = try noGrad {
                try network.exitScores(inputs, with: FloatProducts()).map {
                    Self.predictions(try $0.floats(), classes: network.classes)
                }
            }
            for (exit, weight) in network.exitWeights.enumerated() {
                for k in 0 ..< network.classes {
                    var shares = [Float](repeating: 0, count: predictions[exit].count)
                    for image in 0 ..< range.count {
                        let place = image * network.classes + k
                        shares[place] = predictions[exit][place].squareRoot()
                    }
                    recorder.factor = weight / Double(images.count)
                    try network.scores(inputs, atExit: exit, with: recorder)
                        .crossEntropy(.floats(shares, shape: [range.count, network.classes]))
                        // Of the sum over images, not the mean.
                        .scaled(by: Double(range.count)).backward()
                }
            }
        }
        return try network.matrixLayers.reduce(into: [:]) { all, layer in
            all[layer.name] =
                try recorder.sums[layer.name]?.floats()
                ?? [Float](repeating: 0, count: layer.weight.count)
        }
    }

    /// softmax of each row.
    private static func predictions(_ scores: [Float], classes: Int) -> [Float] {
        stride(from: 0, to: scores.count, by: classes).flatMap { start in
            let row = scores[start ..< start + classes]
            let largest = row.max() ?? 0
            let powers = row.map { exp($0 - largest) }
            let sum = powers.reduce(0, +)
            return powers.map { $0 / sum }
        }
    }
}

/// Products in floating point that sum the squares of each image's gradient of the
/// weights when errors come back.
private final class SquaredGradients: MatrixProducts {
    /// What a square counts for.
    var factor = 1.0
    /// columns × rows.
    private(set) var sums: [String: Tensor] = [:]

    func product(of layer: MatrixLayer, with input: Tensor) throws -> Tensor {
        // Errors are wanted at the first layer too, whose input nothing depends on.
        let own = input.requiresGradient ? input : try input.detached()
        if !own.requiresGradient { try own.setRequiresGradient() }
        let value = try noGrad { try FloatProducts().product(of: layer, with: input) }
        let seen = try own.detached()
        let weight = try layer.weight.detached()
        return try own.straightThrough(weight, layer.kind, value: value) { [unowned self] in
            try add(layer, seen, $0)
            return try layer.inputGradient(ofShape: seen.shape, from: $0)
        }
    }

    private func add(_ layer: MatrixLayer, _ input: Tensor, _ gradient: Tensor) throws {
        let errors = try layer.errorVectors(gradient)
        var squares: Tensor
        switch layer.kind {
        case .linear:
            squares = try errors.multiplied(by: errors).permuted([1, 0])
                .matrixProduct(input.multiplied(by: input))
        case .convolution:
            let vectors = try Unrolling.vectors(input, of: layer)
            let places = vectors.shape[0] / input.shape[0]
            squares = try .full(0, shape: [layer.columns, layer.rows])
            for image in 0 ..< input.shape[0] {
                let range = image * places ..< (image + 1) * places
                let own = try errors.narrowed(range).permuted([1, 0])
                    .matrixProduct(vectors.narrowed(range))
                try squares.addProduct(own, own, times: 1)
            }
        }
        if let sum = sums[layer.name] {
            try sum.add(squares, times: factor)
        } else {
            try squares.scale(by: factor)
            sums[layer.name] = squares
        }
    }
}

extension MatrixLayer {
    /// The gradient of the input from that of the product.
    fileprivate func inputGradient(ofShape shape: [Int], from gradient: Tensor) throws -> Tensor {
        try foldedGradient(
            errorVectors(gradient).matrixProduct(matrix()), inputShape: shape)
    }
}
