import ArgumentParser
import HostKit

/// What a tiny shared block is and how its deviations are found.
struct BlockOptions: ParsableArguments {
    @Option(help: "Channels of the block, 5 … 512 (default: by the network, 5 of lenet3).")
    var blockChannels: Int?
    @Option(help: "Layers of the block, 1 … 4 (default: 1).")
    var blockLayers: Int?
    @Option(help: "Places of the network that have it, from the first on (default: all).")
    var insertions: Int?
    @Option(
        help: ArgumentHelp(
            "common: one matrix for all places; separate: one each (default: common; of a block "
                + "that the network has, as it lies)."),
        transform: TinySharedBlock.Tiles.init(argument:))
    var tiles: TinySharedBlock.Tiles?
    @Option(help: "Reads of each cell that are averaged, 1 … 4096 (default: 16).")
    var reads: Int?

    /// The first that was given.
    var given: String? {
        [
            ("--block-channels", blockChannels != nil), ("--block-layers", blockLayers != nil),
            ("--insertions", insertions != nil), ("--tiles", tiles != nil),
            ("--reads", reads != nil),
        ].first(where: \.1)?.0
    }

    func validate() throws {
        try checkRange("--block-channels", blockChannels, SharedBlock.channelsAllowed)
        try checkRange("--block-layers", blockLayers, SharedBlock.layersAllowed)
        try checkRange("--insertions", insertions, 1 ... 1000)
        try checkRange("--reads", reads, 1 ... 4096)
    }

    /// - Parameter epochs: `nil`: the method's own.
    func strategy(epochs: Int?, seed: UInt64) -> TinySharedBlock {
        var method = TinySharedBlock()
        method.channels = blockChannels
        method.layers = blockLayers
        method.insertions = insertions
        method.tiles = tiles
        if let reads { method.reads = reads }
        if let epochs { method.epochs = epochs }
        method.seed = seed
        return method
    }
}

extension TinySharedBlock.Tiles {
    /// As an option names it.
    init(argument: String) throws {
        guard let tiles = Self(rawValue: argument) else {
            throw ValidationError("--tiles must be common or separate, not '\(argument)'.")
        }
        self = tiles
    }
}
