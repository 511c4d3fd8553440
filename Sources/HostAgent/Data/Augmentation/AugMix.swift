/// Mixes each image with chains of simple changes of itself:
///
///     x̃ = (1 − m)·x + m·Σ_k w_k·chain_k(x)      w ~ Dirichlet(1, 1, 1), m ~ Beta(1, 1)
///
/// Each of the three chains is one to three of `AugMixOperation`, drawn for itself, at a strength
/// drawn from 0.1 … severity. The labels stay.
///
/// - Postconditions: 0 ≤ x̃ ≤ 1, for x̃ is a mean of images.
/// - Source: Hendrycks et al. 2020, "AugMix: A simple data processing method to improve robustness
///   and uncertainty": width 3, depth 1 … 3, α = 1; severity 3 is that of the authors' CIFAR runs.
public struct AugMix: Augmentation {
    /// Chains mixed.
    public let width: Int
    /// Most operations in a chain.
    public let depthMax: Int
    /// Largest strength, of 10.
    public let severity: Double

    public init(width: Int = 3, depthMax: Int = 3, severity: Double = 3) {
        precondition(width > 0 && depthMax > 0)
        precondition(severity > 0.1 && severity <= 10)
        self.width = width
        self.depthMax = depthMax
        self.severity = severity
    }

    public func callAsFunction(
        _ batch: LabelledImages, random: inout RandomStream
    ) throws -> LabelledImages {
        let shape = batch.images.shape
        let size = shape[1...].reduce(1, *)
        let values = try batch.images.floats()
        var mixed: [Float] = []
        mixed.reserveCapacity(values.count)
        for index in 0 ..< shape[0] {
            let image = ImagePlanes(
                channels: shape[1], height: shape[2], width: shape[3],
                values: Array(values[index * size ..< (index + 1) * size]))
            mixed += self.mixed(image, random: &random).values
        }
        return LabelledImages(images: try .floats(mixed, shape: shape), shares: batch.shares)
    }

    /// The images themselves and two independent mixtures: what the Jensen–Shannon loss of the
    /// same paper compares.
    public func views(
        _ batch: LabelledImages, random: inout RandomStream
    ) throws -> (clean: Tensor, first: Tensor, second: Tensor) {
        (
            batch.images, try self(batch, random: &random).images,
            try self(batch, random: &random).images
        )
    }

    private func mixed(_ image: ImagePlanes, random: inout RandomStream) -> ImagePlanes {
        // Dirichlet(1, …, 1): exponential numbers over their sum.
        let draws = (0 ..< width).map { _ in random.exponential() }
        let sum = draws.reduce(0, +)
        let share = random.uniform()
        var result = image.map { Float(1 - share) * $0 }
        for draw in draws {
            var chain = image
            for _ in 0 ..< Int.random(in: 1 ... depthMax, using: &random) {
                let operation = AugMixOperation.allCases.randomElement(using: &random)!
                chain = operation(chain, severity: severity, random: &random)
            }
            let weight = Float(share * draw / sum)
            for index in chain.values.indices {
                result.values[index] += weight * chain.values[index]
            }
        }
        return result.map { min(max($0, 0), 1) }
    }
}
