/// Reads the GTM anew and lets products be corrected by what it says: no images, no
/// pulse, no change of the network.
///
/// Needs a deployment with tuning columns, and but for `drift` one whose cells were written
/// as these are, open loop. The correction is the deployment's from
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

    public func check(_ network: Network, _ deployment: Deployment) throws {
        _ = try references(of: deployment)
    }

    private func references(of deployment: Deployment) throws(SelfTuningError) -> TuningReferences {
        guard let references = deployment.references else { throw .noReferences }
        guard correction == .drift || !deployment.hasVerifiedWeights else {
            throw .writeVerified(correction)
        }
        return references
    }

    public func adapt(
        _ network: Network, _ deployment: inout Deployment, on session: any ChipSession,
        images: ImageSet
    ) throws {
        let references = try references(of: deployment)
        let analog = try deployment.places.map { try session.dataSheet(ofBank: $0.matrix.bank) }
            .filter { !$0.isDigital }
        if analog.isEmpty { throw SelfTuningError.nothingAnalog }
        if correction.needsLTM, analog.contains(where: { references.ltm[$0.bank] == nil }) {
            throw SelfTuningError.noLTM
        }
        deployment.selfTuning = try SelfTuning(
            correction, references, ratio: session.readReference(repeats: repeats),
            onConductance: session.dataSheet.gtmOnConductance)
    }
}
