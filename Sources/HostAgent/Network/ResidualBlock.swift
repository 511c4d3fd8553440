/// Two convolutions with batch norm and a way around them:
///
///     y = ReLU(bn2(conv2(ReLU(bn1(conv1(x))))) + s(x))
///
/// - Source: He, Zhang, Ren, Sun, "Deep residual learning for image recognition",
///   2016, section 3.3 and 4.2; names as in most PyTorch versions.
public struct ResidualBlock: Layer {
    /// s, where the block halves the image or widens it; elsewhere s(x) = x.
    public enum Shortcut: Sendable {
        /// Type A, without parameters: each second row and column, and channels of
        /// zeros, half of them before and half behind.
        case zeros
        /// Type B: a 1 × 1 convolution with batch norm.
        case projection
    }

    private let conv1: MatrixLayer
    private let bn1: BatchNorm
    let conv2: MatrixLayer
    /// A shared block behind `conv2`.
    var insertion: SharedBlockInsertion?
    private let bn2: BatchNorm
    private let projection: [any Layer]
    private let stride: Int
    private let addedChannels: Int

    public init(
        _ name: String, inputs: Int, outputs: Int, kernel: Int, stride: Int,
        shortcut: Shortcut = .zeros, from generator: RandomGenerator
    ) throws {
        precondition(outputs >= inputs)
        self.stride = stride
        addedChannels = outputs - inputs
        func convolution(_ part: String, inputs: Int, kernel: Int, stride: Int) throws
            -> MatrixLayer
        {
            try MatrixLayer(
                "\(name).\(part)",
                .convolution(kernel: kernel, stride: stride, padding: kernel / 2),
                inputs: inputs, outputs: outputs, hasBias: false, initial: .heNormal,
                from: generator)
        }
        conv1 = try convolution("conv1", inputs: inputs, kernel: kernel, stride: stride)
        bn1 = try BatchNorm("\(name).bn1", channels: outputs)
        conv2 = try convolution("conv2", inputs: outputs, kernel: kernel, stride: 1)
        bn2 = try BatchNorm("\(name).bn2", channels: outputs)
        let isPlain = stride == 1 && inputs == outputs
        projection =
            shortcut == .zeros || isPlain
            ? []
            : [
                try convolution("shortcut.0", inputs: inputs, kernel: 1, stride: stride),
                try BatchNorm("\(name).shortcut.1", channels: outputs),
            ]
    }

    public var children: [any Layer] {
        [conv1, bn1, conv2] + (insertion.map { [$0] } ?? []) + [bn2] + projection
    }

    public func forward(_ input: Tensor, with products: any MatrixProducts) throws -> Tensor {
        let inner = try bn1.forward(conv1.forward(input, with: products), with: products)
        try inner.rectify()
        let second = try conv2.forward(inner, with: products)
        let output = try bn2.forward(
            insertion?.forward(second, with: products) ?? second, with: products)
        try output.accumulate(shortcut(input, with: products))
        try output.rectify()
        return output
    }

    private func shortcut(_ input: Tensor, with products: any MatrixProducts) throws -> Tensor {
        guard projection.isEmpty else {
            return try projection.reduce(input) { try $1.forward($0, with: products) }
        }
        let places = stride == 1 ? input : try input.subsampled(step: stride)
        guard addedChannels > 0 else { return places }
        return try places.paddedChannels(
            before: addedChannels / 2, behind: addedChannels - addedChannels / 2)
    }
}
