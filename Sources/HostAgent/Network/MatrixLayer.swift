internal import Glibc

/// A convolution or a linear layer: a named matrix that a chip can hold, and
/// where it has one a bias that stays digital.
///
///     y[n, j] = Σ_i x[n, i]·W[i, j] + b[j]
///
/// - Shape: `weight` is [out, in] or [out, in, k, k] as in PyTorch. On a chip it
///   is one matrix of `rows` = in·k·k × `columns` = out; for a convolution x is
///   the unrolled image, one vector for each place of the kernel.
public final class MatrixLayer: Layer {
    public enum Kind: Equatable, Sendable {
        case linear
        case convolution(kernel: Int, stride: Int, padding: Int)
    }

    public let name: String
    public let kind: Kind
    public let weight: Tensor
    /// Whose weight it is: the layer's own name, but where several share one.
    public let weightName: String
    /// Whether it is a part of a shared block.
    public var sharesWeight: Bool { weightName != name }
    public let bias: Tensor?
    /// Standard deviation that the weights started with.
    public let initialDeviation: Double

    /// Where fresh weights are drawn from.
    public enum InitialWeights: Sendable {
        /// U(−1/√rows, 1/√rows).
        case uniform
        /// N(0, 2/rows), after He, Zhang, Ren, Sun, "Delving deep into rectifiers", 2015.
        case heNormal
    }

    /// Draws the weight, and the bias from U(−1/√rows, 1/√rows).
    public init(
        _ name: String, _ kind: Kind, inputs: Int, outputs: Int, hasBias: Bool = true,
        initial: InitialWeights = .uniform, from generator: RandomGenerator
    ) throws {
        self.name = name
        self.kind = kind
        weightName = name
        let kernel = kind.kernel
        let rows = inputs * kernel * kernel
        let bound = 1 / Double(rows).squareRoot()
        let shape = kind == .linear ? [outputs, inputs] : [outputs, inputs, kernel, kernel]
        let drawn: Tensor
        switch initial {
        case .uniform: drawn = try generator.uniform(-bound ..< bound, shape)
        case .heNormal:
            drawn = try generator.normal(shape)
            try drawn.scale(by: (2 / Double(rows)).squareRoot())
        }
        initialDeviation = (initial == .uniform ? bound * bound / 3 : 2 / Double(rows)).squareRoot()
        weight = kind == .linear ? drawn : try drawn.channelsLast()
        bias = hasBias ? try generator.uniform(-bound ..< bound, [outputs]) : nil
    }

    /// A linear layer without bias that multiplies with a weight which others may
    /// multiply with too, and which has a name of its own.
    ///
    /// - Shape: `weight` is [out, in].
    public init(_ name: String, sharing weight: Tensor, named weightName: String) {
        precondition(weight.shape.count == 2)
        self.name = name
        kind = .linear
        self.weight = weight
        self.weightName = weightName
        bias = nil
        // The largest of an identity, so that a bound in deviations leaves it.
        initialDeviation = 1
    }

    /// Rows of the logical matrix: inputs of one product.
    public var rows: Int { weight.shape[1...].reduce(1, *) }
    /// Columns of the logical matrix: outputs of one product.
    public var columns: Int { weight.shape[0] }

    public var tensors: [NamedTensor] {
        [NamedTensor("\(weightName).weight", weight, .weight)]
            + (bias.map { [NamedTensor("\(name).bias", $0, .offset)] } ?? [])
    }

    public func forward(_ input: Tensor, with products: any MatrixProducts) throws -> Tensor {
        let product = try products.product(of: self, with: input)
        guard let bias else { return product }
        switch kind {
        case .linear: return try product.adding(bias)
        case .convolution: return try product.adding(bias.reshaped([1, columns, 1, 1]))
        }
    }

    /// The product by libtorch, with a weight of this layer's shape.
    public func digitalProduct(_ input: Tensor, weight: Tensor) throws(TorchError) -> Tensor {
        switch kind {
        case .linear: try input.linear(weight)
        case .convolution(_, let stride, let padding):
            try input.channelsLast().convolved(with: weight, stride: stride, padding: padding)
        }
    }

    /// `value` as this layer's product, with the gradient of `gain` digital products.
    public func straightThrough(
        _ input: Tensor, value: Tensor, gain: Double = 1
    ) throws(TorchError) -> Tensor {
        let weight = try gain == 1 ? weight : weight.scaled(by: gain)
        return switch kind {
        case .linear: try input.linearStraightThrough(weight, value: value)
        case .convolution(_, let stride, let padding):
            try input.convolvedStraightThrough(
                with: weight, value: value, stride: stride, padding: padding)
        }
    }
}

extension MatrixLayer.Kind {
    /// Width of the kernel; 1 for a linear layer.
    public var kernel: Int {
        switch self {
        case .linear: 1
        case .convolution(let kernel, _, _): kernel
        }
    }
}
