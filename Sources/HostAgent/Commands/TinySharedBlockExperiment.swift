import ArgumentParser
import HostKit

/// The tiny-shared-block study, on emulated chips.
struct TinySharedBlockCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: TinySharedBlockTable.name,
        abstract: "A small trained block, shared by all layers, around an open-loop backbone.",
        discussion: "After the tiny-shared-block study (2024): LeNet-3 on MNIST, or --model "
            + "vgg8-w0.25 on CIFAR-10, on 2-bit cells that this program emulates with a daemon of "
            + "its own: 5 chips, 1000 test images, unless told otherwise. Backbones stopped early, "
            + "deviations swept, the block varied.")

    typealias Part = TinySharedBlockTable.Part

    @OptionGroup var options: ExperimentOptions
    @OptionGroup var daemonOptions: DaemonOptions

    @Option(help: "The backbone (default: lenet3; lenet-8x8 for the embedded digits).")
    var model: String?
    @Option(
        help: "σ of open-loop programming, relative to G_on (repeat the option); stops: the first.")
    var sigma: [Double] = [0.1, 0.2, 0.3, 0.4]
    @Option(help: "Passes of the backbone's whole training (default: 20; digits 60).")
    var epochs: Int?
    @Option(help: "Passes of the block and of retrained layers, 1 … 10 (default: 5; digits 10).")
    var blockEpochs: Int?
    @Option(help: "The backbone's training images at most (default: all; 2000 with --quick).")
    var trainingImages: Int?
    @Option(help: "Training images of the block and of retrained layers (default: 20000).")
    var blockImages: Int?
    @Option(help: "σ while the block's channels, layers, insertions and reads vary.")
    var blockSigma = 0.2

    @Option(
        help: ArgumentHelp(
            "A part of the study: \(Part.allCases.map(\.rawValue).joined(separator: ", ")) "
                + "(repeat the option; default: all)."),
        transform: { try oneOf(Part.self, $0, "the part") })
    var part: [Part] = []
    @Option(help: "σ of one read, also in products, relative to the conductance (default: 0.1).")
    var readNoise = 0.1

    func validate() throws {
        if !(0 ... 1).contains(readNoise) {
            throw ValidationError("--read-noise must be 0 … 1, not \(readNoise).")
        }
        if sigma.isEmpty || !(sigma + [blockSigma]).allSatisfy({ $0 >= 0 && $0 <= 1 }) {
            throw ValidationError("--sigma and --block-sigma must be 0 … 1.")
        }
        if Set(sigma.map { ($0 * 100).rounded() }).count < sigma.count {
            throw ValidationError("--sigma names a value twice, to two decimals.")
        }
        if Set(part).count < part.count { throw ValidationError("--part names one twice.") }
        if let epochs, !(1 ... 10_000).contains(epochs) {
            throw ValidationError("--epochs must be 1 … 10000, not \(epochs).")
        }
        if let blockEpochs, !(1 ... 10).contains(blockEpochs) {
            throw ValidationError("--block-epochs must be 1 … 10, not \(blockEpochs).")
        }
        if let trainingImages, trainingImages < 1 {
            throw ValidationError("--training-images must be 1 or more, not \(trainingImages).")
        }
        if let blockImages, blockImages < 1 {
            throw ValidationError("--block-images must be 1 or more, not \(blockImages).")
        }
        if let model, let name = try? ModelName(model), name.block != nil {
            throw ValidationError("--model must have no shared block, not '\(model)'.")
        }
    }

    func run() throws {
        let location = options.dataOptions.location
        let settings = try settings(isSmall: location == .embeddedDigits)
        let family = try ModelName(settings.model).family
        try options.common.start(isSmall: [.lenet3, .lenet5, .lenet8x8].contains(family))
        try options.run(
            TinySharedBlockTable(settings, data: location, product: daemonOptions.product()))
    }

    private func settings(isSmall: Bool) throws -> TinySharedBlockTable.Settings {
        var settings = TinySharedBlockTable.Settings()
        settings.sigmas = sigma
        settings.ablationSigma = blockSigma
        settings.readNoise = readNoise
        if !part.isEmpty { settings.parts = part }
        if isSmall {
            settings.model = "lenet-8x8"
            (settings.epochs, settings.epochsBlock) = (60, 10)
        }
        if let model { settings.model = model }
        try settings.fitBlock()
        if options.quick { settings.makeQuick() }
        if let chips = options.chips { settings.chips = chips }
        if let images = options.images { settings.images = images }
        if let blockImages { settings.adaptationImages = blockImages }
        if let trainingImages { settings.trainingImages = trainingImages }
        if let epochs { settings.epochs = epochs }
        if let blockEpochs { settings.epochsBlock = blockEpochs }
        settings.heldOut = options.heldOut
        settings.seed = options.common.seed
        return settings
    }
}

extension TinySharedBlockTable.Settings {
    /// Few of everything.
    fileprivate mutating func makeQuick() {
        (chips, images, trainingImages) = (2, 200, 2_000)
        (epochs, epochsBlock) = (min(epochs, 20), min(epochsBlock, 3))
        stops = [0.3, 1]
        ablations.channels = Array(ablations.channels.prefix(2))
        (ablations.layers, ablations.insertions) = ([], [])
        ablations.reads = [1, 16]
    }
}
