/// Reads the GTM anew and lets products be corrected by what it says: no images, no
/// pulse, no change of the network.
///
/// Needs a deployment with tuning columns. The correction is the deployment's from
/// then on, until drift makes it stale. Cells that were written again since are
/// younger than the columns, which say nothing of them.
public struct SelfTuningByReferences: AdaptationStrategy {
    public var correction: SelfTuning.Correction
    /// Reads of the GTM that are averaged.
    public var repeats: Int

    public init(_ correction: SelfTuning.Correction, repeats: Int = TuningReferences.repeats) {
        self.correction = correction
        self.repeats = repeats
    }

    public var name: String { "self-tuning, \(correction.rawValue)" }
    public var data: AdaptationData { .nothing }
    public var writes: WrittenWeights { .none }

    public func adapt(
        _ network: Network, _ deployment: inout Deployment, on session: any ChipSession,
        images: ImageSet
    ) throws {
        guard let references = deployment.references else { throw SelfTuningError.noReferences }
        guard
            try deployment.places.contains(where: {
                try !session.dataSheet(ofBank: $0.matrix.bank).isDigital
            })
        else { throw SelfTuningError.nothingAnalog }
        deployment.selfTuning = try SelfTuning(
            correction, references, ratio: session.readReference(repeats: repeats),
            onConductance: session.dataSheet.gtmOnConductance)
    }
}
