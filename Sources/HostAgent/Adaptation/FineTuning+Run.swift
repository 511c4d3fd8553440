extension FineTuning {
    public func check(_ network: Network, _ deployment: Deployment) throws {
        _ = try learningLayers(network, deployment)
    }

    public func adapt(
        _ network: Network, _ deployment: inout Deployment, on session: any ChipSession,
        images: ImageSet
    ) throws {
        _ = try adaptWithFindings(network, &deployment, on: session, images: images)
    }

    public func adaptWithFindings(
        _ network: Network, _ deployment: inout Deployment, on session: any ChipSession,
        images: ImageSet
    ) throws -> AdaptationFindings? {
        try deployment.willWriteSomeWeights()
        let (start, learning) = try learningLayers(network, deployment)
        let chip = ChipProducts(session, deployment)
        let inputs = try measuredInputs(network, upTo: start, chip, images)

        try session.acquireLease()
        defer { try? session.releaseLease() }
        let learner = try learner(learning)
        for parameter in learner.parameters { try parameter.setRequiresGradient() }
        defer { for parameter in learner.parameters { try? parameter.setRequiresGradient(false) } }
        let measured = StraightThroughProducts(values: chip)
        let products = learner.products(
            loop == .host ? HostProducts(of: Set(layers), others: measured) : measured)
        let order = try RandomGenerator(seed: seed, purpose: "order of adaptation images")
        let steps = epochs * images.ranges(of: batch).count
        let schedule = CosineSchedule(rate: 1, steps: steps)
        var findings = AdaptationFindings(
            weights: learning.reduce(0) { $0 + $1.layer.weight.count },
            threshold: learning.map { threshold(of: $0.layer) }.min() ?? 1)
        var shares: [[WAGELayerStep]] = []

        for _ in 0 ..< epochs {
            let permutation = try order.permutation(images.count)
            for range in images.ranges(of: batch) {
                let index = try permutation.narrowed(range)
                let scores = try learner.scores(
                    network.scores(inputs.selected(index), from: start, with: products))
                let value = try loss(of: scores, images.labels.selected(index))
                try value.backward()
                shares.append(
                    try learner.update(share: schedule.rate(at: findings.losses.count)))
                findings.losses.append(try value.scalar())
                guard writes(after: findings.losses.count, of: steps) else { continue }
                for layer in learning {
                    let threshold = threshold(of: layer.layer)
                    findings.note(
                        try layer.write(threshold: threshold, method: method, on: session),
                        threshold: threshold)
                }
            }
        }
        for layer in learning { try layer.settle() }
        if case .wage = rule {
            findings.zeroGradients = shares.mean(of: \.zeroGradientShare)
            findings.zeroChanges = shares.mean(of: \.zeroShare)
        }
        return findings
    }

    private func writes(after step: Int, of steps: Int) -> Bool {
        switch loop {
        case .chip(let every): step % every == 0 || step == steps
        case .host: step == steps
        }
    }

    /// The layers that learn, and the number of the first of them among the network's.
    private func learningLayers(
        _ network: Network, _ deployment: Deployment
    ) throws -> (start: Int, layers: [LearningLayer]) {
        let places = try layers.map { try network.place(of: $0) }
        return (
            places.map(\.index).min() ?? 0,
            try places.map { place in
                guard deployment.digital[place.layer.name] == nil else {
                    throw AdaptationError.onHost(layer: place.layer.name)
                }
                // Other places would go on with the old weights.
                guard !place.layer.sharesWeight else {
                    throw AdaptationError.sharedWeight(layer: place.layer.name)
                }
                return try LearningLayer(place.layer, deployment.place(of: place.layer))
            }
        )
    }

    private func learner(_ layers: [LearningLayer]) throws -> any Learner {
        switch rule {
        case .adam:
            try AdamLearner(
                layers, ratesCodes: layers.map { rateCodes(of: $0.layer) }, rateBias: rateBias)
        case .wage(let wage):
            WAGELearner(
                wage, layers, rate: rateCodes,
                generator: try RandomGenerator(seed: seed, purpose: "rounding of gradients"))
        }
    }

    /// What the first layer that learns gets of each image, from the chip's earlier layers.
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
}

/// Some layers in floating point, with their gradient; the others by someone else.
private struct HostProducts: MatrixProducts {
    let names: Set<String>
    let others: any MatrixProducts

    init(of names: Set<String>, others: any MatrixProducts) {
        self.names = names
        self.others = others
    }

    func product(of layer: MatrixLayer, with input: Tensor) throws -> Tensor {
        try (names.contains(layer.name) ? FloatProducts() : others).product(of: layer, with: input)
    }
}

extension [[WAGELayerStep]] {
    fileprivate func mean(of share: ([WAGELayerStep]) -> Double) -> Double {
        reduce(0) { $0 + share($1) } / Double(Swift.max(1, count))
    }
}
