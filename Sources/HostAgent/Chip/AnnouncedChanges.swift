/// Another's session that says so before it changes, for the first time, what one of some
/// matrices computes: its weights, its tuning columns or its converters' range; and whenever
/// it has worked.
///
/// Programming or calibrating other matrices, new ones above all, is no such change; tuning
/// columns always are.
final class AnnouncedChanges: ChipSession {
    private let session: any ChipSession
    private let watched: Set<UInt32>
    private var announcement: (() throws -> Void)?
    private let worked: () -> Void

    /// - Parameters:
    ///   - matrices: the ids of those whose change is announced.
    ///   - worked: called after each programming of a matrix and each reply of a product.
    ///   - announcement: an error keeps the change from being made.
    init(
        of session: any ChipSession, to matrices: Set<UInt32>, worked: @escaping () -> Void,
        announcement: @escaping () throws -> Void
    ) {
        self.session = session
        watched = matrices
        self.worked = worked
        self.announcement = announcement
    }

    private func announce(_ matrix: UInt32) throws {
        guard watched.contains(matrix) else { return }
        try announce()
    }

    private func announce() throws {
        try announcement?()
        announcement = nil
    }

    var dataSheet: ChipDataSheet { session.dataSheet }
    var banks: [ChipDataSheet] { session.banks }
    var cost: ChipCost { session.cost }

    func map(_ request: MatrixRequest) throws -> ChipMatrix { try session.map(request) }
    func unmap(_ matrix: ChipMatrix) throws { try session.unmap(matrix) }
    func matrices() throws -> [ChipMatrix] { try session.matrices() }
    func tilesFree(inBank bank: String) throws -> Int { try session.tilesFree(inBank: bank) }

    func program(
        _ matrix: ChipMatrix, _ codes: WeightCodes, _ options: ProgramOptions
    ) throws -> ProgramReport {
        try announce(matrix.id)
        defer { worked() }
        return try session.program(matrix, codes, options)
    }

    func readConductances(_ matrix: ChipMatrix, repeats: Int) throws -> [Float] {
        try session.readConductances(matrix, repeats: repeats)
    }

    func multiply(
        _ matrix: ChipMatrix, _ request: ProductRequest, inputs: (Int) throws -> InputCodes,
        outputs: (Int, OutputCodes) throws -> Void
    ) throws {
        try session.multiply(matrix, request, inputs: inputs) {
            try outputs($0, $1)
            worked()
        }
    }

    func calibrate(_ matrix: ChipMatrix, fullScale: Double) throws -> Double {
        try announce(matrix.id)
        return try session.calibrate(matrix, fullScale: fullScale)
    }

    func program(_ reference: TuningColumns, conductance: Double?) throws -> ReferenceReport {
        try announce()
        return try session.program(reference, conductance: conductance)
    }

    func readReference(repeats: Int) throws -> Double {
        try session.readReference(repeats: repeats)
    }

    func status() throws -> ChipStatus { try session.status() }
    func health() throws -> ChipHealth { try session.health() }

    func acquireLease() throws { try session.acquireLease() }
    func releaseLease() throws { try session.releaseLease() }
}
