import ArgumentParser
import HostKit

/// Tells what adapting each block of a deployed network costs.
struct Cost: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Tells what adapting each block of a deployed network costs: latency and energy.",
        discussion: "Training images go through the chip and their errors back; no weight is "
            + "written. A step is one batch: forward, the gradients of activations behind the "
            + "block, those of its weights in static memory beside the chip, and writing it.")

    @OptionGroup var common: CommonOptions
    @OptionGroup var chipOptions: ChipOptions
    @OptionGroup var dataOptions: DataOptions

    @Argument(help: "The deployment file.")
    var deployment = "deployment.json"
    @Option(help: "Training images that the costs of an image are averaged over.")
    var images = 20
    @Option(help: "Images of a step.")
    var batch = 200

    func validate() throws {
        try checkRange("--images", images, 1 ... 65_536)
        try checkRange("--batch", batch, 1 ... 65_536)
    }

    func run() throws {
        try common.start(onOneThread: dataOptions.location == .embeddedDigits)
        let place = try Deployment(contentsOf: deployment)
        let trained = try place.loadCheckpoint(beside: deployment)
        let split = try dataOptions.location.load(for: trained.network)
        let session = try chipOptions.session(bank: place.bank)
        try place.check(session, holds: trained.network, file: deployment)
        let costs = try MeasuredCosts(
            of: trained.network, place, on: session, images: split.training.first(images))
        try Output.print(
            CostTable(
                title: "\(trained.network.name) on chip \(place.chip), a step of \(batch) images",
                batch: batch, layers: costs.layers, engine: costs.engine,
                blocks: BlockCost.table(trained.network, costs: costs.layers, images: batch)),
            json: common.json)
    }
}

private struct CostTable: Encodable, CustomStringConvertible {
    let title: String
    let batch: Int
    let layers: [LayerCost]
    let engine: WeightGradientEngine
    let blocks: [BlockCost]

    var description: String {
        func parts(_ parts: BlockCost.Parts, _ text: (Double) -> String) -> [String] {
            [
                text(parts.forward), text(parts.activationGradient), text(parts.weightGradient),
                text(parts.update), text(parts.total),
            ]
        }
        let names = ["forward", "activations", "weights", "update", "in all"]
        return ResultTable(
            title: title,
            header: ["block", "weights"] + names.map { "τ \($0)" } + names.map { "E \($0)" },
            rows: blocks.map { block in
                [block.block, Format.count(UInt64(block.weights))]
                    + parts(block.latency) { Format.latency(nanoseconds: $0) }
                    + parts(block.energy) { Format.energy(picojoules: $0) }
            },
            notes: [
                "Layers are adapted beside each other: τ is that of the slowest one. E counts forward "
                    + "and the errors of activations once, weights and update of every layer.",
                "The engine of weight gradients holds \(Format.count(UInt64(engine.words))) words "
                    + "of \(WeightGradientEngine.bits) bits.",
            ]
        ).markdown
    }
}
