import ArgumentParser
import HostKit

/// How a training steps: passes, rates, and the rule.
struct StepOptions: ParsableArguments {
    @Option(
        help:
            "Passes over the training images (default: lenet3 and lenet5 5, digits 200, VGG 20, ResNet and DenseNet 30)."
    )
    var epochs: Int?
    @Option(help: "Images a step (default: LeNets 64, CIFAR's networks 128).")
    var batch: Int?
    @Option(
        help: ArgumentHelp(
            "The largest learning rate (default: lenet3 and lenet5 0.004, digits 0.005, VGG 0.1, "
                + "ResNet and DenseNet 0.2; with another optimiser than the network's own that of "
                + "--optimiser; with --wage 1, in steps of the weights' grid).")
    )
    var rate: Double?
    @Option(
        help: ArgumentHelp(
            "adam, sgd (with momentum 0.9) or nesterov (default: adam, nesterov for CIFAR's "
                + "networks). Another one than the network's own comes with a rate of its own: "
                + "adam 0.002, sgd and nesterov 0.02."))
    var optimiser: String?
    @Option(
        help:
            "How the rate falls: cosine, linear or step (a tenth at 1/2 and at 3/4) (default: cosine; step with --wage)."
    )
    var schedule: String?
    @Option(help: "Epochs in which the rate rises (default: 2 for CIFAR's networks, else 0).")
    var warmUp: Int?
    @Option(
        help:
            "Weight decay of the matrices, not of biases and batch norms (default: 5e-4 for CIFAR's networks, else 0)."
    )
    var weightDecay: Double?
    @Option(help: "Share of each label that is spread over all classes, 0 … 0.5 (default: 0).")
    var labelSmoothing: Double?

    private static let optimisers: [String: OptimiserKind] = [
        "adam": .adam, "sgd": .momentum(0.9), "nesterov": .momentum(0.9, isNesterov: true),
    ]

    func validate() throws {
        try checkRange("--batch", batch, 1 ... 65_536)
        if let rate, !(rate > 0 && rate <= 10) {
            throw ValidationError("--rate must be above 0 and at most 10, not \(rate).")
        }
        if let optimiser, Self.optimisers[optimiser] == nil {
            throw ValidationError("--optimiser must be adam, sgd or nesterov, not '\(optimiser)'.")
        }
        if let schedule, RateShape(rawValue: schedule) == nil {
            throw ValidationError("--schedule must be cosine, linear or step, not '\(schedule)'.")
        }
        try checkRange("--warm-up", warmUp, 0 ... 1000)
        try checkRange("--weight-decay", weightDecay, 0 ... 1)
        try checkRange("--label-smoothing", labelSmoothing, 0 ... 0.5)
    }

    /// - Parameter epochsMin: 0 where a file is only measured.
    func check(epochsMin: Int) throws {
        try checkRange("--epochs", epochs, epochsMin ... 10_000)
    }

    func apply(to plan: inout TrainingPlan) {
        if let kind = optimiser.flatMap({ Self.optimisers[$0] }) { plan.use(kind) }
        if let epochs { plan.epochs = epochs }
        if let batch { plan.batch = batch }
        if let rate { plan.rate = rate }
        if let shape = schedule.flatMap(RateShape.init) { plan.shape = shape }
        if let warmUp { plan.warmUpEpochs = warmUp }
        if let weightDecay { plan.weightDecay = weightDecay }
        if let labelSmoothing { plan.labelSmoothing = labelSmoothing }
    }
}
