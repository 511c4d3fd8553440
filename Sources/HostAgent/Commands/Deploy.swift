import ArgumentParser
import HostKit

/// Puts a trained network on a chip.
struct Deploy: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Maps, calibrates and programs a trained network; writes a deployment file.")

    @OptionGroup var common: CommonOptions
    @OptionGroup var chipOptions: ChipOptions
    @OptionGroup var dataOptions: DataOptions

    @Argument(help: "The checkpoint (safetensors).")
    var checkpoint: String
    @Option(
        help: "open-loop, write-verify, or swim: write-verify of the weights that matter most.",
        transform: { try oneOf(WritingMethod.self, $0, "the method") })
    var method = WritingMethod.writeVerify
    @Option(
        help: ArgumentHelp(
            "Of all weights that the method 'swim' write-verifies, 0 … 1 (default: 0.1)."))
    var share: Double?
    @Option(help: "Write-verify's band relative to G_on (default: the technology's).")
    var tolerance: Double?
    @Option(help: "Training images from which the ADC's ranges, and swim's order, are found.")
    var calibrationImages = 256
    @Option(
        help: "differential: a pair of cells a weight (default); offset: one cell.",
        transform: WeightMapping.init(argument:))
    var mapping: WeightMapping?
    @Option(help: "The bank of the chip to use (default: the first analog one).")
    var bank: String?
    @Option(
        help: ArgumentHelp(
            "A layer's own bank, LAYER=BANK; may be repeated.", valueName: "layer=bank"),
        transform: LayerBank.init(argument:))
    var bankOf: [LayerBank] = []
    @Option(
        help: ArgumentHelp("A layer that stays on the host; may be repeated.", valueName: "layer"))
    var digital: [String] = []
    @Flag(
        help: ArgumentHelp(
            "Write tuning columns together with the matrices, for self-tuning; with --update "
                + "all weights are written then."))
    var references = false
    @Flag(help: "Take all matrices off the chip first.")
    var replace = false
    @Flag(
        help: ArgumentHelp(
            "Reuse the matrices of the deployment file; write only weights that differ, and with "
                + "--method swim verify all that it chooses."))
    var update = false
    @Option(name: [.short, .long], help: "The deployment file to write.")
    var output = "deployment.json"

    /// The share of swim at which the source has won back most (chosen).
    private static let shareUsual = 0.1

    func validate() throws {
        if let tolerance, !(tolerance > 0 && tolerance <= 1) {
            throw ValidationError("--tolerance must be above 0 and at most 1, not \(tolerance).")
        }
        if share != nil, method != .swim {
            throw ValidationError(
                "--share belongs to --method swim, not \(method.rawValue).")
        }
        try checkRange("--share", share, 0 ... 1)
        if replace && update {
            throw ValidationError("--replace and --update exclude each other.")
        }
        let kept = [
            ("--bank", bank != nil), ("--bank-of", !bankOf.isEmpty), ("--mapping", mapping != nil),
            ("--digital", !digital.isEmpty),
        ]
        if update, let option = kept.first(where: \.1)?.0 {
            throw ValidationError(
                "\(option) and --update exclude each other: an update keeps the deployment's.")
        }
        let layers = digital + bankOf.map(\.layer)
        if let twice = layers.first(where: { layer in layers.count { $0 == layer } > 1 }) {
            throw ValidationError("--bank-of and --digital name the layer '\(twice)' twice.")
        }
        try checkRange("--calibration-images", calibrationImages, 1...)
    }

    func run() throws {
        try common.start(onOneThread: dataOptions.location == .embeddedDigits)
        let trained = try Checkpoint(contentsOf: checkpoint)
        guard !DataFile.areOne(output, checkpoint) else {
            throw ValidationError("--output names the checkpoint, \(checkpoint).")
        }
        let split = try dataOptions.location.load(for: trained.network)
        try DataFile.checkWritable(output)
        let bank = update ? try Deployment(contentsOf: output).bank : bank
        let session = try chipOptions.session(bank: bank)
        // Until all is written: an update starts from what whoever had the lease has left.
        try session.acquireLease()
        defer { try? session.releaseLease() }
        var old = update ? try Deployment(contentsOf: output) : nil
        // One that was cut short is made good by the next.
        old?.isUpdating = nil
        try old?.check(session, holds: trained.network, file: output)
        var mapper = Mapper(trained.network, scales: trained.scales)
        mapper.mapping = mapping ?? .differential
        mapper.writesReferences = references
        mapper.banks = Dictionary(uniqueKeysWithValues: bankOf.map { ($0.layer, $0.bank) })
        mapper.digital = old.map { Set($0.digital.keys) } ?? Set(digital)
        let images = try split.training.first(calibrationImages)
        if method == .swim { try mapper.verify(share ?? Self.shareUsual, derivativesFrom: images) }
        let options = ProgramOptions(method.ofChip, tolerance: tolerance)
        var (deployment, reports) =
            if let old {
                try mapper.update(
                    old, on: session, checkpoint: checkpoint, calibration: images,
                    options: options
                ) { try $0.write(to: output) }
            } else {
                try mapper.deploy(
                    to: session, checkpoint: checkpoint, calibration: images, options: options,
                    replacing: replace)
            }
        try deployment.write(to: output, holding: checkpoint, digest: trained.digest)
        try Output.print(
            ChipResult(
                title: "\(trained.network.name) on chip \(deployment.chip): "
                    + deployment.places.map(\.text).joined(separator: ", "),
                unverifiedCells: reports.reduce(0) { $0 + $1.program.unverified },
                cost: session.cost, images: split.training.name, written: output),
            json: common.json)
    }
}

extension Deployment.LayerPlace {
    fileprivate var text: String {
        "\(layer) → matrix \(matrix.id)" + (matrix.bank.map { " in \($0)" } ?? "")
    }
}

/// A layer and the bank it goes to, as `--bank-of` names them.
struct LayerBank {
    let layer: String
    let bank: String

    init(argument: String) throws {
        let parts = argument.split(separator: "=", omittingEmptySubsequences: false)
        guard parts.count == 2, !parts.contains("") else {
            throw ValidationError("--bank-of must be LAYER=BANK, not '\(argument)'.")
        }
        (layer, bank) = (String(parts[0]), String(parts[1]))
    }
}

extension WeightMapping {
    init(argument: String) throws {
        guard let mapping = Self(rawValue: argument) else {
            throw ValidationError("the mapping must be differential or offset, not '\(argument)'.")
        }
        self = mapping
    }
}

/// How `deploy` writes, as `--method` names it.
enum WritingMethod: String, CaseIterable {
    case openLoop = "open-loop"
    case writeVerify = "write-verify"
    case swim

    /// Of most weights.
    var ofChip: ProgramOptions.Method { self == .writeVerify ? .writeVerify : .openLoop }
}
