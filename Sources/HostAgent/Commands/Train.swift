import ArgumentParser
import HostKit

/// Trains a network on the host and writes a checkpoint.
struct Train: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Trains a network on the host, with the noise of a chip on its weights.")

    @OptionGroup var common: CommonOptions
    @OptionGroup var dataOptions: DataOptions

    @Option(help: "A daemon's endpoint: the weight noise is taken from its chip's data sheet.")
    var endpoint: String?
    @Option(help: "Serial of that chip (default: the only one).")
    var chip: UInt32 = 0

    @Option(
        help:
            "lenet5 (28 × 28 grey) or lenet-8x8 (the embedded digits); default: what fits the data."
    )
    var model: String?
    @Option(help: "Passes over the training images (default: 5; 200 for the embedded digits).")
    var epochs: Int?
    @Option(help: "Images a step.")
    var batch = 64
    @Option(help: "Learning rate at the start of the cosine.")
    var rate: Double?
    @Option(help: "adam or sgd (with momentum 0.9).")
    var optimiser = "adam"
    @Option(
        help: ArgumentHelp(
            "σ of the weight noise while training, relative to a layer's largest weight; 0: none "
                + "(default: 0.07, or the chip's where --endpoint is given)."))
    var noise: Double?
    @Option(
        help: "Keep weights within this many standard deviations of the initial ones; 0: anywhere.")
    var clip = 0.0
    @Option(
        help: "Move images at random by up to so many pixels, 0 … 1 (default: 0.75 for the digits)."
    )
    var shift: Double?
    @Option(
        help: "Training images held out at the end, for choosing settings (default: a twelfth).")
    var holdOut: Int?
    @Option(
        help: "Weight scales: max or mmse.", transform: WeightQuantisation.Method.init(argument:))
    var weightScale = WeightQuantisation.Method.max
    @Option(name: [.short, .long], help: "The checkpoint (safetensors) to write.")
    var output: String?

    func validate() throws {
        if let epochs, !(1 ... 10_000).contains(epochs) {
            throw ValidationError("--epochs must be 1 … 10000, not \(epochs).")
        }
        if !(1 ... 65_536).contains(batch) {
            throw ValidationError("--batch must be 1 … 65536, not \(batch).")
        }
        if let noise, !(0 ... 1).contains(noise) {
            throw ValidationError("--noise must be 0 … 1, not \(noise).")
        }
        if let rate, !(rate > 0 && rate <= 10) {
            throw ValidationError("--rate must be above 0 and at most 10, not \(rate).")
        }
        if let holdOut, holdOut < 0 {
            throw ValidationError("--hold-out must be 0 or more, not \(holdOut).")
        }
        if !["adam", "sgd"].contains(optimiser) {
            throw ValidationError("--optimiser must be adam or sgd, not '\(optimiser)'.")
        }
        if let shift, !(0 ... 1).contains(shift) {
            throw ValidationError("--shift must be 0 … 1, not \(shift).")
        }
        if clip < 0 { throw ValidationError("--clip must be 0 or more, not \(clip).") }
    }

    func run() throws {
        try common.start(isSmall: dataOptions.location == .embeddedDigits)
        let name = model ?? (dataOptions.location == .embeddedDigits ? "lenet-8x8" : "lenet5")
        let path = output ?? "\(name).safetensors"
        try DataFile.checkWritable(path)
        let result = try TrainingRun(
            model: name, data: dataOptions.location, holdOut: holdOut, weightScale: weightScale,
            plan: try plan(name), command: CommandLine.arguments.dropFirst().joined(separator: " ")
        )
        .run(report: { if !common.json { print($0) } })
        try result.checkpoint.write(to: path)
        try Output.print(result.summary(checkpoint: path), json: common.json)
    }

    private func plan(_ name: String) throws -> TrainingPlan {
        var plan = TrainingPlan.default(for: name)
        if let epochs { plan.epochs = epochs }
        if let rate { plan.rate = rate }
        if optimiser == "sgd" {
            plan.optimiser = .momentum(0.9)
            if rate == nil { plan.rate = 0.02 }
        }
        if let shift { plan.shift = shift }
        plan.batch = batch
        if let noise {
            plan.noise = noise
        } else if let endpoint {
            let sheet = try WireChipSession(endpoint: endpoint, chip: chip).dataSheet
            plan.noise = sheet.weightDeviation(
                slices: (8 + sheet.bitsPerCell - 1) / sheet.bitsPerCell)
        }
        plan.clip = clip == 0 ? nil : clip
        plan.seed = common.seed
        return plan
    }
}

extension WeightQuantisation.Method {
    /// As an option names it.
    init(argument: String) throws {
        guard let method = Self(rawValue: argument) else {
            throw ValidationError("the scale must be max or mmse, not '\(argument)'.")
        }
        self = method
    }
}
