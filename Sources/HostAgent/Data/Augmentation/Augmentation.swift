/// Images of a training step with what they show: a share for each class, so that a mixture of
/// two images can say what it is made of.
public struct LabelledImages {
    /// Float32 [n, c, h, w], 0 … 1.
    public var images: Tensor
    /// Float32 [n, classes]; each row sums to 1.
    public var shares: Tensor

    public init(images: Tensor, shares: Tensor) {
        precondition(images.shape[0] == shares.shape[0])
        self.images = images
        self.shares = shares
    }

    /// Images of one class each: `labels` is Int64 [n], 0 ..< classes.
    public init(images: Tensor, labels: Tensor, classes: Int) throws {
        self.init(images: images, shares: try Self.shares(of: labels, classes: classes))
    }

    /// 1 for the class of each label, 0 for all others.
    static func shares(of labels: Tensor, classes: Int) throws -> Tensor {
        var shares = [Float](repeating: 0, count: labels.count * classes)
        for (index, label) in try labels.integers().enumerated() {
            precondition((0 ..< classes).contains(label))
            shares[index * classes + label] = 1
        }
        return try .floats(shares, shape: [labels.count, classes])
    }
}

/// A random change of a training step's images that leaves their meaning, or says how it changes.
///
/// All draws come from `random`, so that a step is repeated by repeating its stream: make it of
/// the seed and the number of the step.
public protocol Augmentation {
    func callAsFunction(
        _ batch: LabelledImages, random: inout RandomStream
    ) throws -> LabelledImages
}
