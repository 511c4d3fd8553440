public import Protocol

/// What each layer of a deployed network costs, as its chip says.
///
/// Labelled images go once through the chip, and the errors of the cross entropy back
/// through its transposed products; no weight is written. What an update costs is what
/// the deployment remembers of writing the layer whole; weight gradients are those of an
/// engine beside the chip.
public struct MeasuredCosts: Codable, Equatable, Sendable {
    public let layers: [LayerCost]
    public let engine: WeightGradientEngine

    public init(
        of network: Network, _ deployment: Deployment, on session: any ChipSession,
        images: ImageSet
    ) throws {
        let all = network.matrixLayers
        let writing = try all.map { layer in
            if deployment.digital[layer.name] != nil {
                throw CostError.layerOnHost(layer.name)
            }
            guard let cost = try deployment.place(of: layer).writingCost else {
                throw CostError.unknownWritingCost(layer.name)
            }
            return OperationCost(cost)
        }
        let meter = CostMeter(session, deployment)
        let products = StraightThroughProducts(values: meter, errors: meter)
        // Errors are sent back as far as something learns.
        try all[0].weight.setRequiresGradient()
        defer {
            try? all[0].weight.clearGradient()
            try? all[0].weight.setRequiresGradient(false)
        }
        for range in images.ranges(of: Self.batch) {
            let (inputs, labels) = try images.batch(range)
            try network.loss(inputs, with: products) { try $0.crossEntropy(labels) }.backward()
        }
        let vectors = meter.vectors.mapValues { $0 / images.count }
        let engine = WeightGradientEngine(for: all.map { (vectors[$0.name] ?? 0, $0.columns) })
        let share = 1 / Double(images.count)
        layers = zip(all, writing).map { layer, writing in
            LayerCost(
                layer: layer.name, weights: layer.weight.count,
                forward: (meter.forward[layer.name] ?? OperationCost()) * share,
                activationGradient: (meter.backward[layer.name] ?? OperationCost()) * share,
                weightGradient: engine.cost(
                    vectors: vectors[layer.name] ?? 0, rows: layer.rows,
                    columns: layer.columns),
                update: writing)
        }
        self.engine = engine
    }

    /// Images sent at once.
    private static let batch = 100
}

/// Products by a chip, both ways, that are charged to their layers.
private final class CostMeter: MatrixProducts, ErrorProducts {
    private let session: any ChipSession
    private let products: ChipProducts
    private let errors: ChipErrors
    private(set) var forward: [String: OperationCost] = [:]
    private(set) var backward: [String: OperationCost] = [:]
    /// Of all images.
    private(set) var vectors: [String: Int] = [:]

    init(_ session: any ChipSession, _ deployment: Deployment) {
        self.session = session
        products = ChipProducts(session, deployment)
        errors = ChipErrors(session, deployment)
    }

    func product(of layer: MatrixLayer, with input: Tensor) throws -> Tensor {
        let start = session.cost
        let output = try products.product(of: layer, with: input)
        forward[layer.name] =
            (forward[layer.name] ?? OperationCost()) + OperationCost(session.cost.since(start))
        vectors[layer.name, default: 0] += output.count / layer.columns
        return output
    }

    func inputGradient(
        of layer: MatrixLayer, inputShape: [Int], from gradient: Tensor
    ) throws -> Tensor {
        let start = session.cost
        let result = try errors.inputGradient(of: layer, inputShape: inputShape, from: gradient)
        backward[layer.name] =
            (backward[layer.name] ?? OperationCost()) + OperationCost(session.cost.since(start))
        return result
    }
}

/// What a chip's costs can't be told of.
public enum CostError: StatusError, Equatable {
    case layerOnHost(String)
    case unknownWritingCost(String)

    public var description: String {
        switch self {
        case .layerOnHost(let layer):
            "the layer '\(layer)' stays on the host, so that no chip tells its costs"
        case .unknownWritingCost(let layer):
            "the deployment doesn't say what writing the layer '\(layer)' cost: deploy again"
        }
    }
    public var exitStatus: ExitStatus { .data }
}
