import ArgumentParser
import HostKit

/// Table II of the QAVAT paper, on emulated chips.
struct SelfTuningCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: SelfTuningTable.name,
        abstract: "Chips that differ from each other, corrected by their tuning columns.",
        discussion: "After Table II of Deng and Orshansky (DATE 2022), with LeNet-5 on MNIST and "
            + "2-bit activations and weights, or a --network of your own, on chips that this "
            + "program emulates with a daemon of its own."
            + ExperimentOptions.defaults(
                (usual.training.chips, usual.training.images),
                quick: (usual.quick.training.chips, usual.quick.training.images)))

    private static let usual = SelfTuningTable.Settings.usual

    @OptionGroup var options: ExperimentOptions
    @OptionGroup var daemonOptions: DaemonOptions
    @OptionGroup var training: FewBitOptions

    @Option(help: "Total standard deviations of the variation (repeat the option).")
    var sigma = Self.usual.totals

    func validate() throws {
        try checkRange("--sigma", sigma, 0 ... 1)
        // A chip's and its cells' part, by whose two decimals a study tells them apart.
        try checkDistinct(sigmas: sigma.map { $0 / 2.0.squareRoot() }, " of σ/√2")
    }

    func run() throws {
        let location = options.dataOptions.location
        let isSmall = location == .embeddedDigits
        try options.common.start(onOneThread: isSmall)
        try options.run(
            SelfTuningTable(
                settings(isSmall: isSmall), data: location, product: daemonOptions.product()))
    }

    private func settings(isSmall: Bool) throws -> SelfTuningTable.Settings {
        var settings = options.quick ? Self.usual.quick : Self.usual
        if isSmall { settings.training = settings.training.ofDigits }
        try training.change(&settings.training)
        if let chips = options.chips { settings.training.chips = chips }
        if let images = options.images { settings.training.images = images }
        settings.training.heldOut = options.heldOut
        settings.training.seed = options.common.seed
        settings.totals = sigma
        return settings
    }
}

extension SelfTuningTable.Settings {
    /// Products of a chip take their time.
    fileprivate static var usual: Self {
        var settings = Self()
        settings.training.images = 1_000
        return settings
    }

    /// Few of everything.
    fileprivate var quick: Self {
        var settings = self
        settings.training.chips = 3
        (settings.training.images, settings.training.trainingImages) = (200, 2_000)
        (settings.gtmCells, settings.ltmColumns) = ([10, 1000], [16])
        return settings
    }
}
