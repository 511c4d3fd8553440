/// One chip with an open-loop backbone on it, on which the arms of the study are tried one
/// after the other. Arms that write the backbone's last layers come last.
struct TinySharedBlockBench {
    private let network: Network
    private let deployment: Deployment
    private let session: any ChipSession
    private let method: TinySharedBlock
    private let training: ImageSet
    private let test: ImageSet
    private let noiseOpenLoop: Double
    /// As read before the first arm.
    private let held: ReadBackWeights
    /// Accuracy of the block by the weights read, before it was written.
    private(set) var expected = 0.0
    /// For which the block learned.
    private(set) var seconds = 0.0

    init(
        _ network: Network, _ deployment: Deployment, _ session: any ChipSession,
        _ method: TinySharedBlock, _ training: ImageSet, _ test: ImageSet, noiseOpenLoop: Double
    ) throws {
        self.noiseOpenLoop = noiseOpenLoop
        (self.network, self.deployment, self.session) = (network, deployment, session)
        (self.method, self.training, self.test) = (method, training, test)
        held = try ReadBackWeights(of: network, deployment, on: session, repeats: method.reads)
    }

    /// - Parameter progress: called with the images learned from.
    mutating func accuracy(
        _ arm: TinySharedBlockStudy.Arm, progress: (Int) -> Void
    ) throws -> Double {
        let copy = try network.copy()
        var placed = deployment
        switch arm {
        case .none: break
        case .statistics:
            try BatchNormReestimation(averaging: .plain, batch: 100, passes: 1).tune(
                copy, with: WeightedProducts(held), on: training.first(2_000))
        case .block:
            let start = ContinuousClock.now
            let products = try method.adapted(
                copy, &placed, on: session, images: training, held: held
            ) { progress($0.images) }
            seconds = (ContinuousClock.now - start) / .seconds(1)
            expected = try Evaluation.accuracy(copy, with: products, on: test).fraction
        case .lastLayer:
            try retrain(copy.lastLayer, of: copy, &placed, .writeVerify, progress)
        case .lastLayers: try retrain(copy.lastLayers, of: copy, &placed, .writeVerify, progress)
        case .lastLayersOpenLoop:
            try retrain(copy.lastLayers, of: copy, &placed, .openLoop, progress)
        }
        let accuracy = try Evaluation.accuracy(
            copy, with: ChipProducts(session, placed), on: test)
        if arm == .block { try session.unmapBlock(placed, beside: deployment) }
        return accuracy.fraction
    }

    private func retrain(
        _ layers: [MatrixLayer], of network: Network, _ placed: inout Deployment,
        _ writing: ProgramOptions.Method, _ progress: (Int) -> Void
    ) throws {
        var plan = try TrainingPlan.retraining(
            .default(for: network.name), epochs: method.epochs, seed: method.seed)
        plan.rate = 1e-3
        let learning = LearningAroundWeights(
            held: held, learning: Set(layers.map(\.name)),
            noise: writing == .openLoop ? noiseOpenLoop : method.noise,
            sharesCells: false, plan: plan)
        try learning.train(network, on: training) { progress($0.images) }
        let matrices = try layers.map { try placed.place(of: $0).matrix }
        _ = try learning.write(
            Array(zip(layers, matrices)), of: network, in: &placed, on: session,
            calibration: training.first(method.calibrationImages),
            // All, since cells whose digit stays would keep the backbone's deviation.
            options: ProgramOptions(
                writing, tolerance: writing == .openLoop ? nil : method.tolerance, all: true))
    }
}
