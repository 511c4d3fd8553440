/// Where a training run stands.
public struct TrainingProgress: Sendable {
    public let epoch: Int
    public let epochs: Int
    /// Images seen since the start, of all that will be.
    public let images: Int
    public let imagesTotal: Int
    /// Cross entropy of the latest batch; `nil` where it wasn't looked at.
    public let loss: Double?
    /// Whether an epoch just ended.
    public let endsEpoch: Bool
}

/// The epoch whose network a training that may stop early ends with.
public struct BestEpoch: Codable, Equatable, Sendable {
    public let epoch: Int
    /// On held-out images under weight noise.
    public let accuracy: Accuracy
}

/// Trains a network on the host.
public enum Trainer {
    /// Trains the network in place; it ends as its last epoch left it, or where the
    /// plan may stop early as the best one did.
    ///
    /// - Parameters:
    ///   - heldOut: what a plan that may stop early decides by.
    ///   - state: where the training is kept at each epoch's end, and continued
    ///     from; `nil`: nowhere.
    ///   - passes: the products of each step; `nil`: one pass as the plan's `noise` says.
    /// - Returns: the best epoch, where the plan may stop early.
    /// - Throws: `NetworkError.diverged` where a loss that is looked at is no finite
    ///   number; what was kept is then that of an earlier epoch.
    @discardableResult
    public static func train(
        _ network: Network, on images: ImageSet, plan: TrainingPlan, heldOut: ImageSet? = nil,
        state: TrainingState? = nil,
        passes: (any TrainingPasses)? = nil,
        progress: (TrainingProgress) throws -> Void = { _ in }
    ) throws -> BestEpoch? {
        guard network.imageShape == images.imageShape else {
            throw NetworkError.imagesDoNotFit(
                network: network.name, expected: network.imageShape, found: images.imageShape)
        }
        let parameters = network.parameters
        for parameter in parameters { try parameter.tensor.setRequiresGradient() }
        network.setTraining(true)
        defer {
            network.setTraining(false)
            for parameter in parameters { try? parameter.tensor.setRequiresGradient(false) }
        }
        let optimiser = try Optimiser(
            plan.optimiser, parameters: parameters.map(\.tensor),
            decays: parameters.map { $0.role == .weight ? plan.weightDecay : 0 })
        let stopping = try plan.stopping.map {
            guard let heldOut else { throw NetworkError.noHeldOutImages }
            return try EarlyStopping($0, heldOut: heldOut, seed: plan.seed)
        }
        let clip = try plan.clip.map { try WeightClip(network, deviations: $0) }
        let stepsInEpoch = (images.count + plan.batch - 1) / plan.batch
        let schedule = Schedule(
            plan.shape, rate: plan.rate, warmUpSteps: plan.warmUpEpochs * stepsInEpoch,
            steps: plan.epochs * stepsInEpoch)

        let epochsDone =
            try state?.restore(network, optimiser, stopping, plan: plan, images: images) ?? 0
        for epoch in epochsDone ..< plan.epochs {
            if stopping?.isOver(epochsDone: epoch) == true { break }
            let random = try EpochRandomness(plan, epoch: epoch)
            let passes = passes ?? SinglePass(random.products)
            try passes.begin(epoch: epoch)
            let permutation = try random.order.permutation(images.count)
            for (step, range) in images.ranges(of: plan.batch).enumerated() {
                let (inputs, labels) = try images.batch(permutation.narrowed(range))
                let loss = try backward(
                    network, random.augmented(inputs), labels, smoothing: plan.labelSmoothing,
                    passes: passes.passes())
                let ends = step + 1 == stepsInEpoch
                let seen = ends || step % 50 == 0 ? try loss.scalar() : nil
                guard seen?.isFinite != false else {
                    throw NetworkError.diverged(epoch: epoch + 1)
                }
                try optimiser.update(rate: schedule.rate(at: epoch * stepsInEpoch + step))
                try clip?.apply()
                if ends {
                    network.setTraining(false)
                    try stopping?.note(network, epoch: epoch + 1)
                    network.setTraining(true)
                    try state?.save(
                        network, optimiser, stopping, plan: plan, images: images,
                        epochsDone: epoch + 1)
                }
                try progress(
                    TrainingProgress(
                        epoch: epoch + 1, epochs: plan.epochs,
                        images: epoch * images.count + range.upperBound,
                        imagesTotal: plan.epochs * images.count,
                        loss: seen, endsEpoch: ends))
            }
        }
        try stopping?.restoreBest(network)
        return stopping?.best.map { BestEpoch(epoch: $0.epoch, accuracy: $0.accuracy) }
    }

    /// Adds the mean gradient of the passes; the mean of their losses.
    private static func backward(
        _ network: Network, _ inputs: Tensor, _ labels: Tensor, smoothing: Double,
        passes: [any MatrixProducts]
    ) throws -> Tensor {
        let share = 1 / Double(passes.count)
        let losses = try passes.map { products in
            let loss = try network.loss(inputs, labels, smoothing: smoothing, with: products)
            let part = passes.count == 1 ? loss : try loss.scaled(by: share)
            try part.backward()
            return try part.detached()
        }
        return try losses[1...].reduce(losses[0]) { try $0.adding($1) }
    }
}

/// What is random in one epoch. The streams depend on the seed and the epoch
/// alone, so that a training goes on from any epoch's end as if never stopped.
private struct EpochRandomness {
    let order: RandomGenerator
    let products: any MatrixProducts
    private let shift: RandomShift?
    private let crop: RandomCrop?

    init(_ plan: TrainingPlan, epoch: Int) throws {
        func stream(_ purpose: String) throws -> RandomGenerator {
            try RandomGenerator(seed: plan.seed, purpose: "\(purpose), epoch \(epoch)")
        }
        order = try stream("order of images")
        products =
            plan.noise == 0
            ? FloatProducts()
            : NoisyProducts(sigma: plan.noise, generator: try stream("weight noise"))
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

    func augmented(_ images: Tensor) throws -> Tensor {
        let shifted = try shift?(images) ?? images
        return try crop?(shifted) ?? shifted
    }
}

/// Keeps each layer's weights within a bound: `deviations` times the standard
/// deviation of its initial weights.
struct WeightClip {
    private let bounds: [(Tensor, Double)]

    init(_ network: Network, deviations: Double) throws {
        bounds = network.matrixLayers.map {
            ($0.weight, deviations * $0.initialDeviation)
        }
    }

    func apply() throws {
        for (weight, bound) in bounds { try weight.clamp(to: -bound ... bound) }
    }
}
