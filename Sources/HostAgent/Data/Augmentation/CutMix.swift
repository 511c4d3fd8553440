/// Pastes a rectangle of another image of the same step into each image, and mixes the labels by
/// area:
///
///     x̃ = M·x + (1 − M)·x_π      ỹ = λ·y + (1 − λ)·y_π      λ = 1 − r_w·r_h/(w·h)
///
/// M is 0 inside the rectangle, π a permutation of the step's images. Before it is cut at the edge
/// the rectangle has the sides w·√(1 − λ₀) and h·√(1 − λ₀) with λ₀ ~ Beta(1, 1), which is U(0, 1);
/// its centre is anywhere. One rectangle and one permutation a step.
///
/// Source: Yun et al. 2019, "CutMix: Regularization strategy to train strong classifiers with
/// localizable features", algorithm 1; the probability is that of the authors' CIFAR commands.
public struct CutMix: Augmentation {
    /// Share of the steps that are mixed at all.
    public let probability: Double

    public init(probability: Double = 0.5) {
        precondition((0 ... 1).contains(probability))
        self.probability = probability
    }

    public func callAsFunction(
        _ batch: LabelledImages, random: inout RandomStream
    ) throws -> LabelledImages {
        guard random.uniform() < probability else { return batch }
        let shape = batch.images.shape
        let (height, width) = (shape[2], shape[3])
        let side = (1 - random.uniform()).squareRoot()
        let rectangle = Rectangle(
            height: Int(Double(height) * side), width: Int(Double(width) * side), inHeight: height,
            width: width, random: &random)
        let order = (0 ..< Int64(shape[0])).shuffled(using: &random)
        let permutation = try Tensor.integers(order, shape: [order.count])

        let mask = rectangle.mask(height: height, width: width)
        let keep = try Tensor.floats(mask, shape: [1, 1, height, width])
        let paste = try Tensor.floats(mask.map { 1 - $0 }, shape: [1, 1, height, width])
        let share = 1 - Double(rectangle.area) / Double(height * width)
        return LabelledImages(
            images: try batch.images.multiplied(by: keep).adding(
                batch.images.selected(permutation).multiplied(by: paste)),
            shares: try batch.shares.scaled(by: share).adding(
                batch.shares.selected(permutation), times: 1 - share))
    }
}
