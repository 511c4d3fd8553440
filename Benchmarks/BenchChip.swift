import ChipCore
import ChipServer
import Foundation
import Physics
import Protocol

/// A chip of the daemon in this process: the emulator on its SQLite store, without the wire.
final class BenchChip {
    let chip: EmulatedChip
    let store: SQLiteChipStore
    let directory: URL
    private let session: SessionID
    private var sequence: UInt64 = 0
    private let epoch: UInt64
    private let clock = HostClock.system

    /// RRAM cells of 4 bits, 128 × 128 tiles, 8-bit DAC, 10-bit ADC, drift off, so that every
    /// product finds its image: what a product costs, not what ageing does.
    static func spec(tiles: Int, isDrifting: Bool = false) throws -> ChipSpec {
        let technology = try CellTechnology(
            name: "rram", storage: .analog, bitsPerCell: 4,
            window: ConductanceWindow(on: .microsiemens(20), onOffRatio: 10),
            drift: isDrifting
                ? PowerLawDrift(
                    coefficient: 0.04, coefficientSpread: 0.008, referenceAgeSeconds: 1) : .none,
            readNoise: ReadNoise(relative: 0.1, constantMicrosiemens: 0), programmingNoise: 0.1,
            writeVerify: WriteVerifyParameters(verifyReads: 16),
            cost: CellCost(
                programPulseNanoseconds: 100, programPulsePicojoules: 1, readPulseNanoseconds: 10,
                verifyReadPicojoules: 0.01))
        return ChipSpec(
            name: "bench",
            banks: [
                BankSpec(name: "nvm", technology: technology, tiles: tiles, rows: 128, columns: 128)
            ],
            converters: ConverterSpec(dacBits: 8, adcBits: 10, readVoltage: 0.2),
            variation: try Variation(
                model: .weightProportional, betweenChip: 0, withinChip: 0),
            periphery: PeripheryCost(), clock: .rate(1))
    }

    static let limits = ChipLimits(
        cellsPerChange: Limits.cellsPerChange, replyBytes: Limits.frameBytes,
        sessions: Limits.sessions, unacknowledged: Limits.unacknowledged,
        matrices: Limits.matrices, leaseTermMilliseconds: UInt64(Limits.leaseTermMilliseconds))

    static func store(_ directory: URL) throws -> SQLiteChipStore {
        try SQLiteChipStore(
            path: directory.appendingPathComponent("chip.db").path,
            identity: .init(
                serial: 1, specName: "bench", specDigest: Array(repeating: 0, count: 16)),
            createdWallMicroseconds: 0)
    }

    init(_ spec: ChipSpec, in directory: URL) throws {
        self.directory = directory
        store = try Self.store(directory)
        chip = try EmulatedChip(
            serial: 1, spec: spec, store: store, limits: Self.limits, now: clock.now)
        guard let session = SessionID(Array(repeating: 1, count: 16)) else {
            preconditionFailure("a session has 16 bytes")
        }
        self.session = session
        epoch = try chip.acquireLease(
            session: session, termMilliseconds: 600_000, now: clock.now
        ).epoch
    }

    func change(_ command: ChangeCommand) throws {
        sequence += 1
        _ = try chip.change(
            command,
            stamp: CommandStamp(
                session: session, sequence: sequence, digest: Array(repeating: 0, count: 16),
                epoch: epoch, acknowledged: sequence - 1),
            work: WorkContext(now: clock.now)
        ) { _ in [[]] }
    }

    /// A matrix of 128 × `columns` weights of one slice: `columns`/128 differential pairs of tiles.
    func map(columns: Int) throws {
        try change(
            .map(
                MapCommand(
                    name: "bench", rows: 128, columns: columns, weightBits: 4, cellBits: 0,
                    codeMax: 0, bank: "", mapping: .differential, sensing: nil,
                    fullScaleMicroamperes: 60, tiles: [])))
    }

    func program(columns: Int, method: ProgramCommand.Method, seed: Int) throws {
        let codes = (0 ..< 128 * columns).map { Int16(($0 * 7 + seed) % 31) - 15 }
        try change(
            .program(
                ProgramCommand(
                    target: .codes(matrix: 1, codes), region: .all, method: method, all: true,
                    mask: nil, readBack: false, cellStatus: false)))
    }

    func multiply(_ inputs: [UInt8], batch: Int) throws {
        _ = try chip.sample(
            .multiply(
                MultiplyCommand(
                    matrix: 1, inputs: .unsigned(inputs), batch: batch, transposed: false,
                    bitSerial: false, products: false, fullScaleMicroamperes: 0)),
            work: WorkContext(now: clock.now))
    }
}

enum Scratch {
    /// A folder of its own for `body`, removed afterwards.
    static func folder<Value>(_ body: (URL) throws -> Value) throws -> Value {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("nvcim-bench-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        return try body(folder)
    }

    /// Resident memory of this process, bytes.
    static func residentBytes() throws -> Int {
        let text = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
        let pages = text.split(separator: " ")[1]
        guard let count = Int(pages) else { preconditionFailure("statm holds numbers") }
        return count * sysconf(Int32(_SC_PAGESIZE))
    }
}
