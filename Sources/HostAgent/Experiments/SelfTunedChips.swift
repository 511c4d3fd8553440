/// Emulated chips with tuning columns, for networks of few bits.
///
/// A weight stands in one cell (offset mapping) or one pair (differential), since the
/// studies let weights deviate. Nothing else does: no programming noise, read noise,
/// drift or converters.
struct SelfTunedChips {
    /// What the chips are.
    struct Spec: Equatable, Sendable {
        /// As the chips' spec names it: "weight-proportional" or "layer-fixed".
        var model: String
        var mapping: WeightMapping
        var onOffRatio: Double
        /// σ of a cell, on the scale of the spec.
        var betweenChips: Double
        var withinChip: Double
        var gtmCells: Int
        var ltmColumns: Int

        var chip: StudyChip {
            StudyChip(
                chip: "rram-tuning", device: "rram",
                chipValues: [
                    "adc_bits": "ideal", "model": model, "sigma_between_chip": "\(betweenChips)",
                    "sigma_within_chip": "\(withinChip)", "cells": "\(gtmCells)",
                    "ltm_columns": "\(ltmColumns)",
                ],
                deviceValues: [
                    "bits_per_cell": 8, "on_off_ratio": onOffRatio, "drift_coefficient": 0,
                    "drift_coefficient_spread": 0, "read_noise_relative": 0,
                    "programming_noise_relative": 0,
                ])
        }
    }

    private let spec: Spec
    private let chips: EmulatedChips

    init(_ spec: Spec, chips: Int, _ product: EmulatedChips.Product) throws {
        self.spec = spec
        self.chips = try EmulatedChips(spec.chip, chips: chips, product)
    }

    /// Deploys a network on chip number `chip` (from 1), and its accuracy with each
    /// correction; `nil`: none.
    ///
    /// - Parameter each: called with the images done.
    func accuracies(
        of network: Network, _ quantisers: NetworkQuantisers, chip: Int,
        corrections: [SelfTuning.Correction?], on images: ImageSet, each: (Int) -> Void
    ) throws -> [Double] {
        let session = try chips.session(chip: chip)
        try session.acquireLease()
        let rounded = try network.copy()
        try quantisers.round(rounded)
        var mapper = Mapper(rounded, scales: QuantisationScales(quantisers))
        mapper.mapping = spec.mapping
        mapper.writesReferences = true
        var (deployment, _) = try mapper.deploy(
            to: session, checkpoint: "", calibration: images.first(1),
            options: ProgramOptions(.openLoop))
        defer { try? session.releaseLease() }
        return try corrections.enumerated().map { number, correction in
            deployment.selfTuning = nil
            if let correction {
                try SelfTuningByReferences(correction).adapt(
                    rounded, &deployment, on: session, images: images)
            }
            return try Evaluation.accuracy(
                rounded, with: ChipProducts(session, deployment), on: images
            ) { each(number * images.count + $0) }.fraction
        }
    }
}
