public import Protocol

/// Training of a tiny shared block around the deviations of one chip.
///
/// The matrices on the chip are read, and the block, an identity at first, learns on the
/// host between layers that have the weights read; then it is written by write-verify.
/// Nothing that was on the chip before is written again, so that the deployment stays good
/// until the block is in it, should this be cut short; fresh matrices then keep their tiles.
/// The network gets the block's insertions; one that has them already goes on from there,
/// and its block's matrices are written.
///
/// - Source: the tiny-shared-block study (2024): Adam, the rate 1e-3 (LeNet-3, ResNet-18) or
///   1e-4 (VGG-8), at most 10 epochs, noise of σ = 0.03 on the block's weights.
public struct TinySharedBlock: AdaptationStrategy {
    /// Which cells the insertions use.
    public enum Tiles: String, CaseIterable, Sendable, Codable {
        /// One matrix for all.
        case common
        /// One each, with the same codes.
        case separate
    }

    /// `nil`: `Network.blockChannels`.
    public var channels: Int?
    public var layers: Int?
    /// `nil`: all.
    public var insertions: Int?
    /// `nil`: as a block of the network has them; a new one: common.
    public var tiles: Tiles?
    /// Reads of a cell that are averaged (chosen: the experiment shows how many are enough).
    public var reads = 16
    public var epochs = 10
    /// `nil`: the study's.
    public var rate: Double?
    /// `nil`: the one that the network is trained with.
    public var batch: Int?
    /// σ on the block's weights, relative to their largest.
    public var noise = 0.03
    /// Of write-verify, relative to G_on: σ of about 0.03 after ten pulses, by (P-3) of
    /// firmware-specs/device.md.
    public var tolerance = 0.03
    /// Images that the ADC's ranges and the inputs' scales are found from.
    public var calibrationImages = 256
    public var seed: UInt64 = 1

    public init() {}

    public var name: String {
        "tiny shared block" + (tiles.map { ", \($0.rawValue) tiles" } ?? "")
    }
    public var data: AdaptationData { .labelledImages }

    public func check(_ network: Network, _ deployment: Deployment) throws {
        try prepare(network.copy(), deployment)
    }

    public func adapt(
        _ network: Network, _ deployment: inout Deployment, on session: any ChipSession,
        images: ImageSet
    ) throws {
        _ = try adapted(network, &deployment, on: session, images: images)
    }

    /// The same; the products that the block has learned with, but for the noise: what it
    /// would do if it could be written exactly and nothing was off but what was read.
    ///
    /// - Parameter held: weights that were read before; `nil`: they are read now.
    func adapted(
        _ network: Network, _ deployment: inout Deployment, on session: any ChipSession,
        images: ImageSet, held known: (any LayerWeights)? = nil,
        progress: (TrainingProgress) throws -> Void = { _ in }
    ) throws -> any MatrixProducts {
        let (name, blocks) = (network.name, network.blocks)
        var fresh: [ChipMatrix] = []
        // Held until fresh matrices are off the chip again, should something fail.
        try session.acquireLease()
        defer { try? session.releaseLease() }
        do {
            try prepare(network, deployment)
            let held =
                try known
                ?? ReadBackWeights(of: network, deployment, on: session, repeats: reads)
            let matrices = try place(network.blockLayers, deployment, on: session, &fresh)
            return try learn(
                network, &deployment, held, matrices, on: session, images: images, progress)
        } catch {
            try? fresh.reversed().forEach(session.unmap)
            (network.name, network.blocks) = (name, blocks)
            throw error
        }
    }

    private func learn(
        _ network: Network, _ deployment: inout Deployment, _ held: any LayerWeights,
        _ matrices: [ChipMatrix], on session: any ChipSession, images: ImageSet,
        _ progress: (TrainingProgress) throws -> Void
    ) throws -> any MatrixProducts {
        let block = network.blockLayers
        let names = Set(block.map(\.name))
        let learning = try LearningAroundWeights(
            held: held, learning: names, noise: noise,
            sharesCells: Set(matrices.map(\.id)).count < matrices.count, plan: plan(for: network))
        try learning.train(network, on: images, progress: progress)
        _ = try learning.write(
            Array(zip(block, matrices)), of: network, in: &deployment, on: session,
            calibration: images.first(calibrationImages),
            options: ProgramOptions(.writeVerify, tolerance: tolerance))
        return learning.products
    }

    /// Puts the block in, or refuses one of another shape than the network's.
    private func prepare(_ network: Network, _ deployment: Deployment) throws {
        guard network.blockLayers.isEmpty else {
            try checkKept(network, deployment)
            return
        }
        try network.insert(
            SharedBlock.Shape(
                channels: channels ?? network.blockChannels, layers: layers ?? 1,
                insertions: insertions))
    }

    private func checkKept(_ network: Network, _ deployment: Deployment) throws {
        let shape = try ModelName(network.name).block
        let places = Set(network.blockLayers.compactMap(\.blockPlace)).count
        let found = [shape?.channels ?? 0, shape?.layers ?? 0, places]
        guard zip([channels, layers, insertions], found).allSatisfy({ $0 == nil || $0 == $1 })
        else { throw SharedBlockError.otherShape(network: network.name) }
        guard let tiles else { return }
        for part in Dictionary(grouping: network.blockLayers, by: \.weightName).values {
            let matrices = part.compactMap { layer in
                deployment.places.first { $0.layer == layer.name }?.matrix.id
            }
            let isCommon = Set(matrices).count < matrices.count
            if matrices.count > 1, isCommon != (tiles == .common) {
                throw SharedBlockError.otherTiles(
                    network: network.name, found: isCommon ? .common : .separate)
            }
        }
    }

    /// A matrix for each of the block's layers: those of the deployment, else fresh ones.
    private func place(
        _ layers: [MatrixLayer], _ deployment: Deployment, on session: any ChipSession,
        _ fresh: inout [ChipMatrix]
    ) throws -> [ChipMatrix] {
        var known: [String: ChipMatrix] = [:]
        return try layers.map { layer in
            if let place = deployment.places.first(where: { $0.layer == layer.name }) {
                return place.matrix
            }
            let cells = tiles == .separate ? layer.name : layer.weightName
            if let matrix = known[cells] { return matrix }
            let matrix = try session.map(
                MatrixRequest(
                    name: cells, rows: layer.rows, columns: layer.columns,
                    mapping: deployment.places.first?.matrix.mapping ?? .differential))
            known[cells] = matrix
            fresh.append(matrix)
            return matrix
        }
    }

    private func plan(for network: Network) throws -> TrainingPlan {
        let family = try ModelName(network.name).family
        var plan = TrainingPlan.retraining(
            try .default(for: network.name), epochs: epochs, seed: seed)
        plan.rate = rate ?? ([.vgg8, .vgg11, .vgg16].contains(family) ? 1e-4 : 1e-3)
        if let batch { plan.batch = batch }
        return plan
    }
}

extension TrainingPlan {
    /// A plan's images as they are, with Adam from the start.
    static func retraining(_ plan: TrainingPlan, epochs: Int, seed: UInt64) -> TrainingPlan {
        var plan = plan
        plan.epochs = epochs
        plan.optimiser = .adam
        plan.warmUpEpochs = 0
        plan.weightDecay = 0
        plan.noise = 0
        plan.clip = nil
        plan.stopping = nil
        plan.seed = seed
        return plan
    }
}

/// What keeps a block from a network.
public enum SharedBlockError: StatusError, Equatable {
    case otherShape(network: String)
    case otherTiles(network: String, found: TinySharedBlock.Tiles)

    public var description: String {
        switch self {
        case .otherShape(let network):
            "\(network) has a shared block of another shape, which stays: leave its options out"
        case .otherTiles(let network, let found):
            "\(network) has its shared block in \(found.rawValue) tiles, which stay: leave --tiles "
                + "out"
        }
    }
    public var exitStatus: ExitStatus { .usage }
}
