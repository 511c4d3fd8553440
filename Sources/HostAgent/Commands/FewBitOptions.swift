import ArgumentParser
import HostKit

/// How the studies of networks of few bits train.
struct FewBitOptions: ParsableArguments {
    private static let usual = QAVATTable.Settings()

    @Option(
        help: "Bits of activations and weights, 2 … 8 each.", transform: BitSetting.init(argument:))
    var bits = Self.usual.bits
    @Option(
        help: ArgumentHelp(
            "A checkpoint (safetensors) that all methods start from, in place of a network that is "
                + "trained in floating point first."))
    var network: String?
    @Option(
        help: ArgumentHelp(
            "Training images at most (default: all, or the study's own with --quick)."))
    var trainingImages: Int?
    @Option(help: "Draws of the deviations in a training step (default: \(Self.usual.samples)).")
    var samples: Int?
    @Option(
        help: ArgumentHelp(
            "Passes over the training images, in floating point and again by each method "
                + "(default: \(Self.usual.epochsMethod); digits \(Self.usual.ofDigits.epochsMethod))."
        ))
    var epochs: Int?
    @Option(
        help: ArgumentHelp(
            "Learning rate of the methods at the start of the cosine (default: "
                + "\(Self.usual.rateMethod))."))
    var rate: Double?

    func validate() throws {
        try checkRange("--training-images", trainingImages, 1...)
        try checkRange("--samples", samples, 1 ... 100)
        try checkRange("--epochs", epochs, 1 ... 10_000)
        if let rate, !(rate > 0 && rate <= 10) {
            throw ValidationError("--rate must be above 0 and at most 10, not \(rate).")
        }
    }

    /// Puts what was given into a study's settings.
    func change(_ settings: inout QAVATTable.Settings) throws {
        settings.bits = bits
        if let network { try settings.start(from: network) }
        if let trainingImages { settings.trainingImages = trainingImages }
        if let epochs { (settings.epochsFloat, settings.epochsMethod) = (epochs, epochs) }
        if let samples { settings.samples = samples }
        if let rate { settings.rateMethod = rate }
    }
}

extension BitSetting {
    /// As an option names it.
    init(argument: String) throws {
        guard let bits = Self(argument) else {
            throw ValidationError("the bits must be like A4W2, 2 … 8 each, not '\(argument)'.")
        }
        self = bits
    }
}
