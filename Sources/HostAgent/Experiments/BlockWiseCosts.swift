/// What a step of adapting each arm of `BlockWiseStudy` costs in each placement: a
/// layer's costs are those that the chip says of it in the bank where it lies.
struct BlockWiseCosts: Equatable {
    struct Cost: Equatable {
        /// ns, pJ.
        var latency: Double
        var energy: Double
        /// Of the energy: forward and both gradients, not writing.
        var dynamicShare: Double
    }

    /// By placement in the order of `Placement.allCases`, then by arm.
    var costs: [[Cost]]

    /// Images that the costs are averaged over (chosen: they hardly differ).
    static let images = 4

    static func measured(
        _ trained: Checkpoint, _ arms: [BlockWiseStudy.Arm], on population: EmulatedChips,
        images: ImageSet, batch: Int
    ) throws -> BlockWiseCosts {
        func layers(inBank bank: String) throws -> [LayerCost] {
            let session = try population.session(chip: 1, bank: bank)
            try session.stopClock()
            try session.acquireLease()
            defer { try? session.releaseLease() }
            let deployment = try Mapper(trained.network, scales: trained.scales).deploy(
                to: session, checkpoint: "", calibration: images,
                options: ProgramOptions(.writeVerify)
            ).deployment
            return try MeasuredCosts(
                of: trained.network, deployment, on: session, images: images
            ).layers
        }
        let (resistive, digital) = (try layers(inBank: "nvm"), try layers(inBank: "sram"))
        return BlockWiseCosts(
            costs: BlockWiseStudy.Placement.allCases.map { placement in
                arms.map { arm in
                    let costs = zip(resistive, digital).map { pair in
                        switch placement {
                        case .resistive: pair.0
                        case .hybrid: arm.layers.contains(pair.0.layer) ? pair.1 : pair.0
                        case .digital: pair.1
                        }
                    }
                    let cost = BlockCost(
                        arm.title, layers: arm.layers, costs: costs, images: batch)
                    return Cost(
                        latency: cost.latency.total, energy: cost.energy.total,
                        dynamicShare: 1 - cost.energy.update / cost.energy.total)
                }
            })
    }

    static func count(arms: Int) -> Int { 3 * BlockWiseStudy.Placement.allCases.count * arms }

    var values: [Double] {
        costs.flatMap { $0.flatMap { [$0.latency, $0.energy, $0.dynamicShare] } }
    }

    init(costs: [[Cost]]) { self.costs = costs }

    /// From `values`.
    init(_ values: [Double], arms: Int) {
        costs = stride(from: 0, to: values.count, by: 3 * arms).map { first in
            stride(from: first, to: first + 3 * arms, by: 3).map {
                Cost(latency: values[$0], energy: values[$0 + 1], dynamicShare: values[$0 + 2])
            }
        }
    }
}
