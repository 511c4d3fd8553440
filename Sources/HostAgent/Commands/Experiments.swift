import ArgumentParser
import Foundation
import HostKit
import Program

/// Repeats a published study.
struct Experiments: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "experiment",
        abstract: "Repeats a published study and writes its table.",
        discussion: "A run that was stopped goes on where it was: finished steps are kept in the "
            + "output folder.",
        subcommands: [
            QAVATTableCommand.self, SelfTuningCommand.self, BatchNormCommand.self,
            SensitivityCommand.self, TinySharedBlockCommand.self, BlockWiseCommand.self,
        ])
}

/// What every experiment takes.
struct ExperimentOptions: ParsableArguments {
    @OptionGroup var common: CommonOptions
    @OptionGroup var dataOptions: DataOptions

    @Option(help: "Chips to try each network on (default: the study's, above).")
    var chips: Int?
    @Option(help: "Test images at most (default: the study's, above).")
    var images: Int?
    @Flag(help: "Few images, few chips: to see that everything works, not for figures.")
    var quick = false
    @Flag(
        help: "Try on training images that are left out of the training: for choosing settings.")
    var heldOut = false
    @Option(
        name: [.short, .long],
        help: "Folder of the results, made where it is missing (default: results/NAME).")
    var output: String?

    /// For a study's help: how many chips and images it takes where nobody says so.
    static func defaults(
        _ usual: (chips: Int, images: Int), quick: (chips: Int, images: Int)
    ) -> String {
        " Defaults: \(usual.chips) chips, \(usual.images) test images; with --quick "
            + "\(quick.chips) and \(quick.images)."
    }

    func validate() throws {
        if let chips, !(1 ... 100_000).contains(chips) {
            throw ValidationError("--chips must be 1 … 100000, not \(chips).")
        }
        if let images, images < 1 {
            throw ValidationError("--images must be 1 or more, not \(images).")
        }
    }

    /// Runs an experiment and prints its table.
    func run<Study: Experiment>(_ experiment: Study) throws {
        let folder = output ?? "results/\(Study.name)"
        let runner = ExperimentRunner(
            folder: folder,
            command: (["hostagent"] + CommandLine.arguments.dropFirst())
                .joined(separator: " "),
            report: { Terminal.error($0) })
        let table = try runner.run(experiment)
        try Output.print(ExperimentSummary(table: table, folder: folder), json: common.json)
    }
}

/// What an experiment on emulated chips takes.
struct DaemonOptions: ParsableArguments {
    @Option(help: "The chip daemon (default: beside this program).")
    var chipd: String?

    func product() throws -> EmulatedChips.Product {
        EmulatedChips.Product(
            daemon: chipd ?? Installation.program("chipd"), specs: try Installation.specs())
    }
}

/// The result of `experiment`.
struct ExperimentSummary: Encodable, CustomStringConvertible {
    let title: String
    let header: [String]
    let rows: [[String]]
    let written: String
    let description: String

    enum CodingKeys: CodingKey { case title, header, rows, written }

    init(table: ResultTable, folder: String) {
        title = table.title
        header = table.header
        rows = table.rows
        written = folder
        description = "\(table.markdown)\nwritten: \(folder)"
    }
}

/// Table I of the QAVAT paper.
struct QAVATTableCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: QAVATTable.name,
        abstract: "Networks of few bits, trained in four ways, on chips whose weights deviate.",
        discussion: "Table I of Deng and Orshansky (DATE 2022): LeNet-5 on MNIST with 2-bit "
            + "activations and weights. With --data digits the small network of the embedded "
            + "digits takes its place."
            + ExperimentOptions.defaults(
                (usual.chips, usual.images), quick: (usual.quick.chips, usual.quick.images)))

    private static let usual = QAVATTable.Settings()

    @OptionGroup var options: ExperimentOptions

    @Option(
        help: "Bits of activations and weights, 2 … 8 each.", transform: BitSetting.init(argument:))
    var bits = Self.usual.bits
    @Option(help: "Standard deviations of the variation within a chip (repeat the option).")
    var sigma = Self.usual.sigmas
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
        if sigma.isEmpty || !sigma.allSatisfy({ $0 >= 0 && $0 <= 10 }) {
            throw ValidationError("--sigma must be 0 … 10.")
        }
        if Set(sigma.map { ($0 * 100).rounded() }).count < sigma.count {
            throw ValidationError("--sigma names a value twice, to two decimals.")
        }
        if let samples, !(1 ... 100).contains(samples) {
            throw ValidationError("--samples must be 1 … 100, not \(samples).")
        }
        if let epochs, !(1 ... 10_000).contains(epochs) {
            throw ValidationError("--epochs must be 1 … 10000, not \(epochs).")
        }
        if let rate, !(rate > 0 && rate <= 10) {
            throw ValidationError("--rate must be above 0 and at most 10, not \(rate).")
        }
    }

    func run() throws {
        let location = options.dataOptions.location
        let isSmall = location == .embeddedDigits
        try options.common.start(isSmall: isSmall)
        try options.run(QAVATTable(settings(isSmall: isSmall), data: location))
    }

    private func settings(isSmall: Bool) -> QAVATTable.Settings {
        var settings = isSmall ? Self.usual.ofDigits : Self.usual
        if options.quick { settings = settings.quick }
        if let chips = options.chips { settings.chips = chips }
        if let images = options.images { settings.images = images }
        if let epochs { (settings.epochsFloat, settings.epochsMethod) = (epochs, epochs) }
        if let samples { settings.samples = samples }
        if let rate { settings.rateMethod = rate }
        settings.bits = bits
        settings.sigmas = sigma
        settings.heldOut = options.heldOut
        settings.seed = options.common.seed
        return settings
    }
}

extension QAVATTable.Settings {
    /// Few of everything.
    fileprivate var quick: Self {
        var settings = self
        (settings.chips, settings.images, settings.trainingImages) = (5, 500, 2_000)
        return settings
    }

    /// For the embedded digits.
    var ofDigits: Self {
        var settings = self
        settings.model = "lenet-8x8"
        (settings.epochsFloat, settings.epochsMethod) = (60, 60)
        return settings
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
