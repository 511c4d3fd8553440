/// A convolution whose result is put behind its input, channel by channel:
///
///     y = [x, conv1(ReLU(bn1(x)))]
///
/// - Shape: [n, c, h, w] → [n, c + growth, h, w].
/// - Source: Huang, Liu, van der Maaten, Weinberger, "Densely connected
///   convolutional networks", 2017, section 3, without bottleneck.
public struct DenseLayer: Layer {
    private let bn1: BatchNorm
    private let conv1: MatrixLayer

    public init(_ name: String, inputs: Int, growth: Int, from generator: RandomGenerator) throws {
        bn1 = try BatchNorm("\(name).bn1", channels: inputs)
        conv1 = try MatrixLayer(
            "\(name).conv1", .convolution(kernel: 3, stride: 1, padding: 1), inputs: inputs,
            outputs: growth, hasBias: false, initial: .heNormal, from: generator)
    }

    public var children: [any Layer] { [bn1, conv1] }

    public func forward(_ input: Tensor, with products: any MatrixProducts) throws -> Tensor {
        let inner = try bn1.forward(input, with: products)
        try inner.rectify()
        return try .concatenated([input, conv1.forward(inner, with: products)], dimension: 1)
    }
}
