/// One step of a network.
///
/// Every matrix product is a `MatrixLayer` with a name, which a chip may take
/// over; the other layers are digital and hold no weights.
public protocol Layer {
    func forward(_ input: Tensor, with products: any MatrixProducts) throws -> Tensor
    /// The matrix layers inside, in the order of the data.
    var matrixLayers: [MatrixLayer] { get }
}

extension Layer {
    public var matrixLayers: [MatrixLayer] { [] }
}

/// max(0, x).
public struct ReLU: Layer {
    public init() {}
    public func forward(_ input: Tensor, with products: any MatrixProducts) throws -> Tensor {
        try input.rectified()
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

/// [n, c, h, w] → [n, c·h·w], the channel slowest.
public struct Flatten: Layer {
    public init() {}
    public func forward(_ input: Tensor, with products: any MatrixProducts) throws -> Tensor {
        let shape = input.shape
        return try input.reshaped([shape[0], shape[1...].reduce(1, *)])
    }
}
