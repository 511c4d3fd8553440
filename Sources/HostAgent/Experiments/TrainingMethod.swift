/// How a network is made ready for a chip of few bits that deviates. All start from
/// the same network in floating point and take the same passes over the images.
public enum TrainingMethod: String, CaseIterable, Codable, Sendable {
    /// Variability-aware training in floating point, quantised afterwards.
    case ptqVAT = "PTQ-VAT"
    /// The same with weights kept within `clip` deviations of their start. A deviation
    /// relative to the largest weight drowns a layer whose largest is far above the
    /// rest, so that noise injection is published with a clip (Joshi et al., Nature
    /// Communications 11, 2473, 2020: at 2 to 2.5 standard deviations).
    case ptqVATClipped = "PTQ-VAT, clipped"
    /// Quantisation-aware training, blind to the chip's deviations.
    case qat = "QAT"
    /// Both at once: deviations on the quantised weights.
    case qavat = "QAVAT"

    /// Whether the training sees deviations.
    public var seesVariation: Bool { self != .qat }

    /// Of `TrainingPlan`, in `ptqVATClipped`; chosen on held-out training images.
    static let clip = 2.5

    /// Trains `network` in place; the quantisers it is to be used with.
    ///
    /// - Parameters:
    ///   - variation: what the training expects of the chip.
    ///   - samples: draws of the deviations in a step.
    ///   - calibration: training images that the steps of the inputs come from.
    ///   - state: where the training is kept at each epoch's end, and continued from.
    public func train(
        _ network: Network, _ bits: BitSetting, variation: WeightVariation, samples: Int,
        on images: ImageSet, calibration: ImageSet, plan: TrainingPlan,
        state: TrainingState? = nil,
        progress: (TrainingProgress) throws -> Void = { _ in }
    ) throws -> NetworkQuantisers {
        var plan = plan
        if seesVariation { (plan.variation, plan.variationSamples) = (variation, samples) }
        if self == .ptqVATClipped { plan.clip = Self.clip }
        func measured() throws -> NetworkQuantisers {
            try .measured(network, bits, on: calibration)
        }
        switch self {
        case .ptqVAT, .ptqVATClipped:
            try Trainer.train(network, on: images, plan: plan, state: state, progress: progress)
            return try measured()
        case .qat, .qavat:
            plan.bits = bits
            let quantisers = try measured()
            try Trainer.train(
                network, on: images, plan: plan, state: state, quantisers: quantisers,
                progress: progress)
            return quantisers
        }
    }
}
