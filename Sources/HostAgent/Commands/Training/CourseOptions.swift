import ArgumentParser
import HostKit

/// What a training starts from, when it ends, and whether it is kept meanwhile.
struct CourseOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A safetensors file (PyTorch's state_dict by its names, or a checkpoint) to start from; "
                + "with --epochs 0 it is only measured and written as a checkpoint.",
            valueName: "file"))
    var start: String?
    @Option(
        help: ArgumentHelp(
            "The images that the file of --start was trained on were normalised, (x − mean)/std: "
                + "cifar10, cifar100, imagenet (the usual figures), or six numbers M,M,M,S,S,S, "
                + "means of red, green, blue and then standard deviations. The first convolution "
                + "takes this over exactly; networks of CIFAR's images only.",
            valueName: "statistics"),
        transform: InputNormalisation.init(argument:))
    var normalised: InputNormalisation?
    @Option(
        help: ArgumentHelp(
            "Stop when the accuracy on held-out images under weight noise has not improved for so "
                + "many epochs, and keep the best ones' weights (default: train to the end)."))
    var patience: Int?
    @Option(
        help:
            "σ of that weight noise, 0 … 1 (default: that of the training: --noise or --variation)."
    )
    var patienceNoise: Double?
    @Flag(
        help: ArgumentHelp(
            "Keep the training in OUTPUT.training after each epoch, and continue from there where "
                + "that file is; all other options must be the same."))
    var resume = false

    func validate() throws {
        try checkRange("--patience", patience, 1 ... 10_000)
        if let patienceNoise, !(0 ... 1).contains(patienceNoise) || patience == nil {
            throw ValidationError(
                "--patience-noise must be 0 … 1, beside --patience, not \(patienceNoise).")
        }
        if normalised != nil && start == nil {
            throw ValidationError("--normalised stands beside --start.")
        }
    }

    var startingPoint: TrainingRun.Start? {
        start.map { TrainingRun.Start(file: $0, normalisation: normalised) }
    }

    /// - Precondition: the plan has its noise or variation.
    func apply(to plan: inout TrainingPlan) {
        plan.stopping = patience.map { patience in
            if let patienceNoise { return StoppingRule(patience: patience, noise: patienceNoise) }
            if let variation = plan.variation {
                return StoppingRule(patience: patience, variation: variation)
            }
            return StoppingRule(patience: patience, noise: plan.noise)
        }
    }
}

extension InputNormalisation {
    /// As an option names it.
    init(argument: String) throws {
        guard let normalisation = Self(argument) else {
            let names = Self.named.keys.sorted().joined(separator: ", ")
            throw ValidationError(
                "the statistics must be \(names) or six numbers M,M,M,S,S,S (0 … 1, S above 0), "
                    + "not '\(argument)'.")
        }
        self = normalisation
    }
}
