/// What a training run is made of; together with the data and the number of
/// threads it decides the result bit for bit.
public struct TrainingPlan: Equatable, Sendable, Codable {
    public var epochs: Int
    public var batch: Int
    /// The largest learning rate.
    public var rate: Double
    public var optimiser: OptimiserKind
    /// How the rate goes on after the warm-up.
    public var shape = RateShape.cosine
    /// Epochs in which the rate rises along a straight line.
    public var warmUpEpochs = 0
    /// λ of the matrices. Biases and batch norms' γ and β don't decay: that would
    /// move a network's function, not only its scale.
    public var weightDecay = 0.0
    /// Share of each label that is spread evenly over all classes.
    public var labelSmoothing = 0.0
    /// σ of the weight noise while training, relative to a layer's largest
    /// weight; 0: none.
    public var noise: Double
    /// Weights are kept within this many standard deviations of their layer's
    /// start, for a chip's noise is relative to the largest; `nil`: anywhere.
    public var clip: Double?
    /// Images are moved at random by up to so many pixels, 0 … 1; 0: not at all.
    public var shift: Double
    /// Width of the frame that random windows are cut from; 0: no windows.
    public var crop = 0
    /// Whether half of the images are mirrored.
    public var mirrors = false
    /// When to stop before the last epoch; `nil`: never.
    public var stopping: StoppingRule?
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
    /// lenet-8x8 were chosen by the last 300 training images, never by the test's;
    /// those for CIFAR are the common ones, of which nothing was fitted.
    public static func `default`(for model: String) throws -> TrainingPlan {
        switch try ModelName(model).family {
        case .lenet3, .lenet5: return TrainingPlan(rate: 4e-3)
        case .lenet8x8: return TrainingPlan(epochs: 200, rate: 5e-3, shift: 0.75)
        case .vgg8, .vgg11, .vgg16: return cifar(epochs: 20, rate: 0.1)
        case .resnet18, .resnet20, .resnet32, .resnet44, .resnet56, .resnet110, .densenet40:
            return cifar(epochs: 30, rate: 0.2)
        }
    }

    private static func cifar(epochs: Int, rate: Double) -> TrainingPlan {
        var plan = TrainingPlan(
            epochs: epochs, batch: 128, rate: rate, optimiser: .momentum(0.9, isNesterov: true),
            noise: 0)
        plan.warmUpEpochs = 2
        plan.weightDecay = 5e-4
        plan.crop = 4
        plan.mirrors = true
        return plan
    }
}
