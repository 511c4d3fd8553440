import ArgumentParser
import HostKit

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
    @OptionGroup var training: FewBitOptions

    @Option(help: "Standard deviations of the variation within a chip (repeat the option).")
    var sigma = Self.usual.sigmas

    func validate() throws {
        try checkRange("--sigma", sigma, 0 ... 10)
        try checkDistinct(sigmas: sigma)
    }

    func run() throws {
        let location = options.dataOptions.location
        let isSmall = location == .embeddedDigits
        try options.common.start(onOneThread: isSmall)
        try options.run(QAVATTable(settings(isSmall: isSmall), data: location))
    }

    private func settings(isSmall: Bool) throws -> QAVATTable.Settings {
        var settings = isSmall ? Self.usual.ofDigits : Self.usual
        if options.quick { settings = settings.quick }
        if let chips = options.chips { settings.chips = chips }
        if let images = options.images { settings.images = images }
        try training.change(&settings)
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
