import ArgumentParser
import HostKit

/// Batch norm against non-ideal crossbars.
struct BatchNormCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: BatchNormStudy.name,
        abstract: "What batch norms undo of read noise, small windows, drift and wires.",
        discussion: "After Bhattacharjee et al. (2023), with a checkpoint of a network with batch "
            + "norm, on chips that this program emulates with a daemon of its own."
            + ExperimentOptions.defaults(
                (usual.chips, usual.images), quick: (usual.quick.chips, usual.quick.images)))

    private static let usual = BatchNormStudy.Settings()

    typealias Part = BatchNormStudy.Part

    @OptionGroup var options: ExperimentOptions
    @OptionGroup var daemonOptions: DaemonOptions

    @Option(help: "The checkpoint (safetensors) of the network.")
    var network = "results/networks/vgg8-w0.25.safetensors"
    @Option(help: "Training images to adapt with (default: \(Self.usual.adaptationImages)).")
    var adaptationImages: Int?
    @Option(
        help: ArgumentHelp(
            "A part of the study: \(Part.allCases.map(\.rawValue).joined(separator: ", ")) "
                + "(repeat the option; default: all)."),
        transform: { try oneOf(Part.self, $0, "the part") })
    var part: [Part] = []

    func validate() throws {
        try checkRange("--adaptation-images", adaptationImages, 2...)
        if Set(part).count < part.count { throw ValidationError("--part names one twice.") }
    }

    func run() throws {
        try options.common.start(onOneThread: true)
        var settings = options.quick ? Self.usual.quick : Self.usual
        settings.network = network
        if let chips = options.chips { settings.chips = chips }
        if let images = options.images { settings.images = images }
        if let adaptationImages { settings.adaptationImages = adaptationImages }
        if !part.isEmpty { settings.parts = part }
        settings.heldOut = options.heldOut
        settings.seed = options.common.seed
        try options.run(
            BatchNormStudy(
                settings, data: options.dataOptions.location, product: daemonOptions.product()))
    }
}

extension BatchNormStudy.Settings {
    /// Few of everything.
    fileprivate var quick: Self {
        var settings = self
        (settings.chips, settings.images, settings.adaptationImages) = (1, 60, 60)
        (settings.sigmas, settings.ratios) = ([0.1, 0.2], [2, 10])
        settings.ages = [0, 1e10]
        return settings
    }
}
