import ChipCore
import ChipServer
import Physics
import Testing

@Suite("The chip of the reference array costs what its spec says")
struct ReferenceArrayTests {
    private let folder: TestFolder
    private let chip: EmulatedChip
    private let now = HostInstant(wallMicroseconds: 1, bootMicroseconds: 1)
    private let epoch: UInt64

    init() throws {
        folder = try TestFolder()
        let spec = try ResolvedSpec(chipFile: ShippedSpecs.chip("rram-2b-neurosim"))
        let store = try SQLiteChipStore(
            path: folder.file("chip.db"),
            identity: .init(serial: 1, specName: "rram-2b-neurosim", specDigest: spec.digest),
            createdWallMicroseconds: 1)
        chip = try EmulatedChip(
            serial: 1, spec: spec.spec, store: store,
            limits: ChipLimits(
                cellsPerChange: 1 << 20, replyBytes: 1 << 20, sessions: 4, unacknowledged: 8,
                matrices: 4, batch: 16, repeats: 16, leaseTermMilliseconds: 60_000), now: now)
        epoch = try chip.acquireLease(
            session: SampleRecords.session, termMilliseconds: 60_000, now: now
        ).epoch
    }

    private func change(_ command: ChangeCommand, sequence: UInt64) throws {
        _ = try chip.change(
            command,
            stamp: CommandStamp(
                session: SampleRecords.session, sequence: sequence,
                digest: Array(repeating: 0, count: 16), epoch: epoch, acknowledged: 0),
            work: WorkContext(now: now)
        ) { _ in [[]] }
    }

    /// A matrix on one tile, 28 of 128 rows driven by every one of 8 bits: what NeuroSim says of one
    /// array and vector at 0.2186 (it has neither the current through the cells nor our buffers).
    @Test func oneVectorOnOneTile() throws {
        try change(
            .map(
                MapCommand(
                    name: "", rows: 128, columns: 128, weightBits: 2, cellBits: 0, codeMax: 0,
                    bank: "", mapping: .offset, sensing: nil, fullScaleMicroamperes: 0,
                    tiles: [])), sequence: 1)
        try change(
            .program(
                ProgramCommand(
                    target: .codes(matrix: 1, Array(repeating: 0, count: 128 * 128)),
                    region: .all, method: .openLoop, all: true, mask: nil, readBack: false,
                    cellStatus: false)), sequence: 2)
        let inputs = (0 ..< 128).map { UInt8($0 < 28 ? 255 : 0) }
        let cost = try chip.sample(
            .multiply(
                MultiplyCommand(
                    matrix: 1, inputs: .unsigned(inputs), batch: 1, transposed: false,
                    bitSerial: true, products: true, fullScaleMicroamperes: 0)),
            work: WorkContext(now: now)
        ).cost
        let parts: [Cost.Component] = [.wordLines, .adc, .shiftAdd]
        let energy = parts.reduce(0) { $0 + (cost.parts[$1]?.energyPicojoules ?? 0) }
        #expect(abs(energy / 130.928 - 1) < 0.01)
        let buffers = try #require(cost.parts[.buffers]?.latencyNanoseconds)
        #expect(abs((cost.latencyNanoseconds - buffers) / 108.525 - 1) < 0.01)
        // 28 rows of 128 cells at the level of code 0, two thirds of the window of 2 … 20 µS, with
        // a programming noise that leaves their mean: 0.55² V² · 14 µS · 3584 cells · 8 bits · 1 ns.
        let current = try #require(cost.parts[.array]?.energyPicojoules)
        #expect(abs(current / (0.3025 * 14 * 3584 * 8 * 1e-3) - 1) < 0.01)
    }
}
