/// Two convolutions with batch norm and a way around them:
///
///     y = ReLU(bn2(conv2(ReLU(bn1(conv1(x))))) + s(x))
///
/// s is the shortcut of type A, without parameters: where the block halves the
/// image and widens it, s takes each second row and column and adds channels of
/// zeros, half of them before and half behind.
///
/// - Source: He, Zhang, Ren, Sun, "Deep residual learning for image recognition",
///   2016, section 4.2; where the zeros lie as in most PyTorch versions.
public struct ResidualBlock: Layer {
    private let conv1: MatrixLayer
    private let bn1: BatchNorm
    private let conv2: MatrixLayer
    private let bn2: BatchNorm
    private let stride: Int
    private let addedChannels: Int

    public init(
        _ name: String, inputs: Int, outputs: Int, kernel: Int, stride: Int,
        from generator: RandomGenerator
    ) throws {
        precondition(outputs >= inputs)
        self.stride = stride
        addedChannels = outputs - inputs
        conv1 = try MatrixLayer(
            "\(name).conv1", .convolution(kernel: kernel, stride: stride, padding: kernel / 2),
            inputs: inputs, outputs: outputs, hasBias: false, initial: .heNormal, from: generator)
        bn1 = try BatchNorm("\(name).bn1", channels: outputs)
        conv2 = try MatrixLayer(
            "\(name).conv2", .convolution(kernel: kernel, stride: 1, padding: kernel / 2),
            inputs: outputs, outputs: outputs, hasBias: false, initial: .heNormal, from: generator)
        bn2 = try BatchNorm("\(name).bn2", channels: outputs)
    }

    public var children: [any Layer] { [conv1, bn1, conv2, bn2] }

    public func forward(_ input: Tensor, with products: any MatrixProducts) throws -> Tensor {
        let inner = try bn1.forward(conv1.forward(input, with: products), with: products)
        try inner.rectify()
        let output = try bn2.forward(conv2.forward(inner, with: products), with: products)
        try output.accumulate(shortcut(input))
        try output.rectify()
        return output
    }

    private func shortcut(_ input: Tensor) throws -> Tensor {
        let places = stride == 1 ? input : try input.subsampled(step: stride)
        guard addedChannels > 0 else { return places }
        return try places.paddedChannels(
            before: addedChannels / 2, behind: addedChannels - addedChannels / 2)
    }
}
