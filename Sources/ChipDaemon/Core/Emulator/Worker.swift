package import Physics

/// The part of a chip that its queue works with: the state, and what is derived from it and kept
/// because it is asked for again.
package struct Worker: Sendable {
    package let spec: ChipSpec
    /// Whose draws its events have.
    package let serial: UInt32
    /// Whose cells it has.
    package let fabrication: Fabrication
    package private(set) var state: ChipState
    package var sampleEventNext: UInt64
    /// ν of each cell of a tile that was aged before.
    package var coefficients: [Int: [Float]] = [:]
    /// Lives of the cells of a tile that may have lost one.
    package var lives: [Int: CellLives] = [:]
    /// Product images; `adopt` drops those whose tiles changed.
    package var images: [TileImage.Key: TileImage] = [:]
    /// Solved wires; `adopt` drops those whose tiles changed or were unmapped.
    package var wires: [WiresKey: TileWires] = [:]
    /// Times that the wires of a tile were solved, since the start.
    package var wireSolutions = 0

    package init(
        spec: ChipSpec, serial: UInt32, state: ChipState, sampleEventNext: UInt64
    ) {
        self.spec = spec
        self.serial = serial
        fabrication = Fabrication(
            serial: state.counters.fabricationSerial(own: serial), variation: spec.variation)
        self.state = state
        self.sampleEventNext = sampleEventNext
    }

    package struct Done: Sendable {
        package var result: ChangeResult
        package var cost: Cost = .zero
        package var fault: ChipFault?
        package var warnings: [String] = []
    }

    package mutating func carryOut(
        _ command: ChangeCommand, on next: inout ChipState, recording changes: inout StoreChanges,
        at time: ChipInstant, limits: ChipLimits, work: WorkContext
    ) throws(ChipFault) -> Done {
        switch command {
        case .map(let command):
            return try map(command, on: &next, recording: &changes, limits: limits)
        case .unmap(let matrix):
            return try unmap(matrix, on: &next, recording: &changes)
        case .program(let command):
            return try program(
                command, on: &next, recording: &changes, at: time, limits: limits,
                work: work)
        case .programReference(let command):
            return try programReference(
                command, on: &next, recording: &changes, at: time, limits: limits, work: work)
        case .pulse(let command):
            return try pulse(
                command, on: &next, recording: &changes, at: time, limits: limits, work: work)
        case .calibrate(let matrix, let fullScale):
            return try calibrate(matrix, fullScale, on: &next, recording: &changes)
        case .power(let on):
            return power(on, on: &next, recording: &changes, at: time)
        }
    }

    package mutating func adopt(_ next: ChipState, changed: StoreChanges) {
        let tiles = Set(changed.tiles.map(\.tile))
        let removed = Set(
            changed.matricesRemoved.flatMap { state.matrices[$0]?.description.tiles ?? [] })
        state = next
        images = images.filter {
            $0.value.tiles.isDisjoint(with: tiles) && !removed.contains($0.key.tile)
        }
        wires = wires.filter { !tiles.contains($0.key.tile) && !removed.contains($0.key.tile) }
    }

    /// For changes of the record that touch no cell.
    package mutating func note(_ counters: CounterRecord) { state.counters = counters }

    /// Faults change what cells and products look like, not what is stored of them.
    package mutating func note(_ faults: [Int: FaultRecord]) {
        state.faults = faults
        images = [:]
        wires = [:]
    }

    /// Events of reads and products have the top bit, those of changing commands do not: the
    /// read-back of a command and a read never share their noise.
    private static let firstSampleEvent: UInt64 = 1 << 63

    package mutating func nextSampleEvent() throws(ChipFault) -> EventDraws {
        guard sampleEventNext < state.counters.sampleEventReserved else {
            throw ChipFault(
                .unavailable, .limit, .afterBackoff,
                "the events reserved at start are used up; restart the daemon")
        }
        defer { sampleEventNext += 1 }
        return EventDraws(
            serial: serial, event: Self.firstSampleEvent | sampleEventNext)
    }

    package func bank(named name: String) throws(ChipFault) -> Int {
        if name.isEmpty { return 0 }
        guard let bank = spec.banks.firstIndex(where: { $0.name == name }) else {
            throw ChipFault(
                .notFound, .noSuchBank, .afterFix,
                "bank is \"\(name)\"; the chip has: \(spec.banks.map(\.name).list(max: 16))")
        }
        return bank
    }

    package func bank(of matrix: MatrixDescription) -> BankSpec {
        guard let bank = spec.banks.first(where: { $0.name == matrix.bank }) else {
            preconditionFailure("matrix \(matrix.id) lies in a bank that the chip has")
        }
        return bank
    }
}
