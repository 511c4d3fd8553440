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
    /// weight; 0: none. Nothing beside `variation`.
    public var noise: Double
    /// How the weights of each step's chips deviate; `nil`: as `noise` says.
    public var variation: WeightVariation?
    /// Chips of a step, whose gradients are averaged.
    public var variationSamples = 1
    /// Bits that weights and inputs are rounded to while training; `nil`: floating point.
    public var bits: BitSetting?
    /// Bits of a training in integers, to which `optimiser`, `weightDecay`,
    /// `labelSmoothing`, `noise`, `clip` and `consistency` mean nothing and whose `rate`
    /// is in steps of the weights' grid; `nil`: no such training.
    public var wage: WAGE?
    /// Weights are kept within this many standard deviations of their layer's
    /// start, for a chip's noise is relative to the largest; `nil`: anywhere.
    public var clip: Double?
    /// Images are moved at random by up to so many pixels, 0 … 1; 0: not at all.
    public var shift: Double
    /// Width of the frame that random windows are cut from; 0: no windows.
    public var crop = 0
    /// Whether half of the images are mirrored.
    public var mirrors = false
    /// Other changes of the images, after those.
    public var augmentations: [AugmentationKind] = []
    /// λ of the loss by which what is said of an image and of its views by AugMix is to
    /// agree; 0: AugMix's images are trained on as they are.
    public var consistency = 0.0
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
