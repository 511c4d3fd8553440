import ArgumentParser
import HostKit

/// Sends test images through a deployed network, or through one on the host.
struct Evaluate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Sends test images through a deployed network, or through one on the host.",
        discussion: "Given a checkpoint (.safetensors) in place of a deployment file, no chip is "
            + "needed: the network is evaluated as it was trained, in floating point or few bits, and in "
            + "8-bit integers.")

    @OptionGroup var common: CommonOptions
    @OptionGroup var chipOptions: ChipOptions
    @OptionGroup var dataOptions: DataOptions
    @OptionGroup var shiftOptions: ShiftOptions

    @Argument(help: "The deployment file, or a checkpoint.")
    var deployment = "deployment.json"
    @Option(help: "Test images at most.")
    var images: Int?
    @Option(
        help: ArgumentHelp(
            "Entropy in nats below which an image leaves a network of several exits (default: the "
                + "deployment's choice).", valueName: "nats"))
    var exitEntropy: Double?

    func validate() throws {
        try checkRange("--images", images, 1...)
        if let exitEntropy, !(exitEntropy >= 0) {
            throw ValidationError("--exit-entropy must be 0 or more, not \(exitEntropy).")
        }
    }

    func run() throws {
        try startThreads()
        let result =
            deployment.hasSuffix(".safetensors") ? try onTheHost() : try throughTheChip()
        try Output.print(result, json: common.json)
    }

    private func onTheHost() throws -> EvaluationResult {
        let trained = try Checkpoint(contentsOf: deployment)
        if chipOptions.endpoint != nil {
            throw ValidationError(
                "--endpoint belongs to a deployment; \(deployment) is evaluated on the host.")
        }
        let rule = try exitRule(of: trained.network, else: nil)
        let test = try testImages(for: trained.network)
        let trainedProducts: any MatrixProducts = trained.quantisers?.products ?? FloatProducts()
        let asTrained = try Evaluation.accuracy(
            trained.network, with: trainedProducts, on: test, by: rule)
        let integers = try IntegerProducts(trained.network, scales: trained.scales)
        return EvaluationResult(
            title: "\(trained.network.name) on the host",
            accuracyFloat: trained.quantisers == nil ? asTrained : nil,
            accuracyAsTrained: trained.quantisers == nil ? nil : asTrained,
            bits: trained.quantisers?.bitsText,
            accuracyDigital: try Evaluation.accuracy(
                trained.network, with: integers, on: test, by: rule),
            exits: try exits(of: trained.network, with: integers, on: test, rule) { nil },
            images: "\(test.count) of \(test.name)")
    }

    private func throughTheChip() throws -> EvaluationResult {
        let place = try Deployment(contentsOf: deployment)
        let trained = try place.loadCheckpoint(beside: deployment)
        let rule = try exitRule(of: trained.network, else: place.exitRule)
        let test = try testImages(for: trained.network)
        let session = try chipOptions.session(bank: place.bank)
        try place.check(session, holds: trained.network, file: deployment)
        let products = ChipProducts(session, place)
        // What is left to the host is little; idle threads would spin on the daemon's cores.
        try TorchRuntime.configure(threads: common.threads ?? 1)
        let exits = try exits(of: trained.network, with: products, on: test, rule) { session.cost }
        let line = ProgressLine()
        func progress(_ done: Int) {
            line.show("through chip \(place.chip)", images: done, of: test.count)
        }
        let accuracy =
            try exits?.accuracy
            ?? Evaluation.accuracy(trained.network, with: products, on: test, each: progress)
        line.end()
        try startThreads()
        let digital = try Evaluation.accuracy(
            trained.network, with: IntegerProducts(trained.network, scales: trained.scales),
            on: test, by: rule)
        return EvaluationResult(
            title: "\(trained.network.name) on chip \(place.chip)", accuracyDigital: digital,
            accuracy: accuracy,
            clippedShare: Double(products.clipped) / Double(max(1, products.conversions)),
            exits: exits, cost: session.cost, images: "\(test.count) of \(test.name)")
    }

    private func startThreads() throws {
        try common.start(onOneThread: dataOptions.location == .embeddedDigits)
    }

    private func testImages(for network: Network) throws -> ImageSet {
        try shiftOptions.shift(seed: common.seed)
            .test(for: network, from: dataOptions.location, count: images)
    }

    /// - Parameter deployed: the deployment's.
    private func exitRule(of network: Network, else deployed: ExitRule?) throws -> ExitRule? {
        guard let exitEntropy else { return deployed }
        guard network.exitCount > 1 else {
            throw ValidationError("--exit-entropy needs several exits; \(network.name) has one.")
        }
        return .below(entropy: exitEntropy)
    }

    /// `nil` of a network with one exit.
    ///
    /// - Parameter cost: of the session so far; `nil`: there is none.
    private func exits(
        of network: Network, with products: any MatrixProducts, on test: ImageSet,
        _ rule: ExitRule?, cost: () -> ChipCost?
    ) throws -> ExitResult? {
        guard network.exitCount > 1 else { return nil }
        let start = cost()
        let alone = try Evaluation.exitAccuracies(network, with: products, on: test)
        let between = cost()
        let left = try rule.map {
            try Evaluation.departures(network, with: products, on: test, by: $0)
        }
        let end = cost()
        func spent(_ start: ChipCost?, _ end: ChipCost?) -> ChipCost? {
            start.flatMap { start in end.map { $0.since(start) } }
        }
        return ExitResult(
            alone: alone, costAlone: spent(start, between), rule: rule, left: left,
            cost: rule == nil ? nil : spent(between, end))
    }
}
