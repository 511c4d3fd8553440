internal import CTorch

/// Batch norm of each channel of [n, c, h, w].
///
///     y = γ·(x − µ)/√(σ² + ε) + β
///
/// While training, µ and σ² (biased) are those of the batch, and the running
/// statistics follow: r ← (1 − m)·r + m·(µ, unbiased σ²). Otherwise µ and σ² are
/// the running statistics.
///
/// - Source: Ioffe, Szegedy, "Batch normalization", 2015; ε and m as in PyTorch.
public final class BatchNorm: Layer {
    public static let epsilon = 1e-5
    /// m, PyTorch's: the weight of the latest batch.
    public static let momentum = 0.1

    public let name: String
    /// γ.
    public let weight: Tensor
    /// β.
    public let bias: Tensor
    public let runningMean: Tensor
    public let runningVariance: Tensor
    /// Whether the batch's own statistics count.
    public var isTraining = false
    /// m of the next batch.
    public var momentum = BatchNorm.momentum

    /// γ = 1, β = 0, mean 0, variance 1.
    public init(_ name: String, channels: Int) throws {
        self.name = name
        weight = try .full(1, shape: [channels])
        bias = try .full(0, shape: [channels])
        runningMean = try .full(0, shape: [channels])
        runningVariance = try .full(1, shape: [channels])
    }

    public var tensors: [NamedTensor] {
        [
            NamedTensor("\(name).weight", weight, .offset),
            NamedTensor("\(name).bias", bias, .offset),
            NamedTensor("\(name).running_mean", runningMean, .statistic),
            NamedTensor("\(name).running_var", runningVariance, .statistic),
        ]
    }

    public func forward(_ input: Tensor, with products: any MatrixProducts) throws -> Tensor {
        try made {
            nvt_batch_norm(
                input.handle, weight.handle, bias.handle, runningMean.handle,
                runningVariance.handle, isTraining, momentum, Self.epsilon, $0)
        }
    }
}
