/// A layer's input as the vectors that its matrix is multiplied with (im2col),
/// and the products back as the layer's output.
///
/// Input (y·k + x)·C + c of the vector at place (o_y, o_x) is channel c of the
/// image at (o_y·s + y − p, o_x·s + x − p), 0 outside it: the order of the chip's
/// own `window`, in which a layer's matrix is mapped.
public enum Unrolling {
    /// Codes of images [n, c, h, w] or vectors [n, i] as [vectors, rows].
    ///
    /// Vectors run over images, then places of the kernel, row-major.
    public static func vectors(_ codes: Tensor, of layer: MatrixLayer) throws -> Tensor {
        switch layer.kind {
        case .linear: return try codes.contiguous()
        case .convolution(let kernel, let stride, let padding):
            let (images, channels) = (codes.shape[0], codes.shape[1])
            let unrolled = try codes.unrolled(kernel: kernel, stride: stride, padding: padding)
            return try unrolled.reshaped([images, channels, kernel * kernel, -1])
                .permuted([0, 3, 2, 1]).contiguous().reshaped([-1, layer.rows])
        }
    }

    /// Products [vectors, columns] as the layer's output for inputs of `inputShape`.
    public static func output(_ products: Tensor, of layer: MatrixLayer, inputShape: [Int]) throws
        -> Tensor
    {
        switch layer.kind {
        case .linear: return products
        case .convolution:
            let shape = layer.outputShape(inputShape)
            return try products.reshaped([shape[0], shape[2], shape[3], shape[1]])
                .permuted([0, 3, 1, 2])
        }
    }
}

extension MatrixLayer {
    /// Of the product with an input of `shape`: [n, o, h', w'] or [n, o].
    public func outputShape(_ shape: [Int]) -> [Int] {
        switch kind {
        case .linear: [shape[0], columns]
        case .convolution(let kernel, let stride, let padding):
            [shape[0], columns]
                + shape[2...].map { ($0 + 2 * padding - kernel) / stride + 1 }
        }
    }
}
