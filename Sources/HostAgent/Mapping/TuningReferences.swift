/// The tuning columns that were written together with a network's matrices, and
/// what the GTM showed then.
///
/// All of one age: the factor D that drift takes is theirs in common, as far as a bank's cells
/// drift like the GTM's.
public struct TuningReferences: Codable, Equatable, Sendable {
    /// The LTM columns of one bank.
    public struct LTM: Codable, Equatable, Sendable {
        /// w_L, µS.
        public let conductance: Double
        /// G_on of its cells, µS.
        public let onConductance: Double

        public init(conductance: Double, onConductance: Double) {
            self.conductance = conductance
            self.onConductance = onConductance
        }
    }

    /// w_G, µS.
    public let gtmConductance: Double
    /// By the name of the bank; those whose tiles have LTM columns.
    public let ltm: [String: LTM]
    /// M_0, right after programming.
    public let initialRatio: Double

    /// Reads of the GTM that are averaged (chosen: read noise is then a quarter of
    /// that of one read, well below what σ_W leaves of 1,000 cells).
    public static let repeats = 16

    public init(gtmConductance: Double, ltm: [String: LTM], initialRatio: Double) {
        self.gtmConductance = gtmConductance
        self.ltm = ltm
        self.initialRatio = initialRatio
    }

    /// Writes the LTM columns of the matrices, where their tiles have some, and the GTM,
    /// all to G_on, and reads M_0.
    public static func written(beside matrices: [ChipMatrix], on session: any ChipSession) throws
        -> TuningReferences
    {
        guard session.dataSheet.gtmCells > 0 else { throw SelfTuningError.noGTM }
        var ltm: [String: LTM] = [:]
        for matrix in matrices {
            let sheet = try session.dataSheet(ofBank: matrix.bank)
            guard sheet.ltmColumns > 0 else { continue }
            ltm[sheet.bank] = LTM(
                conductance: try session.program(.ltm(of: matrix), conductance: nil).conductance,
                onConductance: sheet.onConductance)
        }
        let gtm = try session.program(.gtm, conductance: nil).conductance
        return TuningReferences(
            gtmConductance: gtm, ltm: ltm,
            initialRatio: try session.readReference(repeats: repeats))
    }
}
