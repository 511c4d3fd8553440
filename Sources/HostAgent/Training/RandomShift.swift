/// Moves each image of a batch by its own random distance, so that a small data
/// set shows every digit in more places:
///
///     x̃[n, c, i, j] = Σ_a Σ_b v_a·h_b·x[n, c, i + a, j + b],   a, b ∈ {−1, 0, 1}
///     v = (max(0, −d), 1 − |d|, max(0, d)),   d ~ U(−s, s) for each image;  h alike
///
/// which is the linear interpolation of the image moved by less than a pixel.
/// Beyond the edge there is nothing: zero.
public struct RandomShift {
    /// s, in pixels, 0 … 1.
    public let distance: Double
    private let generator: RandomGenerator

    public init(distance: Double, generator: RandomGenerator) {
        precondition((0 ... 1).contains(distance))
        self.distance = distance
        self.generator = generator
    }

    /// - Shape: `images` and the result are [n, c, h, w].
    public func callAsFunction(_ images: Tensor) throws -> Tensor {
        let (n, c, h, w) = (
            images.shape[0], images.shape[1], images.shape[2], images.shape[3]
        )
        let vertical = try shares(n).reshaped([n, 3, 1])
        let horizontal = try shares(n).reshaped([n, 1, 3])
        let kernels = try vertical.multiplied(by: horizontal).reshaped([n, 1, 1, 9])
        let neighbours = try images.contiguous().unrolled(kernel: 3, stride: 1, padding: 1)
        return try kernels.matrixProduct(neighbours.reshaped([n, c, 9, h * w]))
            .reshaped([n, c, h, w])
    }

    /// What the three neighbours in a line count for: [n, 3].
    private func shares(_ count: Int) throws -> Tensor {
        let d = try generator.uniform(-distance ..< distance, [count, 1])
        return try .concatenated(
            [
                d.scaled(by: -1).rectified(), d.absolute().scaled(by: -1, offset: 1), d.rectified(),
            ], dimension: 1)
    }
}
