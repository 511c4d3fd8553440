/// What one step of training sees.
struct TrainingBatch {
    /// Float32 [n, c, h, w], 0 … 1.
    let images: Tensor
    /// What they show: labels, Int64 [n], or a share of each class, Float32 [n, classes].
    let targets: Tensor
    /// The same images changed in other ways, for a loss that compares what is said of
    /// them; mostly none.
    var views: [Tensor] = []
}

/// Makes the batches of one epoch. The random numbers depend on the seed and the epoch
/// alone, so that a training goes on from any epoch's end as if never stopped.
struct TrainingBatches {
    private let plan: TrainingPlan
    private let epoch: Int
    private let images: ImageSet
    private let classes: Int
    private let permutation: Tensor
    private let shift: RandomShift?
    private let crop: RandomCrop?

    init(of images: ImageSet, classes: Int, plan: TrainingPlan, epoch: Int) throws {
        func stream(_ purpose: String) throws -> RandomGenerator {
            try RandomGenerator(seed: plan.seed, purpose: "\(purpose), epoch \(epoch)")
        }
        (self.plan, self.epoch, self.images, self.classes) = (plan, epoch, images, classes)
        permutation = try stream("order of images").permutation(images.count)
        shift =
            plan.shift == 0
            ? nil : RandomShift(distance: plan.shift, generator: try stream("shifts of images"))
        crop =
            plan.crop == 0 && !plan.mirrors
            ? nil
            : RandomCrop(
                padding: plan.crop, mirrors: plan.mirrors,
                generator: try stream("windows of images"))
    }

    /// The batch of a step; called for each step once, in order.
    func batch(_ range: Range<Int>, step: Int) throws -> TrainingBatch {
        let (inputs, labels) = try images.batch(permutation.narrowed(range))
        let shifted = try shift?(inputs) ?? inputs
        let moved = try crop?(shifted) ?? shifted
        guard !plan.augmentations.isEmpty else {
            return TrainingBatch(images: moved, targets: labels)
        }
        var random = RandomStream(
            seed: plan.seed, purpose: "augmentation, epoch \(epoch)", index: step)
        let start = try LabelledImages(images: moved, labels: labels, classes: classes)
        return try plan.augmentations.batch(
            start, labels: labels, consistency: plan.consistency, random: &random)
    }
}
