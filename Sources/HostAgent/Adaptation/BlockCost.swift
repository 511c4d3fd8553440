/// What one step of adapting a block costs, on a batch of n images.
///
/// For layer i alone
///
///     τ_i = n·(τ_forward + Σ_{t>i} τ_activation-gradient,t + τ_weight-gradient,i) + τ_update,i
///
/// with τ_forward of the whole network; for the layers of a block τ is the largest of
/// theirs, since they are adapted beside each other, and energies add:
///
///     E = n·(E_forward + Σ_{t>first} E_activation-gradient,t + Σ_i E_weight-gradient,i)
///         + Σ_i E_update,i
///
/// with t over all layers behind the block's first one, and i over the block's.
///
/// | symbol | meaning | unit |
/// |---|---|---|
/// | τ_forward, E_forward | products of all layers for an image | ns, pJ |
/// | τ_…gradient, E_…gradient | of one layer for an image | ns, pJ |
/// | τ_update, E_update | writing a layer's weights once | ns, pJ |
///
/// - Source: the thesis on benchmarking adaptation with compute-in-memory, §4.4; what the chip
///   does costs by firmware-specs/device.md (K-1) … (K-6).
public struct BlockCost: Codable, Equatable, Sendable {
    /// What a step consists of.
    public struct Parts: Codable, Equatable, Sendable {
        public var forward = 0.0
        public var activationGradient = 0.0
        public var weightGradient = 0.0
        public var update = 0.0

        public var total: Double { forward + activationGradient + weightGradient + update }
    }

    public let block: String
    public let layers: [String]
    public let weights: Int
    /// ns, of the layer that takes longest.
    public let latency: Parts
    /// pJ.
    public let energy: Parts

    /// - Parameters:
    ///   - layers: those that are adapted, by name; at least one.
    ///   - costs: of all layers of the network, in the order of the data.
    ///   - images: n.
    public init(_ block: String, layers: [String], costs: [LayerCost], images: Int) {
        let places = layers.map { name in
            guard let place = costs.firstIndex(where: { $0.layer == name }) else {
                preconditionFailure("no cost of the layer \(name)")
            }
            return place
        }.sorted()
        precondition(!places.isEmpty && images > 0)
        let n = Double(images)
        let forward = costs.map(\.forward).reduce(OperationCost(), +) * n
        func behind(_ place: Int) -> OperationCost {
            costs[(place + 1)...].map(\.activationGradient).reduce(OperationCost(), +) * n
        }
        let latencies = places.map { place in
            Parts(
                forward: forward.latencyNanoseconds,
                activationGradient: behind(place).latencyNanoseconds,
                weightGradient: n * costs[place].weightGradient.latencyNanoseconds,
                update: costs[place].update.latencyNanoseconds)
        }
        self.block = block
        self.layers = layers
        weights = places.reduce(0) { $0 + costs[$1].weights }
        latency = latencies.reduce(Parts()) { $1.total > $0.total ? $1 : $0 }
        energy = Parts(
            forward: forward.energyPicojoules,
            activationGradient: behind(places[0]).energyPicojoules,
            weightGradient: places.reduce(0) {
                $0 + n * costs[$1].weightGradient.energyPicojoules
            },
            update: places.reduce(0) { $0 + costs[$1].update.energyPicojoules })
    }

    /// Of each block of a network that has a matrix layer of its own, and last of all of
    /// them together. A shared block's parts count where images and errors pass them; they
    /// are not adapted by blocks.
    public static func table(
        _ network: Network, costs: [LayerCost], images: Int
    ) -> [BlockCost] {
        let blocks = network.blocks.map { ($0.name, $0.ownMatrixLayers.map(\.name)) }
            .filter { !$0.1.isEmpty }
        return (blocks + [("all", blocks.flatMap(\.1))]).map {
            BlockCost($0.0, layers: $0.1, costs: costs, images: images)
        }
    }
}
