extension MatrixLayer {
    /// The errors of a product as the vectors that leave the matrix: [vectors, columns].
    func errorVectors(_ gradient: Tensor) throws -> Tensor {
        switch kind {
        case .linear: try gradient.contiguous()
        case .convolution:
            try gradient.permuted([0, 2, 3, 1]).contiguous().reshaped([-1, columns])
        }
    }

    /// The gradient of the input from what errors make on the matrix' rows: [vectors, rows].
    func foldedGradient(_ products: Tensor, inputShape: [Int]) throws -> Tensor {
        guard case .convolution(let kernel, let stride, let padding) = kind else { return products }
        return
            try products
            .reshaped([inputShape[0], -1, kernel * kernel, inputShape[1]])
            .permuted([0, 3, 2, 1])
            .contiguous().reshaped([inputShape[0], rows, -1])
            .folded(
                height: inputShape[2], width: inputShape[3], kernel: kernel, stride: stride,
                padding: padding)
    }
}
