import ArgumentParser
import HostKit

/// Sends test images through a deployed network.
struct Evaluate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Sends test images through a deployed network.")

    @OptionGroup var common: CommonOptions
    @OptionGroup var chipOptions: ChipOptions
    @OptionGroup var dataOptions: DataOptions

    @Argument(help: "The deployment file.")
    var deployment = "deployment.json"
    @Option(help: "Test images at most.")
    var images: Int?

    func validate() throws {
        if let images, images < 1 {
            throw ValidationError("--images must be at least 1, not \(images).")
        }
    }

    func run() throws {
        try common.start(isSmall: dataOptions.location == .embeddedDigits)
        let place = try Deployment(contentsOf: deployment)
        let trained = try Checkpoint(contentsOf: place.checkpointPath(beside: deployment))
        let split = try dataOptions.location.load(for: trained.network)
        let test = try split.test.first(images ?? split.test.count)
        let session = try chipOptions.session(bank: place.bank)
        try place.check(session, holds: trained.network, file: deployment)
        let products = ChipProducts(session, place)
        // What is left to the host is little; idle threads would spin on the daemon's cores.
        try TorchRuntime.configure(threads: common.threads ?? 1)
        let line = ProgressLine()
        let accuracy = try Evaluation.accuracy(trained.network, with: products, on: test) {
            line.show("through chip \(place.chip)", images: $0, of: test.count)
        }
        line.end()
        try common.start(isSmall: dataOptions.location == .embeddedDigits)
        let digital = try Evaluation.accuracy(
            trained.network, with: IntegerProducts(trained.network, scales: trained.scales),
            on: test)
        try Output.print(
            ChipResult(
                title: "\(trained.network.name) on chip \(place.chip)", accuracy: accuracy,
                accuracyDigital: digital,
                clippedShare: Double(products.clipped) / Double(max(1, products.conversions)),
                cost: session.cost, images: "\(test.count) of \(split.test.name)"),
            json: common.json)
    }
}
