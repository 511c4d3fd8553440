internal import Glibc

/// Fine-tunes one layer in the loop with the chip.
///
/// The inputs of the layer are measured once, through the chip. Then, batch by
/// batch, the chip computes the layer and those after it; the gradient goes
/// through the host's shadow weights; the shadow moves by Adam; and the weights
/// whose shadow has left the code on the chip by at least `threshold` codes are
/// written again by write-verify. Smaller moves stay in the shadow: writing them
/// would cost pulses and add a deviation larger than the move. The layer's bias
/// is digital and learns for free.
public struct LayerFineTuning: AdaptationStrategy {
    public var name: String { "fine-tuning of \(layer)" }
    public var data: AdaptationData { .labelledImages }

    /// The layer's name.
    public var layer: String
    public var epochs: Int
    public var batch: Int
    /// Step of Adam in weight codes; falls along a cosine.
    public var rateCodes: Double
    /// Step of Adam of the bias.
    public var rateBias: Double
    /// Codes by which the shadow must have moved before a weight is written.
    public var threshold: Int
    public var seed: UInt64

    public init(
        layer: String, epochs: Int = 6, batch: Int = 128, rateCodes: Double = 2,
        rateBias: Double = 0.02,
        threshold: Int = 6, seed: UInt64 = 1
    ) {
        self.layer = layer
        self.epochs = epochs
        self.batch = batch
        self.rateCodes = rateCodes
        self.rateBias = rateBias
        self.threshold = threshold
        self.seed = seed
    }

    public func adapt(
        _ network: Network, _ deployment: inout Deployment, on session: any ChipSession,
        images: ImageSet
    ) throws {
        try deployment.willWriteSomeWeights()
        let (start, tuned) = try network.place(of: layer)
        let place = try deployment.place(of: tuned)
        let chip = ChipProducts(session, deployment)
        let inputs = try measuredInputs(network, upTo: start, chip, images)

        try session.acquireLease()
        defer { try? session.releaseLease() }
        let parameters = tuned.tensors.map(\.tensor)
        for parameter in parameters { try parameter.setRequiresGradient() }
        defer { for parameter in parameters { try? parameter.setRequiresGradient(false) } }
        let products = StraightThroughProducts(values: chip)
        let weights = try Optimiser(.adam, parameters: [tuned.weight])
        let biases = try Optimiser(.adam, parameters: tuned.bias.map { [$0] } ?? [])
        let order = try RandomGenerator(seed: seed, purpose: "order of adaptation images")
        let steps = epochs * ((images.count + batch - 1) / batch)
        let schedule = CosineSchedule(rate: 1, steps: steps)
        let bound = place.scales.weight * Double(WeightQuantisation.codeMax)
        var written = try WeightQuantisation.codes(of: tuned, scale: place.scales.weight)

        var step = 0
        for _ in 0 ..< epochs {
            let permutation = try order.permutation(images.count)
            for range in images.ranges(of: batch) {
                let index = try permutation.narrowed(range)
                let scores = try network.scores(
                    inputs.selected(index), from: start, with: products)
                try scores.crossEntropy(images.labels.selected(index)).backward()
                let share = schedule.rate(at: step)
                try weights.update(rate: share * rateCodes * place.scales.weight)
                try biases.update(rate: share * rateBias)
                try tuned.weight.clamp(to: -bound ... bound)
                try write(tuned, place, &written, session)
                step += 1
            }
        }
        // The host's weights end as what the chip holds.
        try tuned.assign(written, scale: place.scales.weight)
    }

    /// The layer's inputs [images, …] as the chip's earlier layers give them.
    private func measuredInputs(
        _ network: Network, upTo start: Int, _ chip: ChipProducts, _ images: ImageSet
    ) throws -> Tensor {
        try Tensor.concatenated(
            images.ranges(of: 500).map { range in
                try noGrad {
                    try network.layers[..<start].reduce(images.batch(range).images) {
                        try $1.forward($0, with: chip)
                    }
                }
            })
    }

    /// Programs the weights that have moved far enough.
    private func write(
        _ layer: MatrixLayer, _ place: Deployment.LayerPlace, _ written: inout WeightCodes,
        _ session: any ChipSession
    ) throws {
        let wanted = try WeightQuantisation.codes(of: layer, scale: place.scales.weight)
        var mask = [UInt8](repeating: 0, count: wanted.values.count)
        var next = written
        for index in mask.indices
        where abs(Int(wanted.values[index]) - Int(written.values[index])) >= threshold {
            mask[index] = 1
            next.values[index] = wanted.values[index]
        }
        guard mask.contains(1) else { return }
        _ = try session.program(place.matrix, next, ProgramOptions(.writeVerify, mask: mask))
        written = next
    }
}
