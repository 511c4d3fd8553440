import ArgumentParser
import HostKit

/// Trains a network on the host and writes a checkpoint.
struct Train: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Trains a network on the host, with the noise of a chip on its weights.",
        discussion: "With --bits a network of few bits for a chip, with --variation one for chips "
            + "that deviate, with --wage one that also learns in integers.")

    @OptionGroup var common: CommonOptions
    @OptionGroup var dataOptions: DataOptions

    @Option(
        help: ArgumentHelp(
            "\(ModelName.forms); default: lenet-8x8 for the embedded digits, else lenet5."))
    var model: String?
    @OptionGroup(title: "Steps") var steps: StepOptions
    @OptionGroup(title: "Images") var images: TrainingImageOptions
    @OptionGroup(title: "Weights and arithmetic") var weights: WeightOptions
    @OptionGroup(title: "Start and end") var course: CourseOptions
    @Option(
        help: "Entropy in nats below which a test image leaves a network of several exits.")
    var exitEntropy = 0.5
    @Option(name: [.short, .long], help: "The checkpoint (safetensors) to write.")
    var output: String?

    func validate() throws {
        if !(exitEntropy >= 0) {
            throw ValidationError("--exit-entropy must be 0 or more, not \(exitEntropy).")
        }
        try steps.check(epochsMin: course.start == nil ? 1 : 0)
        guard weights.wage else { return }
        let without = [
            ("--optimiser", steps.optimiser != nil), ("--weight-decay", steps.weightDecay != nil),
            ("--label-smoothing", steps.labelSmoothing != nil), ("--start", course.start != nil),
            (
                "--augment augmix with its consistency loss (--consistency 0 goes without)",
                images.consistencyLoss > 0
            ),
        ]
        if let option = without.first(where: \.1)?.0 {
            throw ValidationError("--wage goes without \(option).")
        }
    }

    func run() throws {
        try common.start(onOneThread: dataOptions.location == .embeddedDigits)
        let name = model ?? (dataOptions.location == .embeddedDigits ? "lenet-8x8" : "lenet5")
        let path = output ?? "\(name).safetensors"
        try DataFile.checkWritable(path)
        let state = course.resume ? TrainingState(path: "\(path).training") : nil
        let result = try TrainingRun(
            model: name, data: dataOptions.location, holdOut: images.holdOut,
            weightScale: weights.weightScale ?? .max, plan: try plan(name), state: state,
            imagesMax: images.images, start: course.startingPoint, exitEntropy: exitEntropy,
            command: CommandLine.arguments.dropFirst().joined(separator: " ")
        )
        .run(report: { if !common.json { Output.line($0) } })
        try result.checkpoint.write(to: path)
        try state?.remove()
        try Output.print(result.summary(checkpoint: path), json: common.json)
    }

    private func plan(_ name: String) throws -> TrainingPlan {
        var plan = try TrainingPlan.default(for: name)
        try weights.apply(to: &plan)
        steps.apply(to: &plan)
        images.apply(to: &plan)
        course.apply(to: &plan)
        plan.seed = common.seed
        return plan
    }
}
