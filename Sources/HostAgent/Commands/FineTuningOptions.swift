import ArgumentParser
import HostKit

/// What `adapt`'s methods that write weights again take.
struct FineTuningOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Of the method 'blocks': a block that learns, by name or number from 0; may be "
                + "repeated (default: all).", valueName: "block"))
    var block: [String] = []
    @Option(
        help: "Of 'blocks': squared-error, cross-entropy (default), or entropy, without labels.",
        transform: { try oneOf(FineTuning.Loss.self, $0, "the loss") })
    var loss: FineTuning.Loss?
    @Flag(help: "Of 'blocks': errors and steps of 8 bits (WAGE) instead of floating point.")
    var wage = false
    @Option(help: "Of 'blocks': steps from one writing to the next (default: 1).")
    var writeEvery: Int?
    @Option(
        help: "How weights are written: open-loop or write-verify (default).",
        transform: { try oneOf(ProgramOptions.Method.self, $0, "the way to write") })
    var program: ProgramOptions.Method?
    @Option(
        help: ArgumentHelp(
            "Size of a step in weight codes (default: 2; 4 with --wage). On the chip, without --wage, a layer "
                + "of more than 25 inputs a product takes smaller ones, as 25 to their number."))
    var rate: Double?
    @Option(help: "Images of a step (default: 128).")
    var batch: Int?

    func validate() throws {
        try checkRange("--write-every", writeEvery, 1...)
        if let rate, !(rate > 0 && rate <= 127) {
            throw ValidationError("--rate must be above 0 and at most 127, not \(rate).")
        }
        try checkRange("--batch", batch, 1...)
    }

    /// Refuses options of another method.
    func check(for method: AdaptationMethod) throws {
        let ofBlocks = [
            ("--block", !block.isEmpty), ("--loss", loss != nil), ("--wage", wage),
            ("--write-every", writeEvery != nil),
        ]
        if method != .blocks, let option = ofBlocks.first(where: \.1)?.0 {
            throw ValidationError(
                "\(option) belongs to the method 'blocks', not '\(method.rawValue)'.")
        }
        let ofWriting = [
            ("--program", program != nil), ("--rate", rate != nil), ("--batch", batch != nil),
        ]
        let methods: [AdaptationMethod] = [.layer, .blocks, .lastLayer, .lastLayers]
        if !methods.contains(method), let option = ofWriting.first(where: \.1)?.0 {
            throw ValidationError(
                "\(option) belongs to the methods "
                    + methods.map { "'\($0.rawValue)'" }.joined(separator: ", ")
                    + ", not '\(method.rawValue)'.")
        }
    }

    /// `tuning` with what was asked for.
    func applied(to tuning: FineTuning, epochs: Int?, seed: UInt64) -> FineTuning {
        FineTuning(
            layers: tuning.layers, title: tuning.title, loss: loss ?? tuning.loss,
            rule: wage ? .wage(WAGE()) : .adam,
            loop: writeEvery.map { .chip(every: $0) } ?? tuning.loop,
            method: program ?? tuning.method, epochs: epochs ?? tuning.epochs,
            batch: batch ?? tuning.batch, rateCodes: rate, seed: seed)
    }

    /// The blocks that were named; none: all.
    func blocks(of network: Network) throws -> [Block] {
        let blocks = try block.map(network.block(namedOrNumbered:))
        let names = blocks.map(\.name)
        if let twice = names.first(where: { name in names.count { $0 == name } > 1 }) {
            throw ValidationError("--block names the block '\(twice)' twice.")
        }
        return blocks.isEmpty ? network.blocks : blocks
    }
}

extension Network {
    /// A block by name, or by number from 0.
    fileprivate func block(namedOrNumbered text: String) throws -> Block {
        guard let number = Int(text), blocks.indices.contains(number) else {
            return try block(text)
        }
        return blocks[number]
    }
}
