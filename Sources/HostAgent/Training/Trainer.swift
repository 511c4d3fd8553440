/// Trains a network on the host.
public enum Trainer {
    /// Trains the network in place; it ends as its last epoch left it, or where the
    /// plan may stop early as the best one did.
    ///
    /// - Parameters:
    ///   - heldOut: what a plan that may stop early decides by.
    ///   - state: where the training is kept at each epoch's end, and continued
    ///     from; `nil`: nowhere.
    ///   - quantisers: what rounds weights and inputs; `nil`: as the plan says, from the
    ///     first training images.
    ///   - passes: the products of each step; `nil`: as the plan says.
    ///   - learning: what learns, not in integers; `nil`: all parameters.
    /// - Returns: the best epoch, where the plan may stop early.
    /// - Throws: `NetworkError.diverged` where a loss that is looked at is no finite
    ///   number; what was kept is then that of an earlier epoch.
    @discardableResult
    public static func train(
        _ network: Network, on images: ImageSet, plan: TrainingPlan, heldOut: ImageSet? = nil,
        state: TrainingState? = nil, quantisers: NetworkQuantisers? = nil,
        passes: (any TrainingPasses)? = nil, learning: [NamedTensor]? = nil,
        progress: (TrainingProgress) throws -> Void = { _ in }
    ) throws -> BestEpoch? {
        guard network.imageShape == images.imageShape else {
            throw NetworkError.imagesDoNotFit(
                network: network.name, expected: network.imageShape, found: images.imageShape)
        }
        let quantisers = try quantisers ?? plan.quantisers(of: network, on: images)
        let passes = try passes ?? plan.passes(quantisers)
        let rule: any LearningRule =
            if let wage = plan.wage {
                try WAGELearning(wage, network, seed: plan.seed)
            } else {
                try GradientLearning(network, plan, of: learning ?? network.parameters)
            }
        let stopping = try plan.stopping.map {
            guard let heldOut else { throw NetworkError.noHeldOutImages }
            return try EarlyStopping($0, heldOut: heldOut, quantisers, seed: plan.seed)
        }
        for parameter in rule.parameters { try parameter.setRequiresGradient() }
        network.setTraining(true)
        defer {
            network.setTraining(false)
            for parameter in rule.parameters { try? parameter.setRequiresGradient(false) }
        }
        let stepsInEpoch = (images.count + plan.batch - 1) / plan.batch
        let schedule = plan.schedule(stepsInEpoch: stepsInEpoch)
        let identity = try TrainingState.identity(network, plan, images, quantisers)

        let epochsDone = try state?.restore(network, rule, stopping, of: identity, plan) ?? 0
        for epoch in epochsDone ..< plan.epochs {
            if stopping?.isOver(epochsDone: epoch) == true { break }
            let batches = try TrainingBatches(
                of: images, classes: network.classes, plan: plan, epoch: epoch)
            try passes.begin(epoch: epoch)
            try rule.begin(epoch: epoch)
            for (step, range) in images.ranges(of: plan.batch).enumerated() {
                let loss = try backward(
                    network, batches.batch(range, step: step), rule, passes.passes())
                let ends = step + 1 == stepsInEpoch
                let seen = ends || step % 50 == 0 ? try loss.scalar() : nil
                guard seen?.isFinite != false else {
                    throw NetworkError.diverged(epoch: epoch + 1)
                }
                try rule.update(rate: schedule.rate(at: epoch * stepsInEpoch + step))
                if ends {
                    network.setTraining(false)
                    try stopping?.note(network, epoch: epoch + 1)
                    network.setTraining(true)
                    try state?.save(
                        network, rule, stopping, of: identity, epochsDone: epoch + 1)
                }
                try progress(
                    TrainingProgress(
                        epoch: epoch + 1, epochs: plan.epochs,
                        images: epoch * images.count + range.upperBound,
                        imagesTotal: plan.epochs * images.count, loss: seen, endsEpoch: ends,
                        zeros: ends ? rule.zeros : nil))
            }
        }
        try stopping?.restoreBest(network)
        return stopping?.best.map { BestEpoch(epoch: $0.epoch, accuracy: $0.accuracy) }
    }

    /// Adds the mean gradient of the passes; the mean of their losses.
    private static func backward(
        _ network: Network, _ batch: TrainingBatch, _ rule: any LearningRule,
        _ passes: [any MatrixProducts]
    ) throws -> Tensor {
        let share = 1 / Double(passes.count)
        let losses = try passes.map { products in
            let loss = try rule.loss(network, batch, with: products)
            let part = passes.count == 1 ? loss : try loss.scaled(by: share)
            try part.backward()
            return try part.detached()
        }
        return try losses[1...].reduce(losses[0]) { try $0.adding($1) }
    }
}
