import ArgumentParser
import HostKit

/// Table II of the QAVAT paper, on emulated chips.
struct SelfTuningCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: SelfTuningTable.name,
        abstract: "Chips that differ from each other, corrected by their tuning columns.",
        discussion: "After Table II of Deng and Orshansky (DATE 2022), with LeNet-5 on MNIST and "
            + "2-bit activations and weights, on chips that this program emulates with a daemon of "
            + "its own.")

    @OptionGroup var options: ExperimentOptions
    @OptionGroup var daemonOptions: DaemonOptions

    @Option(help: "Total standard deviations of the variation (repeat the option).")
    var sigma: [Double] = [0.1, 0.3, 0.5]

    func validate() throws {
        if sigma.isEmpty || !sigma.allSatisfy({ $0 >= 0 && $0 <= 1 }) {
            throw ValidationError("--sigma must be 0 … 1.")
        }
        if Set(sigma).count < sigma.count {
            throw ValidationError("--sigma names a value twice.")
        }
    }

    func run() throws {
        let location = options.dataOptions.location
        let isSmall = location == .embeddedDigits
        try options.common.start(isSmall: isSmall)
        try options.run(
            SelfTuningTable(
                settings(isSmall: isSmall), data: location, product: daemonOptions.product()))
    }

    private func settings(isSmall: Bool) -> SelfTuningTable.Settings {
        var settings = SelfTuningTable.Settings()
        settings.training.images = 1_000
        if isSmall {
            settings.training.model = "lenet-8x8"
            (settings.training.epochsFloat, settings.training.epochsMethod) = (60, 60)
        }
        if options.quick {
            settings.training.chips = 3
            (settings.training.images, settings.training.trainingImages) = (200, 2_000)
            (settings.gtmCells, settings.ltmColumns) = ([10, 1000], [16])
        }
        if let chips = options.chips { settings.training.chips = chips }
        if let images = options.images { settings.training.images = images }
        settings.training.heldOut = options.heldOut
        settings.training.seed = options.common.seed
        settings.totals = sigma
        return settings
    }
}
