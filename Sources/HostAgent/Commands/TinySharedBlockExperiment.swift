import ArgumentParser
import HostKit

/// The tiny-shared-block study, on emulated chips.
struct TinySharedBlockCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: TinySharedBlockTable.name,
        abstract: "A small trained block, shared by all layers, around an open-loop backbone.",
        discussion: "After the tiny-shared-block study (2024): LeNet-3 on MNIST, or --model "
            + "vgg8-w0.25 on CIFAR-10, on 2-bit cells that this program emulates with a daemon of "
            + "its own. Backbones stopped early, deviations swept, the block varied."
            + ExperimentOptions.defaults(
                (usual.chips, usual.images), quick: (usual.quick.chips, usual.quick.images)))

    private static let usual = TinySharedBlockTable.Settings()

    typealias Part = TinySharedBlockTable.Part

    @OptionGroup var options: ExperimentOptions
    @OptionGroup var daemonOptions: DaemonOptions

    @Option(
        help: ArgumentHelp(
            "The backbone (default: \(Self.usual.model); \(Self.usual.ofDigits.model) for the embedded "
                + "digits)."))
    var model: String?
    @Option(
        help: "σ of open-loop programming, relative to G_on (repeat the option); stops: the first.")
    var sigma = Self.usual.sigmas
    @Option(
        help: ArgumentHelp(
            "Passes of the backbone's whole training (default: \(Self.usual.epochs); digits "
                + "\(Self.usual.ofDigits.epochs))."))
    var epochs: Int?
    @Option(
        help: ArgumentHelp(
            "Passes of the block and of retrained layers, 1 … 10 (default: \(Self.usual.epochsBlock); "
                + "digits \(Self.usual.ofDigits.epochsBlock))."))
    var blockEpochs: Int?
    @Option(
        help: ArgumentHelp(
            "The backbone's training images at most (default: all; "
                + "\(Self.usual.quick.trainingImages ?? 0) with --quick)."))
    var trainingImages: Int?
    @Option(
        help: ArgumentHelp(
            "Training images of the block and of retrained layers (default: "
                + "\(Self.usual.adaptationImages))."))
    var blockImages: Int?
    @Option(help: "σ while the block's channels, layers, insertions and reads vary.")
    var blockSigma = Self.usual.ablationSigma

    @Option(
        help: ArgumentHelp(
            "A part of the study: \(Part.allCases.map(\.rawValue).joined(separator: ", ")) "
                + "(repeat the option; default: all)."),
        transform: { try oneOf(Part.self, $0, "the part") })
    var part: [Part] = []
    @Option(help: "σ of one read, also in products, relative to the conductance.")
    var readNoise = Self.usual.readNoise

    func validate() throws {
        try checkRange("--read-noise", readNoise, 0 ... 1)
        try checkRange("--sigma", sigma, 0 ... 1)
        try checkRange("--block-sigma", blockSigma, 0 ... 1)
        try checkDistinct(sigmas: sigma)
        if Set(part).count < part.count { throw ValidationError("--part names one twice.") }
        try checkRange("--epochs", epochs, 1 ... 10_000)
        try checkRange("--block-epochs", blockEpochs, 1 ... 10)
        try checkRange("--training-images", trainingImages, 1...)
        try checkRange("--block-images", blockImages, 2...)
        if let model, let name = try? ModelName(model), name.block != nil {
            throw ValidationError("--model must have no shared block, not '\(model)'.")
        }
    }

    func run() throws {
        let location = options.dataOptions.location
        let settings = try settings(isSmall: location == .embeddedDigits)
        let family = try ModelName(settings.model).family
        try options.common.start(onOneThread: [.lenet3, .lenet5, .lenet8x8].contains(family))
        try options.run(
            TinySharedBlockTable(settings, data: location, product: daemonOptions.product()))
    }

    private func settings(isSmall: Bool) throws -> TinySharedBlockTable.Settings {
        var settings = isSmall ? Self.usual.ofDigits : Self.usual
        settings.sigmas = sigma
        settings.ablationSigma = blockSigma
        settings.readNoise = readNoise
        if !part.isEmpty { settings.parts = part }
        if let model { settings.model = model }
        try settings.fitBlock()
        if options.quick { settings = settings.quick }
        if let chips = options.chips { settings.chips = chips }
        if let images = options.images { settings.images = images }
        if let blockImages { settings.adaptationImages = blockImages }
        if let trainingImages { settings.trainingImages = trainingImages }
        if let epochs { settings.epochs = epochs }
        if let blockEpochs { settings.epochsBlock = blockEpochs }
        settings.heldOut = options.heldOut
        settings.seed = options.common.seed
        let stops = settings.stops.map(settings.epochs)
        guard !settings.parts.contains(.stops) || Set(stops).count == stops.count else {
            throw ValidationError(
                "--epochs must be more than \(settings.epochs): stops of the part 'stops' "
                    + "would fall together.")
        }
        return settings
    }
}

extension TinySharedBlockTable.Settings {
    /// Few of everything.
    fileprivate var quick: Self {
        var settings = self
        (settings.chips, settings.images, settings.trainingImages) = (2, 200, 2_000)
        (settings.epochs, settings.epochsBlock) = (min(epochs, 20), min(epochsBlock, 3))
        settings.stops = [0.3, 1]
        settings.ablations.channels = Array(ablations.channels.prefix(2))
        settings.ablations.layers = Array(ablations.layers.prefix(1))
        settings.ablations.insertions = Array(ablations.insertions.prefix(1))
        settings.ablations.reads = [1, 16]
        return settings
    }

    /// For the embedded digits.
    fileprivate var ofDigits: Self {
        var settings = self
        settings.model = "lenet-8x8"
        (settings.epochs, settings.epochsBlock) = (60, 10)
        return settings
    }
}
