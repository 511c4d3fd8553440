/// One step of a network, made of others or of tensors of its own.
///
/// Every matrix product is a `MatrixLayer` with a name, which a chip may take
/// over; all else is digital.
public protocol Layer {
    func forward(_ input: Tensor, with products: any MatrixProducts) throws -> Tensor
    /// The layers inside, in the order of the data; their names are whole.
    var children: [any Layer] { get }
    /// What the layer itself holds, without its children.
    var tensors: [NamedTensor] { get }
}

/// A tensor of a network by its PyTorch name ("layer1.0.bn1.running_mean").
public struct NamedTensor {
    public enum Role: Sendable {
        /// Learned: the matrix of a convolution or linear layer.
        case weight
        /// Learned: a bias, or the scale or offset of a batch norm.
        case offset
        /// Measured in the forward pass: a running mean or variance.
        case statistic
    }

    public let name: String
    public let tensor: Tensor
    public let role: Role

    public init(_ name: String, _ tensor: Tensor, _ role: Role) {
        self.name = name
        self.tensor = tensor
        self.role = role
    }
}

extension Layer {
    public var children: [any Layer] { [] }
    public var tensors: [NamedTensor] { [] }

    /// The layer and all inside it, in the order of the data.
    public var all: [any Layer] { [self] + children.flatMap(\.all) }
    /// The matrix layers inside, in the order of the data.
    public var matrixLayers: [MatrixLayer] { all.compactMap { $0 as? MatrixLayer } }
}

/// max(0, x).
public struct ReLU: Layer {
    private let isInPlace: Bool

    /// - Parameter isInPlace: whether the input is overwritten, which saves its
    ///   memory: allowed behind a layer that doesn't need its output again.
    public init(isInPlace: Bool = false) { self.isInPlace = isInPlace }

    public func forward(_ input: Tensor, with products: any MatrixProducts) throws -> Tensor {
        guard isInPlace else { return try input.rectified() }
        try input.rectify()
        return input
    }
}

/// The largest value of each kernel × kernel square; the squares don't overlap.
public struct MaxPool: Layer {
    public let kernel: Int
    public init(kernel: Int) { self.kernel = kernel }
    public func forward(_ input: Tensor, with products: any MatrixProducts) throws -> Tensor {
        try input.maxPooled(kernel: kernel)
    }
}

/// The mean of each kernel × kernel square.
public struct AveragePool: Layer {
    public let kernel: Int
    public init(kernel: Int) { self.kernel = kernel }
    public func forward(_ input: Tensor, with products: any MatrixProducts) throws -> Tensor {
        try input.averagePooled(kernel: kernel)
    }
}

/// The mean of each channel: [n, c, s, s] → [n, c].
public struct GlobalAveragePool: Layer {
    public init() {}
    public func forward(_ input: Tensor, with products: any MatrixProducts) throws -> Tensor {
        let shape = input.shape
        precondition(shape[2] == shape[3])
        return try input.averagePooled(kernel: shape[2]).reshaped([shape[0], shape[1]])
    }
}

/// [n, c, h, w] → [n, c·h·w], the channel slowest.
public struct Flatten: Layer {
    public init() {}
    public func forward(_ input: Tensor, with products: any MatrixProducts) throws -> Tensor {
        let shape = input.shape
        return try input.reshaped([shape[0], shape[1...].reduce(1, *)])
    }
}
