public import Protocol

/// What the tuning columns say of a chip, and what to make of a product with it:
///
///     y' = (y + r·ΣX)/d − r·ΣX − f·ȳ_L
///
/// y: a product; r·ΣX: what the digital reference took from it; ȳ_L: the mean of the
/// LTM sums of its column block; M: the GTM's sum over the nominal one, M_0 right
/// after programming, D̂ = M/M_0; ε̂_B = (M_0 − 1)·w_G/G_on, with G_on of the GTM's cells.
///
/// | correction | for | d | f |
/// |---|---|---|---|
/// | `gtm` | variance proportional to the weight | M | 0 |
/// | `gtmAndLTM` | layer-fixed variance | D̂ | a/D̂ with offset mapping, 0 with differential |
/// | `ltmOfOneSide` | nothing: a control | D̂ | a/D̂ |
/// | `drift` | loss of conductance alone | D̂ | 0 |
///
///     a = ε̂_B·G_on/(w_L + ε̂_B·G_on),   G_on and w_L of the matrix's own bank
///
/// D̂ and M are of the GTM's cells: a bank that drifts otherwise is not rightly corrected.
/// With differential mapping ȳ_L is that of the positive side. `gtm` is the wrong
/// one for layer-fixed variance with offset mapping, `ltmOfOneSide` for variance
/// proportional to the weight. Matrices written by write-verify have no ε_B left;
/// `drift` is the one for them.
///
/// - Source: Deng, Orshansky, "Variability-aware training and self-tuning of highly
///   quantized DNNs for analog PIM", DATE 2022; device.md, T-1 … T-6.
public struct SelfTuning: Codable, Equatable, Sendable {
    public enum Correction: String, Codable, CaseIterable, Sendable {
        case gtm
        case gtmAndLTM = "gtm-ltm"
        case ltmOfOneSide = "gtm-ltm-one-side"
        case drift

        var needsLTM: Bool { self == .gtmAndLTM || self == .ltmOfOneSide }
    }

    public let correction: Correction
    public let references: TuningReferences
    /// M, now.
    public let ratio: Double
    /// ε̂_B.
    private let deviation: Double

    /// Below this M, M_0 or 1 + ε̂_B·G_on/w_L tells nothing: the correction would
    /// enlarge errors ten times and more (chosen).
    public static let leastRatio = 0.1

    /// - Parameters:
    ///   - ratio: M, now.
    ///   - onConductance: G_on of the GTM's cells, µS.
    /// - Throws: `SelfTuningError` where the references can't be used.
    public init(
        _ correction: Correction, _ references: TuningReferences, ratio: Double,
        onConductance: Double
    ) throws {
        self.correction = correction
        self.references = references
        self.ratio = ratio
        deviation = (references.initialRatio - 1) * references.gtmConductance / onConductance
        for (name, value) in [
            ("M", ratio), ("M_0", references.initialRatio), ("|1 + ε̂_B|", abs(1 + deviation)),
        ] where !(value >= Self.leastRatio && value.isFinite) {
            throw SelfTuningError.referenceInvalid(name, value)
        }
        guard correction.needsLTM else { return }
        if references.ltm.isEmpty { throw SelfTuningError.noLTM }
        for ltm in references.ltm.values {
            let sum = 1 + deviation * ltm.onConductance / ltm.conductance
            guard sum >= Self.leastRatio else {
                throw SelfTuningError.referenceInvalid("1 + ε̂_B·G_on/w_L", sum)
            }
        }
    }

    /// d.
    public var divisor: Double { correction == .gtm ? ratio : ratio / references.initialRatio }

    /// f of a matrix in a bank; 0 where the bank has no LTM columns, which
    /// `SelfTuningByReferences` refuses.
    public func ltmShare(_ mapping: WeightMapping, bank: String) -> Double {
        switch (correction, mapping) {
        case (.gtmAndLTM, .offset), (.ltmOfOneSide, _):
            guard let ltm = references.ltm[bank] else { return 0 }
            let shift = deviation * ltm.onConductance
            return shift / (ltm.conductance + shift) / divisor
        case (.gtm, _), (.drift, _), (.gtmAndLTM, .differential): return 0
        }
    }
}

/// References that can't be used.
public enum SelfTuningError: StatusError, Equatable {
    case noGTM
    case noLTM
    case noReferences
    case nothingAnalog
    /// Cells that were verified, all or some.
    case writeVerified(SelfTuning.Correction)
    /// Products are corrected by columns that say nothing of cells written since.
    case correctionInForce(SelfTuning.Correction)
    /// A figure that can't be that of a chip which works.
    case referenceInvalid(String, Double)

    public var description: String {
        switch self {
        case .noGTM: "the chip has no GTM; self-tuning needs one"
        case .noLTM:
            "the matrices have no LTM columns; this correction needs them, choose gtm or drift"
        case .noReferences:
            "the deployment has no tuning columns as old as its weights; deploy with --references"
        case .nothingAnalog:
            "all matrices lie in digital cells, which are exact: there is nothing to correct"
        case .writeVerified(let correction):
            "write-verify has taken out of these weights what chips differ by, and tuning columns, "
                + "written open loop, say nothing of them (\(correction.rawValue)): deploy with "
                + "--method open-loop --references, or choose drift"
        case .correctionInForce(let correction):
            "the deployment's products are corrected by tuning columns (\(correction.rawValue)), "
                + "which say nothing of weights written afterwards: deploy again, adapt the "
                + "weights, then correct"
        case .referenceInvalid(let name, let value):
            "reference invalid: \(name) is \(value), a correction needs at least "
                + "\(SelfTuning.leastRatio); the chip stays uncorrected"
        }
    }

    public var exitStatus: ExitStatus { .data }
}

extension Deployment {
    /// Some weights are about to be written again: tuning columns, older than those then,
    /// are given up. A deployment whose products they correct is refused, since the
    /// correction would be wrong for the new cells and its loss for the old ones.
    public mutating func willWriteSomeWeights() throws(SelfTuningError) {
        if let selfTuning { throw .correctionInForce(selfTuning.correction) }
        references = nil
    }
}
