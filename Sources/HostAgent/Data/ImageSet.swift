/// Images with their labels.
public struct ImageSet {
    /// For tables: "MNIST test (first 5,000)".
    public let name: String
    /// UInt8 [n, c, h, w].
    public let pixels: Tensor
    /// Int64 [n].
    public let labels: Tensor
    /// The pixel value that means 1.
    public let pixelMax: Int

    public init(name: String, pixels: Tensor, labels: Tensor, pixelMax: Int) {
        precondition(pixels.shape[0] == labels.count)
        self.name = name
        self.pixels = pixels
        self.labels = labels
        self.pixelMax = pixelMax
    }

    public var count: Int { labels.count }
    /// Channels, height, width.
    public var imageShape: [Int] { Array(pixels.shape[1...]) }

    /// Images `range`; shares the pixels.
    public func narrowed(_ range: Range<Int>, name: String? = nil) throws -> ImageSet {
        ImageSet(
            name: name ?? self.name, pixels: try pixels.narrowed(range),
            labels: try labels.narrowed(range), pixelMax: pixelMax)
    }

    /// At most the first `count` images.
    public func first(_ count: Int) throws -> ImageSet {
        count >= self.count ? self : try narrowed(0 ..< count)
    }

    /// Images `range` as Float32 0…1, and their labels.
    public func batch(_ range: Range<Int>) throws -> (images: Tensor, labels: Tensor) {
        (try inputs(pixels.narrowed(range)), try labels.narrowed(range))
    }

    /// The images that `index` (Int64) names, as Float32 0…1, and their labels.
    public func batch(_ index: Tensor) throws -> (images: Tensor, labels: Tensor) {
        (try inputs(pixels.selected(index)), try labels.selected(index))
    }

    private func inputs(_ pixels: Tensor) throws -> Tensor {
        try pixels.cast(to: .float32).scaled(by: 1 / Double(pixelMax))
    }

    /// 0 ..< count in pieces of at most `size`.
    public func ranges(of size: Int) -> [Range<Int>] {
        stride(from: 0, to: count, by: size).map { $0 ..< min(count, $0 + size) }
    }
}

/// Images to train on, and images that only the final figure uses.
public struct DataSplit {
    public let training: ImageSet
    public let test: ImageSet

    public init(training: ImageSet, test: ImageSet) {
        self.training = training
        self.test = test
    }

    /// The training images without the last `count`, and those.
    public func holdOut(_ count: Int) throws -> (training: ImageSet, validation: ImageSet) {
        let rest = training.count - count
        guard count >= 0, rest > 0 else {
            throw DataError.wrongContent(
                file: training.name, expected: "more than the \(count) images to hold out",
                found: "\(training.count)")
        }
        return (
            try training.narrowed(0 ..< rest),
            try training.narrowed(
                rest ..< training.count, name: "last \(training.count - rest) training images")
        )
    }
}
