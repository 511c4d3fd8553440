/// The tuning columns that were written together with a network's matrices, and
/// what the GTM showed then.
///
/// All of one age: the factor D that drift takes is theirs in common.
public struct TuningReferences: Codable, Equatable, Sendable {
    /// w_G, µS.
    public let gtmConductance: Double
    /// w_L, µS; `nil`: the tiles have no LTM columns.
    public let ltmConductance: Double?
    /// M_0, right after programming.
    public let initialRatio: Double

    /// Reads of the GTM that are averaged (chosen: read noise is then a quarter of
    /// that of one read, well below what σ_W leaves of 1,000 cells).
    public static let repeats = 16

    public init(gtmConductance: Double, ltmConductance: Double?, initialRatio: Double) {
        self.gtmConductance = gtmConductance
        self.ltmConductance = ltmConductance
        self.initialRatio = initialRatio
    }

    /// Writes the LTM columns of the matrices, where their tiles have some, and the GTM,
    /// all to G_on, and reads M_0.
    public static func written(beside matrices: [ChipMatrix], on session: any ChipSession) throws
        -> TuningReferences
    {
        guard session.dataSheet.gtmCells > 0 else { throw SelfTuningError.noGTM }
        var ltm: Double?
        for matrix in matrices
        where try session.dataSheet(ofBank: matrix.bank).ltmColumns > 0 {
            ltm = try session.program(.ltm(of: matrix), conductance: nil).conductance
        }
        let gtm = try session.program(.gtm, conductance: nil).conductance
        return TuningReferences(
            gtmConductance: gtm, ltmConductance: ltm,
            initialRatio: try session.readReference(repeats: repeats))
    }
}
