import ArgumentParser
import HostKit

/// Sensitivity of architectures.
struct SensitivityCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: SensitivityStudy.name,
        abstract: "Residual networks of several depths, widths, kernels and exits on deviating "
            + "cells.",
        discussion: "Networks are trained on CIFAR-10 first, then tried on chips that this program "
            + "emulates with a daemon of its own."
            + ExperimentOptions.defaults(
                (usual.chips, usual.images), quick: (usual.quick.chips, usual.quick.images)))

    private static let usual = SensitivityStudy.Settings()

    @OptionGroup var options: ExperimentOptions
    @OptionGroup var daemonOptions: DaemonOptions

    @Option(
        help: ArgumentHelp(
            "A network to try, such as resnet20-w8 (repeat the option; default: "
                + "\(Self.usual.networks.joined(separator: ", "))).")
    )
    var network: [String] = []
    @Option(help: "Passes over the training images (default: \(Self.usual.epochs)).")
    var epochs: Int?
    @Option(
        help: ArgumentHelp(
            "Training images at most (default: \(Self.usual.trainingImages); "
                + "\(Self.usual.quick.trainingImages) with --quick)."))
    var trainingImages: Int?
    @Option(
        help: ArgumentHelp(
            "Standard deviations of the cells (repeat the option; default: "
                + "\(Self.usual.sigmas.map { "\($0)" }.joined(separator: ", ")))."))
    var sigma: [Double] = []

    func validate() throws {
        try checkRange("--epochs", epochs, 1 ... 10_000)
        try checkRange("--training-images", trainingImages, 1...)
        try checkRange("--sigma", sigma, 0 ... 1)
        try checkDistinct(sigmas: sigma)
        for name in network where try !ModelName(name).family.isResidualForCIFAR {
            throw ValidationError("--network must be of the ResNets for CIFAR, not '\(name)'.")
        }
        if Set(network).count < network.count {
            throw ValidationError("--network names one twice.")
        }
        let classes = try Set(network.map { try ModelName($0).classes }).sorted()
        if classes.count > 1 {
            throw ValidationError(
                "--network names networks of \(classes[0]) and of \(classes[1]) classes; all of a "
                    + "study learn the same images.")
        }
    }

    func run() throws {
        try options.common.start()
        var settings = options.quick ? Self.usual.quick : Self.usual
        if !network.isEmpty { settings.networks = network }
        if !sigma.isEmpty { settings.sigmas = sigma }
        if let epochs { settings.epochs = epochs }
        if let trainingImages { settings.trainingImages = trainingImages }
        if let chips = options.chips { settings.chips = chips }
        if let images = options.images { settings.images = images }
        settings.heldOut = options.heldOut
        settings.seed = options.common.seed
        try options.run(
            SensitivityStudy(
                settings, data: options.dataOptions.location, product: daemonOptions.product()))
    }
}

extension SensitivityStudy.Settings {
    /// Few of everything.
    fileprivate var quick: Self {
        var settings = self
        settings.networks = ["resnet20-w8", "resnet56-w8-e3"]
        settings.sigmas = [0, 0.2]
        (settings.chips, settings.images) = (2, 50)
        (settings.trainingImages, settings.epochs) = (1_000, 1)
        return settings
    }
}
