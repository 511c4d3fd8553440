import ArgumentParser
import HostKit

/// Adaptation by blocks.
struct BlockWiseCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: BlockWiseStudy.name,
        abstract: "Which block of a network should learn when its images change.",
        discussion: "After a thesis on benchmarking test-time adaptation with compute-in-memory, "
            + "with checkpoints of trained networks, on chips that this program emulates with a "
            + "daemon of its own."
            + ExperimentOptions.defaults(
                (usual.chips, usual.images), quick: (usual.quick.chips, usual.quick.images)))

    private static let usual = BlockWiseStudy.Settings()
    private static let networkUsual = "results/networks/vgg8-w0.25.safetensors"

    @OptionGroup var options: ExperimentOptions
    @OptionGroup var daemonOptions: DaemonOptions

    @Option(
        help: ArgumentHelp(
            "A checkpoint (safetensors) of a network; may be repeated (default: \(Self.networkUsual))."
        ))
    var network: [String] = []
    @Option(
        help: ArgumentHelp(
            "A corruption, by its CIFAR-10-C name (repeat the option; default: "
                + "\(Self.usual.corruptions.joined(separator: ", ")))."),
        transform: { try oneOf(Corruption.self, $0, "the corruption") })
    var corruption: [Corruption] = []
    @Option(
        help: ArgumentHelp(
            "A loss: squared-error, cross-entropy or entropy (repeat the option; default: "
                + "\(Self.usual.losses.map(\.rawValue).joined(separator: ", "))); placements and worn "
                + "cells go by the first."),
        transform: { try oneOf(FineTuning.Loss.self, $0, "the loss") })
    var loss: [FineTuning.Loss] = []
    @Option(
        help: "Training images that each chip adapts to (default: \(Self.usual.adaptationImages)).")
    var adaptationImages: Int?
    @Option(
        help: ArgumentHelp(
            "Blocks of a network at most, evenly spaced, 1 … 100 (default: \(Self.usual.blocks))."))
    var blocks: Int?
    @Option(help: "Size of a step in weight codes (default: \(Self.usual.rateCodes)).")
    var rate: Double?
    @Option(help: "Read noise relative to the conductance (default: \(Self.usual.readNoise)).")
    var readNoise: Double?
    @Option(
        help: ArgumentHelp(
            "Pulses that wear each cell of the first network's tiles before it is written again, 1 … 10^8 (repeat the option; "
                + "default: \(Self.usual.pulses.map(String.init).joined(separator: ", ")))."))
    var pulses: [Int] = []

    func validate() throws {
        try checkRange("--adaptation-images", adaptationImages, 2 ... 1_000_000)
        try checkRange("--blocks", blocks, 1 ... 100)
        if let rate, !(rate > 0 && rate <= 127) {
            throw ValidationError("--rate must be above 0 and at most 127, not \(rate).")
        }
        try checkRange("--read-noise", readNoise, 0 ... 1)
        try checkRange("--pulses", pulses, 1 ... 100_000_000)
        for (name, values) in [
            ("--pulses", pulses.map(String.init)), ("--network", network),
            ("--corruption", corruption.map(\.rawValue)), ("--loss", loss.map(\.rawValue)),
        ]
        where Set(values).count < values.count {
            throw ValidationError("\(name) names one twice.")
        }
    }

    func run() throws {
        try options.common.start(onOneThread: true)
        var settings = options.quick ? Self.usual.quick : Self.usual
        settings.networks = network.isEmpty ? [Self.networkUsual] : network
        if let chips = options.chips { settings.chips = chips }
        if let images = options.images { settings.images = images }
        if let adaptationImages { settings.adaptationImages = adaptationImages }
        if let blocks { settings.blocks = blocks }
        if let rate { settings.rateCodes = rate }
        if let readNoise { settings.readNoise = readNoise }
        if !corruption.isEmpty { settings.corruptions = corruption.map(\.rawValue) }
        if !loss.isEmpty { settings.losses = loss }
        if !pulses.isEmpty { settings.pulses = pulses }
        settings.heldOut = options.heldOut
        settings.seed = options.common.seed
        try options.run(
            BlockWiseStudy(
                settings, data: options.dataOptions.location, product: daemonOptions.product()))
    }
}

extension BlockWiseStudy.Settings {
    /// Few of everything.
    fileprivate var quick: Self {
        var settings = self
        (settings.chips, settings.images, settings.adaptationImages) = (1, 30, 20)
        (settings.blocks, settings.epochs, settings.batch) = (2, 1, 10)
        settings.corruptions = Array(settings.corruptions.prefix(1))
        settings.pulses = [1_000_000]
        return settings
    }
}
