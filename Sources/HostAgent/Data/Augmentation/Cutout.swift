/// Hides a square of each image: zero in all channels, the centre anywhere in the image, so that
/// part of the square may lie outside. The labels stay.
///
/// Zero is the mean where images are normalised first and black where they are not.
///
/// Source: DeVries, Taylor 2017, "Improved regularization of convolutional neural networks with
/// Cutout": 16 × 16 pixels on CIFAR-10, 8 × 8 on CIFAR-100.
public struct Cutout: Augmentation {
    /// Pixels.
    public let side: Int

    public init(side: Int = 16) {
        precondition(side > 0)
        self.side = side
    }

    public func callAsFunction(
        _ batch: LabelledImages, random: inout RandomStream
    ) throws -> LabelledImages {
        let shape = batch.images.shape
        let masks = (0 ..< shape[0]).flatMap { _ in
            Rectangle(
                height: side, width: side, inHeight: shape[2], width: shape[3], random: &random
            ).mask(height: shape[2], width: shape[3])
        }
        let mask = try Tensor.floats(masks, shape: [shape[0], 1, shape[2], shape[3]])
        return LabelledImages(
            images: try batch.images.multiplied(by: mask), shares: batch.shares)
    }
}
