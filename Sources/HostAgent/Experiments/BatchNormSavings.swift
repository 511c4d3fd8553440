/// What a step of training γ and β alone saves against one of all weights, on one chip
/// that holds every layer, on a batch of n images:
///
///     energy  1 − E_bn/E_all     E_bn = forward + activation gradients
///                                E_all = E_bn + weight gradients + writing all layers once
///     memory  1 − M_bn/M_all     M_bn = A + P,  M_all = A + P + W
///
/// A: elements of an image that batch norms normalise, kept for their gradient; P: γ and
/// β; W: weights of the convolutions, each with a gradient. Words of one size.
///
/// - Source: Bhattacharjee et al. 2023, Fig. 11; its count of the memory isn't given, this
///   one is chosen.
struct BatchNormSavings {
    let energy: Double
    let memory: Double

    /// - Parameters:
    ///   - population: of the resistive technology; chip 1 is used.
    ///   - images: over which costs are averaged.
    ///   - batch: n.
    init(
        of trained: Checkpoint, on population: EmulatedChips, images: ImageSet, batch: Int
    ) throws {
        let network = try trained.network.copy()
        let session = try population.session(chip: 1)
        try session.stopClock()
        try session.acquireLease()
        defer { try? session.releaseLease() }
        let deployment = try Mapper(network, scales: trained.scales).deploy(
            to: session, checkpoint: "", calibration: images,
            options: ProgramOptions(.openLoop)
        ).deployment
        let layers = try MeasuredCosts(of: network, deployment, on: session, images: images).layers
        let all = BlockCost("all", layers: layers.map(\.layer), costs: layers, images: batch).energy
        energy = 1 - (all.forward + all.activationGradient) / all.total

        let counter = OutputCounter()
        try noGrad { _ = try network.scores(images.batch(0 ..< 1).images, with: counter) }
        let parameters = network.batchNorms.reduce(0) { $0 + $1.weight.count + $1.bias.count }
        let weights = network.matrixLayers.filter { $0.kind != .linear }
            .reduce(0) { $0 + $1.weight.count }
        let kept = Double(counter.elements + parameters)
        memory = 1 - kept / (kept + Double(weights))
    }
}

/// Products that count the outputs of convolutions: what batch norms normalise.
private final class OutputCounter: MatrixProducts {
    private(set) var elements = 0

    func product(of layer: MatrixLayer, with input: Tensor) throws -> Tensor {
        let output = try FloatProducts().product(of: layer, with: input)
        if layer.kind != .linear { elements += output.count }
        return output
    }
}
