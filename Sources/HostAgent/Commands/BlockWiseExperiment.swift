import ArgumentParser
import HostKit

/// Adaptation by blocks.
struct BlockWiseCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: BlockWiseStudy.name,
        abstract: "Which block of a network should learn when its images change.",
        discussion: "After a thesis on benchmarking test-time adaptation with compute-in-memory, "
            + "with checkpoints of trained networks, on chips that this program emulates with a "
            + "daemon of its own.")

    @OptionGroup var options: ExperimentOptions
    @OptionGroup var daemonOptions: DaemonOptions

    @Option(help: "A checkpoint (safetensors) of a network; may be repeated.")
    var network: [String] = []
    @Option(
        help: "A corruption, by its CIFAR-10-C name (repeat the option; default: two of them).",
        transform: { try oneOf(Corruption.self, $0, "the corruption") })
    var corruption: [Corruption] = []
    @Option(help: "Training images that each chip adapts to.")
    var adaptationImages: Int?
    @Option(help: "Blocks of a network at most, evenly spaced, 1 … 100.")
    var blocks: Int?
    @Option(help: "Size of a step in weight codes.")
    var rate: Double?
    @Option(help: "Read noise relative to the conductance.")
    var readNoise: Double?
    @Option(
        help: ArgumentHelp(
            "Pulses that wear each cell before the network comes, 1 … 10^8 (repeat the option)."))
    var pulses: [Int] = []

    func validate() throws {
        if let adaptationImages, adaptationImages < 2 {
            throw ValidationError(
                "--adaptation-images must be 2 or more, not \(adaptationImages).")
        }
        if let blocks, !(1 ... 100).contains(blocks) {
            throw ValidationError("--blocks must be 1 … 100, not \(blocks).")
        }
        if let rate, !(rate > 0 && rate <= 127) {
            throw ValidationError("--rate must be above 0 and at most 127, not \(rate).")
        }
        if let readNoise, !(readNoise >= 0 && readNoise <= 1) {
            throw ValidationError("--read-noise must be 0 … 1, not \(readNoise).")
        }
        if let wrong = pulses.first(where: { !(1 ... 100_000_000).contains($0) }) {
            throw ValidationError("--pulses must be 1 … 100000000, not \(wrong).")
        }
        for (name, values) in [
            ("--pulses", pulses.map(String.init)), ("--network", network),
            ("--corruption", corruption.map(\.rawValue)),
        ]
        where Set(values).count < values.count {
            throw ValidationError("\(name) names one twice.")
        }
    }

    func run() throws {
        try options.common.start(isSmall: options.dataOptions.location == .embeddedDigits)
        var settings = BlockWiseStudy.Settings()
        settings.networks =
            network.isEmpty ? ["results/networks/vgg8-w0.25.safetensors"] : network
        if options.quick {
            (settings.chips, settings.images, settings.adaptationImages) = (1, 30, 20)
            (settings.blocks, settings.epochs, settings.batch) = (2, 1, 10)
            settings.corruptions = Array(settings.corruptions.prefix(1))
            settings.pulses = [1_000_000]
        }
        if let chips = options.chips { settings.chips = chips }
        if let images = options.images { settings.images = images }
        if let adaptationImages { settings.adaptationImages = adaptationImages }
        if let blocks { settings.blocks = blocks }
        if let rate { settings.rateCodes = rate }
        if let readNoise { settings.readNoise = readNoise }
        if !corruption.isEmpty { settings.corruptions = corruption.map(\.rawValue) }
        if !pulses.isEmpty { settings.pulses = pulses }
        settings.heldOut = options.heldOut
        settings.seed = options.common.seed
        try options.run(
            BlockWiseStudy(
                settings, data: options.dataOptions.location, product: daemonOptions.product()))
    }
}
