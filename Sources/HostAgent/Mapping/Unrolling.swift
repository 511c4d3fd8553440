/// A layer's input as the vectors that its matrix is multiplied with (im2col),
/// and the products back as the layer's output.
public enum Unrolling {
    /// Codes of images [n, c, h, w] or vectors [n, i] as [vectors, rows].
    ///
    /// Vectors run over images, then places of the kernel, row-major.
    public static func vectors(_ codes: Tensor, of layer: MatrixLayer) throws -> Tensor {
        switch layer.kind {
        case .linear: return try codes.contiguous()
        case .convolution(let kernel, let stride, let padding):
            let unrolled = try codes.unrolled(kernel: kernel, stride: stride, padding: padding)
            return try unrolled.permuted([0, 2, 1]).contiguous().reshaped([-1, layer.rows])
        }
    }

    /// Products [vectors, columns] as the layer's output for inputs of `inputShape`.
    public static func output(_ products: Tensor, of layer: MatrixLayer, inputShape: [Int]) throws
        -> Tensor
    {
        switch layer.kind {
        case .linear: return products
        case .convolution(let kernel, let stride, let padding):
            let height = (inputShape[2] + 2 * padding - kernel) / stride + 1
            let width = (inputShape[3] + 2 * padding - kernel) / stride + 1
            return try products.reshaped([inputShape[0], height, width, layer.columns])
                .permuted([0, 3, 1, 2])
        }
    }
}
