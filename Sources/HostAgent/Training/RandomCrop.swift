/// The usual augmentation of CIFAR's images: each is put in a black frame, a
/// window of its own size is cut out at a random place, and half of them are
/// mirrored left to right.
///
/// - Source: He, Zhang, Ren, Sun, 2016, section 4.2 (frame of 4 pixels).
public struct RandomCrop {
    /// Width of the frame in pixels.
    public let padding: Int
    public let mirrors: Bool
    private let generator: RandomGenerator

    public init(padding: Int, mirrors: Bool, generator: RandomGenerator) {
        precondition(padding >= 0)
        self.padding = padding
        self.mirrors = mirrors
        self.generator = generator
    }

    /// - Shape: `images` and the result are [n, c, h, w].
    public func callAsFunction(_ images: Tensor) throws -> Tensor {
        let count = images.shape[0]
        return try images.cropped(
            rows: places(count), columns: places(count),
            mirrored: generator.uniform(0 ..< (mirrors ? 2 : 1), [count])
                .cast(to: .int64).cast(to: .bool),
            padding: padding)
    }

    /// Corners, uniform in 0 … 2·padding.
    private func places(_ count: Int) throws -> Tensor {
        try generator.uniform(0 ..< Double(2 * padding + 1), [count])
            .clamped(to: 0 ... Double(2 * padding)).cast(to: .int64)
    }
}
