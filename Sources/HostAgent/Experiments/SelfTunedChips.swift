/// Emulated chips with tuning columns, for networks of few bits.
///
/// Ideal cells: a weight stands in one cell of 8 bits (offset mapping) or one pair
/// (differential), since the studies let weights deviate, and nothing else does: no
/// programming noise, read noise, drift or converters. Real ones: the shipped resistive
/// device, two cells of 4 bits, with all of that.
struct SelfTunedChips {
    /// What the chips are.
    struct Spec: Equatable, Sendable {
        var form: WeightVariation.Form
        /// σ_B = σ_W of a weight.
        var sigma: Double
        var isReal = false
        var gtmCells: Int
        var ltmColumns: Int
        /// `nil`: as shipped, enough for LeNets.
        var tiles: Int?

        var mapping: WeightMapping { form == .layerFixed ? .offset : .differential }

        /// r_0 = G_on/G_off: next to infinite; 2 for layer-fixed variation, so that no cell
        /// comes to 0 within 4 σ; the shipped device's.
        var onOffRatio: Double { isReal ? 10 : form == .layerFixed ? 2 : 1e6 }

        /// σ of a cell on the scale of the spec. Layer-fixed: the largest weight is half
        /// the window, σ·(1 − 1/r_0)/2 of G_on.
        var cellSigma: Double { form == .layerFixed ? sigma * (1 - 1 / onOffRatio) / 2 : sigma }

        var chip: StudyChip {
            var chip = StudyChip(
                chip: "rram-tuning", device: "rram",
                chipValues: [
                    "model": form.rawValue, "sigma_between_chip": "\(cellSigma)",
                    "sigma_within_chip": "\(cellSigma)", "cells": "\(gtmCells)",
                    "ltm_columns": "\(ltmColumns)",
                ], deviceValues: ["on_off_ratio": onOffRatio])
            if let tiles { chip.chipValues["tiles"] = "\(tiles)" }
            if !isReal {
                chip.chipValues["adc_bits"] = "ideal"
                chip.deviceValues.merge([
                    "bits_per_cell": 8, "drift_coefficient": 0, "drift_coefficient_spread": 0,
                    "read_noise_relative": 0, "programming_noise_relative": 0,
                ]) { $1 }
            }
            return chip
        }
    }

    private let spec: Spec
    private let chips: EmulatedChips

    init(_ spec: Spec, chips: Int, _ product: EmulatedChips.Product) throws {
        self.spec = spec
        self.chips = try EmulatedChips(spec.chip, chips: chips, product)
    }

    /// What a chip showed with one correction.
    struct Figures {
        var accuracy: Double
        /// The chip's columns allowed no correction.
        var isRefused = false

        static let count = 2
        var values: [Double] { [accuracy, isRefused ? 1 : 0] }
    }

    /// Deploys a network on chip number `chip` (from 1), and tries it at the age of 0 with each
    /// correction; `nil`: none. A chip whose columns allow no correction is tried without.
    ///
    /// - Parameters:
    ///   - calibration: training images.
    ///   - each: called with the images done.
    func figures(
        of trained: QAVATStudy.TrainedNetwork, chip: Int, corrections: [SelfTuning.Correction?],
        on images: ImageSet, calibration: ImageSet, each: (Int) -> Void
    ) throws -> [Figures] {
        let session = try chips.session(chip: chip)
        try session.stopClock()
        try session.acquireLease()
        defer { try? session.releaseLease() }
        var mapper = Mapper(trained.network, scales: trained.scales)
        mapper.mapping = spec.mapping
        mapper.writesReferences = true
        var (deployment, _) = try mapper.deploy(
            to: session, checkpoint: "", calibration: calibration,
            options: ProgramOptions(.openLoop))
        return try corrections.enumerated().map { number, correction in
            deployment.selfTuning = nil
            var isRefused = false
            if let correction {
                do {
                    try SelfTuningByReferences(correction).adapt(
                        trained.network, &deployment, on: session, images: calibration)
                } catch SelfTuningError.referenceInvalid {
                    deployment.selfTuning = nil
                    isRefused = true
                }
            }
            let accuracy = try Evaluation.accuracy(
                trained.network, with: ChipProducts(session, deployment), on: images
            ) { each(number * images.count + $0) }.fraction
            return Figures(accuracy: accuracy, isRefused: isRefused)
        }
    }
}
