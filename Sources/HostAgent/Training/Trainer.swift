/// What a training run is made of; together with the data and the number of
/// threads it decides the result bit for bit.
public struct TrainingPlan: Equatable, Sendable {
    public var epochs: Int
    public var batch: Int
    public var rate: Double
    public var optimiser: OptimiserKind
    /// σ of the weight noise while training, relative to a layer's largest
    /// weight; 0: none.
    public var noise: Double
    /// Weights are kept within this many standard deviations of their layer's
    /// start, for a chip's noise is relative to the largest; `nil`: anywhere.
    public var clip: Double?
    /// Images are moved at random by up to so many pixels, 0 … 1; 0: not at all.
    public var shift: Double
    public var seed: UInt64

    public init(
        epochs: Int = 5, batch: Int = 64, rate: Double = 2e-3, optimiser: OptimiserKind = .adam,
        noise: Double = 0.07, clip: Double? = nil, shift: Double = 0,
        seed: UInt64 = 1
    ) {
        self.epochs = epochs
        self.batch = batch
        self.rate = rate
        self.optimiser = optimiser
        self.noise = noise
        self.clip = clip
        self.shift = shift
        self.seed = seed
    }
}

extension TrainingPlan {
    /// The plan that `train` starts from. Width, passes, rate, noise and shift of
    /// lenet-8x8 were chosen by the last 300 training images, never by the test's.
    public static func `default`(for model: String) -> TrainingPlan {
        var plan = TrainingPlan(rate: 4e-3)
        if model == "lenet-8x8" { (plan.epochs, plan.rate, plan.shift) = (200, 5e-3, 0.75) }
        return plan
    }
}

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

/// Trains a network on the host.
public enum Trainer {
    /// Trains the network in place.
    ///
    /// - Parameter passes: the products of each step; `nil`: one pass as the plan's
    ///   `noise` says.
    public static func train(
        _ network: Network, on images: ImageSet, plan: TrainingPlan,
        passes: (any TrainingPasses)? = nil,
        progress: (TrainingProgress) throws -> Void = { _ in }
    ) throws {
        guard network.imageShape == images.imageShape else {
            throw NetworkError.imagesDoNotFit(
                network: network.name, expected: network.imageShape, found: images.imageShape)
        }
        let parameters = network.parameters.map(\.tensor)
        for parameter in parameters { try parameter.setRequiresGradient() }
        defer { for parameter in parameters { try? parameter.setRequiresGradient(false) } }

        let order = try RandomGenerator(seed: plan.seed, purpose: "order of images")
        let passes = try passes ?? SinglePass(products(plan))
        let shift = try shift(plan)
        let optimiser = try Optimiser(plan.optimiser, parameters: parameters)
        let clip = try plan.clip.map { try WeightClip(network, deviations: $0) }
        let stepsInEpoch = (images.count + plan.batch - 1) / plan.batch
        let schedule = CosineSchedule(rate: plan.rate, steps: plan.epochs * stepsInEpoch)

        for epoch in 0 ..< plan.epochs {
            let permutation = try order.permutation(images.count)
            for (step, range) in images.ranges(of: plan.batch).enumerated() {
                let (inputs, labels) = try images.batch(permutation.narrowed(range))
                let loss = try backward(
                    network, shift?(inputs) ?? inputs, labels, passes: passes.passes())
                try optimiser.update(rate: schedule.rate(at: epoch * stepsInEpoch + step))
                try clip?.apply()
                let ends = step + 1 == stepsInEpoch
                try progress(
                    TrainingProgress(
                        epoch: epoch + 1, epochs: plan.epochs,
                        images: epoch * images.count + range.upperBound,
                        imagesTotal: plan.epochs * images.count,
                        loss: ends || step % 50 == 0 ? try loss.scalar() : nil, endsEpoch: ends))
            }
        }
    }

    /// Adds the mean gradient of the passes; the mean of their losses.
    private static func backward(
        _ network: Network, _ inputs: Tensor, _ labels: Tensor, passes: [any MatrixProducts]
    ) throws -> Tensor {
        let share = 1 / Double(passes.count)
        let losses = try passes.map { products in
            let loss = try network.scores(inputs, with: products).crossEntropy(labels)
                .scaled(by: share)
            try loss.backward()
            return try loss.detached()
        }
        return try losses[1...].reduce(losses[0]) { try $0.adding($1) }
    }

    private static func shift(_ plan: TrainingPlan) throws -> RandomShift? {
        guard plan.shift > 0 else { return nil }
        return RandomShift(
            distance: plan.shift,
            generator: try RandomGenerator(seed: plan.seed, purpose: "shifts of images"))
    }

    private static func products(_ plan: TrainingPlan) throws -> any MatrixProducts {
        guard plan.noise > 0 else { return FloatProducts() }
        return NoisyProducts(
            sigma: plan.noise,
            generator: try RandomGenerator(seed: plan.seed, purpose: "weight noise"))
    }
}

/// Keeps each layer's weights within a bound: `deviations` times the standard
/// deviation of its initial weights, 1/√(3·rows).
struct WeightClip {
    private let bounds: [(Tensor, Double)]

    init(_ network: Network, deviations: Double) throws {
        bounds = network.matrixLayers.map {
            ($0.weight, deviations / (3 * Double($0.rows)).squareRoot())
        }
    }

    func apply() throws {
        for (weight, bound) in bounds { try weight.clamp(to: -bound ... bound) }
    }
}
