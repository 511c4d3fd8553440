import ArgumentParser
import HostKit

/// The ways to adapt, as `--method` names them.
enum AdaptationMethod: String, CaseIterable {
    case layer, blocks
    case lastLayer = "last-layer"
    case lastLayers = "last-layers"
    case reprogram, gtm
    case gtmAndLTM = "gtm-ltm"
    case ltmOfOneSide = "gtm-ltm-one-side"
    case drift
    case batchNorm = "batch-norm"
    case batchNormMean = "batch-norm-mean"
    case batchNormFineTuning = "batch-norm-fine-tuning"
    case entropy, exit
    case tinySharedBlock = "tiny-shared-block"

    /// As an option names it.
    init(argument: String) throws {
        guard let method = Self(rawValue: argument) else {
            throw ValidationError(
                "--method must be one of \(Self.names), not '\(argument)'.")
        }
        self = method
    }

    static var names: String { allCases.map(\.rawValue).joined(separator: ", ") }

    /// What of `--images` and `--epochs` it takes.
    private var takes: (images: Bool, epochs: Bool) {
        switch self {
        case .reprogram, .gtm, .gtmAndLTM, .ltmOfOneSide, .drift: (false, false)
        case .exit: (true, false)
        case .layer, .blocks, .lastLayer, .lastLayers, .batchNorm, .batchNormMean,
            .batchNormFineTuning, .entropy, .tinySharedBlock:
            (true, true)
        }
    }

    /// Refuses what it would not look at.
    func check(images: Int?, epochs: Int?) throws {
        if images != nil && !takes.images {
            throw ValidationError("--images: the method '\(rawValue)' looks at none.")
        }
        if epochs != nil && !takes.epochs {
            throw ValidationError("--epochs: the method '\(rawValue)' makes no passes.")
        }
    }

    /// - Parameter epochs: `nil`: the method's own.
    func strategy(
        of network: Network, layer: String, _ tuning: FineTuningOptions, _ block: BlockOptions,
        epochs: Int?, seed: UInt64
    ) throws -> any AdaptationStrategy {
        func tuned(_ method: FineTuning) -> FineTuning {
            tuning.applied(to: method, epochs: epochs, seed: seed)
        }
        return switch self {
        case .layer: tuned(FineTuning(layers: [layer]))
        case .blocks: tuned(FineTuning(blocks: try tuning.blocks(of: network), of: network))
        case .lastLayer: tuned(.lastLayer(of: network))
        case .lastLayers: tuned(.lastLayers(of: network))
        case .reprogram: Reprogramming()
        case .gtm: SelfTuningByReferences(.gtm)
        case .gtmAndLTM: SelfTuningByReferences(.gtmAndLTM)
        case .ltmOfOneSide: SelfTuningByReferences(.ltmOfOneSide)
        case .drift: SelfTuningByReferences(.drift)
        case .batchNorm: BatchNormReestimation(passes: epochs ?? 3)
        case .batchNormMean: BatchNormReestimation(averaging: .plain, passes: epochs ?? 1)
        case .batchNormFineTuning: BatchNormFineTuning(epochs: epochs ?? 5, seed: seed)
        case .entropy: EntropyMinimisation(epochs: epochs ?? 1, seed: seed)
        case .exit: ExitSelection()
        case .tinySharedBlock: block.strategy(epochs: epochs, seed: seed)
        }
    }
}

/// Adapts a deployed network on its chip.
struct Adapt: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Adapts a deployed network on its chip; writes a checkpoint and a deployment "
            + "file.",
        discussion:
            "Methods: layer (one layer learns and is written again); blocks (some blocks "
            + "learn); last-layer, last-layers (retrained on the host, then written); reprogram (all weights "
            + "are written again); gtm, gtm-ltm, drift, "
            + "gtm-ltm-one-side (products corrected by tuning columns: variance proportional to "
            + "the weight, layer-fixed, loss by drift, a control); batch-norm, batch-norm-mean "
            + "(statistics measured anew), batch-norm-fine-tuning (γ and β learn from labels), "
            + "entropy (γ and β learn without); exit (where images leave a network of several "
            + "exits); tiny-shared-block (a small block in the network learns around the "
            + "deviations read back, and is written).")

    @OptionGroup var common: CommonOptions
    @OptionGroup var chipOptions: ChipOptions
    @OptionGroup var dataOptions: DataOptions
    @OptionGroup var shiftOptions: ShiftOptions
    @OptionGroup(title: "Options of fine-tuning") var tuning: FineTuningOptions
    @OptionGroup(title: "Options of tiny-shared-block") var block: BlockOptions

    @Argument(help: "The deployment file; rewritten with the adapted checkpoint.")
    var deployment = "deployment.json"
    @Option(help: "How to adapt.", transform: AdaptationMethod.init(argument:))
    var method = AdaptationMethod.layer
    @Option(help: "The layer that the method 'layer' tunes (default: the first).")
    var layer: String?
    @Option(help: "Training images, for methods that need some (default: \(Self.imagesUsual)).")
    var images: Int?
    @Option(help: "Test images at most, before and after (default: all).")
    var testImages: Int?
    @Option(help: "Passes over them (default: the method's own).")
    var epochs: Int?
    @Option(
        help: ArgumentHelp(
            "The adapted checkpoint to write (default: beside the deployment file, "
                + "\(Deployment.adaptedPath(of: "deployment.json")) for deployment.json)."))
    var output: String?

    private static let imagesUsual = 512

    func validate() throws {
        try checkRange("--images", images, 1...)
        try checkRange("--test-images", testImages, 1...)
        try checkRange("--epochs", epochs, 1 ... 10_000)
        if layer != nil && method != .layer {
            throw ValidationError(
                "--layer belongs to the method 'layer', not '\(method.rawValue)'.")
        }
        if let option = block.given, method != .tinySharedBlock {
            throw ValidationError(
                "\(option) belongs to the method 'tiny-shared-block', not '\(method.rawValue)'.")
        }
        try tuning.check(for: method)
        try method.check(images: images, epochs: epochs)
    }

    func run() throws {
        try common.start(onOneThread: dataOptions.location == .embeddedDigits)
        let output = output ?? Deployment.adaptedPath(of: deployment)
        let bank = try Deployment(contentsOf: deployment).bank
        guard !DataFile.areOne(output, deployment) else {
            throw ValidationError("--output names the deployment file, \(deployment).")
        }
        for file in [output, deployment] { try DataFile.checkWritable(file) }
        let session = try chipOptions.session(bank: bank)
        // Until all is written: of two that adapt a chip, the second starts from what the first
        // has left.
        try session.acquireLease()
        defer { try? session.releaseLease() }
        var place = try Deployment(contentsOf: deployment)
        let trained = try place.loadCheckpoint(beside: deployment)
        try DataFile.checkWritable(
            output,
            room: trained.network.tensors.reduce(DataFile.roomOfSmallFiles) {
                $0 + $1.tensor.count * MemoryLayout<Float>.size
            })
        let split = try shiftOptions.shift(seed: common.seed)
            .split(
                for: trained.network, from: dataOptions.location,
                adapting: images ?? Self.imagesUsual, test: testImages)
        let layer = layer ?? trained.network.matrixLayers[0].name
        _ = try trained.network.place(of: layer)
        try place.check(session, holds: trained.network, file: deployment)
        let strategy = try method.strategy(
            of: trained.network, layer: layer, tuning, block, epochs: epochs, seed: common.seed)
        let line = ProgressLine()
        defer { line.end() }
        let report = try AdaptationReport.measuring(
            strategy, of: trained.network, &place, on: session, images: split.training,
            test: split.test, willChange: { try $0.write(to: deployment) }, watch: line.show)
        line.end()
        let digest = try Checkpoint(
            network: trained.network, scales: place.scales(over: trained.scales),
            // Weights that learn leave the grid of few bits that they were trained on.
            quantisers: strategy.writes == .some ? nil : trained.quantisers,
            command: CommandLine.arguments.dropFirst().joined(separator: " "), seed: common.seed
        )
        .write(to: output)
        try place.write(to: deployment, holding: output, digest: digest)
        try Output.print(
            ChipResult(
                title: "\(report.strategy) on chip \(place.chip)", adaptation: report,
                cost: report.cost,
                exit: method == .exit
                    ? place.exitRule?.text(exits: trained.network.exitCount) : nil,
                images: split.test.name, written: "\(output), \(deployment)"),
            json: common.json)
    }
}

extension ProgressLine {
    fileprivate func show(_ stage: AdaptationStage) {
        switch stage {
        case .before(let done, let total): show("before", images: done, of: total)
        case .after(let done, let total): show("after", images: done, of: total)
        case .adapting(let cost): show("adapting: \(cost.line)")
        }
    }
}
