extension TinySharedBlockStudy {
    /// Energy (pJ), latency and interval (ns) of an image on chip 1, and tiles: of the
    /// backbone, with the block on a common tile, on separate ones.
    func costStep(_ name: String, folder: String) -> ExperimentStep {
        let images = min(test.count, 20)
        return ExperimentStep(
            name: name, images: 3 * images, figures: 4 * (1 + TinySharedBlock.Tiles.allCases.count),
            summary: { _ in "done" }
        ) { _ in
            let backbone = try Checkpoint(contentsOf: file(settings.stops.last ?? 1, folder))
            let population = try chips(sigma: settings.sigmas[0], withBlock(TinySharedBlock()))
            let session = try population.session(chip: 1)
            try session.acquireLease()
            defer { try? session.releaseLease() }
            let free = try session.tilesFree(inBank: session.dataSheet.bank)
            let deployment = try deploy(backbone, to: session)
            let batch = try test.first(images)
            func figures(_ network: Network, _ deployment: Deployment) throws -> [Double] {
                let cost = CostedProducts(session, deployment)
                _ = try Evaluation.accuracy(network, with: cost, on: batch)
                return cost.figures(images: images) + [
                    Double(free - (try session.tilesFree(inBank: session.dataSheet.bank)))
                ]
            }
            var all = try figures(backbone.network, deployment)
            for tiles in TinySharedBlock.Tiles.allCases {
                let network = try backbone.network.copy()
                var placed = deployment
                var method = TinySharedBlock()
                (method.tiles, method.epochs, method.reads) = (tiles, 1, 1)
                try method.adapt(network, &placed, on: session, images: training.first(256))
                all += try figures(network, placed)
                try session.unmapBlock(placed, beside: deployment)
            }
            return all
        }
    }
}

extension ChipSession {
    /// Takes off what a deployment has beside another.
    func unmapBlock(_ placed: Deployment, beside deployment: Deployment) throws {
        let kept = Set(deployment.places.map(\.matrix.id))
        var gone: Set<UInt32> = []
        for place in placed.places
        where !kept.contains(place.matrix.id) && gone.insert(place.matrix.id).inserted {
            try unmap(place.matrix)
        }
    }
}

/// Products by the chip, and what each layer's cost.
final class CostedProducts: MatrixProducts {
    private let session: any ChipSession
    private let deployment: Deployment
    private let chip: ChipProducts
    /// By matrix: where one serves several places, they wait for each other.
    private var costs: [UInt32: ChipCost] = [:]

    init(_ session: any ChipSession, _ deployment: Deployment) {
        self.session = session
        self.deployment = deployment
        chip = ChipProducts(session, deployment)
    }

    func product(of layer: MatrixLayer, with input: Tensor) throws -> Tensor {
        let before = session.cost
        let product = try chip.product(of: layer, with: input)
        costs[try deployment.place(of: layer).matrix.id, default: ChipCost()] +=
            session.cost.since(before)
        return product
    }

    /// Of one image: the energy in pJ, the latency in ns of matrices one after the other,
    /// and the time in ns after which the next image can follow where all matrices work
    /// at once, as in a pipeline: that of the busiest.
    func figures(images: Int) -> [Double] {
        let latencies = costs.values.map(\.latencyNanoseconds)
        return [
            costs.values.reduce(0) { $0 + $1.energyPicojoules }, latencies.reduce(0, +),
            latencies.max() ?? 0,
        ].map { $0 / Double(images) }
    }
}
