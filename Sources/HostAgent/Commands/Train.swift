import ArgumentParser
import HostKit

/// Trains a network on the host and writes a checkpoint.
struct Train: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Trains a network on the host, with the noise of a chip on its weights.")

    @OptionGroup var common: CommonOptions
    @OptionGroup var dataOptions: DataOptions

    @Option(help: "A daemon's endpoint: the weight noise is taken from its chip's data sheet.")
    var endpoint: String?
    @Option(help: "Serial of that chip (default: the only one).")
    var chip: UInt32 = 0

    @Option(
        help: ArgumentHelp(
            "\(ModelName.forms); default: lenet-8x8 for the embedded digits, else lenet5."))
    var model: String?
    @Option(
        help: "Passes over the training images (default: lenet5 5, digits 200, VGG 20, ResNet 30).")
    var epochs: Int?
    @Option(help: "Images a step (default: LeNets 64, CIFAR's networks 128).")
    var batch: Int?
    @Option(help: "The largest learning rate.")
    var rate: Double?
    @Option(
        help:
            "adam, sgd (with momentum 0.9) or nesterov (default: adam, nesterov for CIFAR's networks)."
    )
    var optimiser: String?
    @Option(help: "How the rate falls: cosine, linear or step (a tenth at 1/2 and at 3/4).")
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
    @Option(
        help:
            "Frame in pixels from which random windows are cut, 0 … 16 (default: 4 for CIFAR's networks, else 0)."
    )
    var crop: Int?
    @Flag(
        inversion: .prefixedNo,
        help: "Mirror half of the images (default: CIFAR's networks only).")
    var mirror: Bool?
    @Option(
        help: ArgumentHelp(
            "Stop when the accuracy on held-out images under weight noise has not improved for so "
                + "many epochs, and keep the best ones' weights (default: train to the end)."))
    var patience: Int?
    @Option(help: "σ of that weight noise, 0 … 1 (default: that of --noise).")
    var patienceNoise: Double?
    @Option(
        help: ArgumentHelp(
            "A safetensors file (PyTorch's state_dict by its names, or a checkpoint) to start from; "
                + "with --epochs 0 it is only measured and written as a checkpoint."))
    var start: String?
    @Option(
        help: "Entropy in nats below which a test image leaves a network of several exits.")
    var exitEntropy = 0.5
    @Option(help: "Use the first so many training images only.")
    var images: Int?
    @Flag(
        help: ArgumentHelp(
            "Keep the training in OUTPUT.training after each epoch, and continue from there where "
                + "that file is; all other options must be the same."))
    var resume = false
    @Option(
        help: ArgumentHelp(
            "σ of the weight noise while training, relative to a layer's largest weight; 0: none "
                + "(default: LeNets 0.07, CIFAR's networks 0, or the chip's where --endpoint is given)."
        ))
    var noise: Double?
    @Option(
        help: "Keep weights within this many standard deviations of the initial ones; 0: anywhere.")
    var clip = 0.0
    @Option(
        help: "Move images at random by up to so many pixels, 0 … 1 (default: 0.75 for the digits)."
    )
    var shift: Double?
    @Option(
        help: "Training images held out at the end, for choosing settings (default: a twelfth).")
    var holdOut: Int?
    @Option(
        help: "Weight scales: max or mmse.", transform: WeightQuantisation.Method.init(argument:))
    var weightScale = WeightQuantisation.Method.max
    @Option(name: [.short, .long], help: "The checkpoint (safetensors) to write.")
    var output: String?

    func validate() throws {
        let epochsMin = start == nil ? 1 : 0
        if let epochs, !(epochsMin ... 10_000).contains(epochs) {
            throw ValidationError("--epochs must be \(epochsMin) … 10000, not \(epochs).")
        }
        if let patience, !(1 ... 10_000).contains(patience) {
            throw ValidationError("--patience must be 1 … 10000, not \(patience).")
        }
        if let patienceNoise, !(0 ... 1).contains(patienceNoise) || patience == nil {
            throw ValidationError(
                "--patience-noise must be 0 … 1, beside --patience, not \(patienceNoise).")
        }
        if !(exitEntropy >= 0) {
            throw ValidationError("--exit-entropy must be 0 or more, not \(exitEntropy).")
        }
        if let batch, !(1 ... 65_536).contains(batch) {
            throw ValidationError("--batch must be 1 … 65536, not \(batch).")
        }
        if let noise, !(0 ... 1).contains(noise) {
            throw ValidationError("--noise must be 0 … 1, not \(noise).")
        }
        if let rate, !(rate > 0 && rate <= 10) {
            throw ValidationError("--rate must be above 0 and at most 10, not \(rate).")
        }
        if let holdOut, holdOut < 0 {
            throw ValidationError("--hold-out must be 0 or more, not \(holdOut).")
        }
        if let optimiser, Self.optimisers[optimiser] == nil {
            throw ValidationError("--optimiser must be adam, sgd or nesterov, not '\(optimiser)'.")
        }
        if let schedule, RateShape(rawValue: schedule) == nil {
            throw ValidationError("--schedule must be cosine, linear or step, not '\(schedule)'.")
        }
        if let warmUp, !(0 ... 1000).contains(warmUp) {
            throw ValidationError("--warm-up must be 0 … 1000, not \(warmUp).")
        }
        if let weightDecay, !(0 ... 1).contains(weightDecay) {
            throw ValidationError("--weight-decay must be 0 … 1, not \(weightDecay).")
        }
        if let labelSmoothing, !(0 ... 0.5).contains(labelSmoothing) {
            throw ValidationError("--label-smoothing must be 0 … 0.5, not \(labelSmoothing).")
        }
        if let crop, !(0 ... 16).contains(crop) {
            throw ValidationError("--crop must be 0 … 16, not \(crop).")
        }
        if let images, images < 1 {
            throw ValidationError("--images must be 1 or more, not \(images).")
        }
        if let shift, !(0 ... 1).contains(shift) {
            throw ValidationError("--shift must be 0 … 1, not \(shift).")
        }
        if !(0 ... 1e6).contains(clip) {
            throw ValidationError("--clip must be 0 … 1000000, not \(clip).")
        }
    }

    func run() throws {
        try common.start(isSmall: dataOptions.location == .embeddedDigits)
        let name = model ?? (dataOptions.location == .embeddedDigits ? "lenet-8x8" : "lenet5")
        let path = output ?? "\(name).safetensors"
        try DataFile.checkWritable(path)
        let state = resume ? TrainingState(path: "\(path).training") : nil
        let result = try TrainingRun(
            model: name, data: dataOptions.location, holdOut: holdOut, weightScale: weightScale,
            plan: try plan(name), state: state, imagesMax: images,
            startWeights: start, exitEntropy: exitEntropy,
            command: CommandLine.arguments.dropFirst().joined(separator: " ")
        )
        .run(report: { if !common.json { Output.line($0) } })
        try result.checkpoint.write(to: path)
        try state?.remove()
        try Output.print(result.summary(checkpoint: path), json: common.json)
    }

    private static let optimisers: [String: OptimiserKind] = [
        "adam": .adam, "sgd": .momentum(0.9), "nesterov": .momentum(0.9, isNesterov: true),
    ]

    private func plan(_ name: String) throws -> TrainingPlan {
        var plan = try TrainingPlan.default(for: name)
        if let epochs { plan.epochs = epochs }
        if let kind = optimiser.flatMap({ Self.optimisers[$0] }), kind != plan.optimiser {
            plan.optimiser = kind
            plan.rate = kind == .adam ? 2e-3 : 0.02
        }
        if let rate { plan.rate = rate }
        if let shape = schedule.flatMap(RateShape.init) { plan.shape = shape }
        if let warmUp { plan.warmUpEpochs = warmUp }
        if let weightDecay { plan.weightDecay = weightDecay }
        if let labelSmoothing { plan.labelSmoothing = labelSmoothing }
        if let crop { plan.crop = crop }
        if let mirror { plan.mirrors = mirror }
        if let shift { plan.shift = shift }
        if let batch { plan.batch = batch }
        if let noise {
            plan.noise = noise
        } else if let endpoint {
            let sheet = try WireChipSession(endpoint: endpoint, chip: chip).dataSheet
            plan.noise = sheet.weightDeviation(
                slices: (8 + sheet.bitsPerCell - 1) / sheet.bitsPerCell)
        }
        plan.stopping = patience.map {
            StoppingRule(patience: $0, noise: patienceNoise ?? plan.noise)
        }
        plan.clip = clip == 0 ? nil : clip
        plan.seed = common.seed
        return plan
    }
}

extension WeightQuantisation.Method {
    /// As an option names it.
    init(argument: String) throws {
        guard let method = Self(rawValue: argument) else {
            throw ValidationError("the scale must be max or mmse, not '\(argument)'.")
        }
        self = method
    }
}
