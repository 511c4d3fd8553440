import ChipCore
import ChipServer
import Foundation
import Protocol

/// A chip of the daemon in this process: the emulator on its SQLite store, without the wire.
final class BenchChip {
    let chip: EmulatedChip
    let store: SQLiteChipStore
    private let session: SessionID
    private var sequence: UInt64 = 0
    private let epoch: UInt64
    private let clock = HostClock.system

    /// The chip of all cases, in this process and in the daemon's: RRAM cells of 4 bits that drift,
    /// 128 × 128 tiles, 8-bit DAC, 10-bit ADC.
    static let specName = "rram"
    /// What of it acts on a product.
    static let effects = "drift, read noise, 8-bit DAC, 10-bit ADC"

    /// The same chip with resistances in its wires.
    static let wiredSpecName = "rram-wires"

    /// Chip time since the matrix of a product was programmed: drift holds an image for a time that
    /// grows with the age, so that a fresh matrix would be aged anew for nearly every product.
    static let ageSeconds = 3600.0

    static func specFile(_ name: String = specName) throws -> String {
        let file = "firmware-specs/chips/\(name).yaml"
        guard FileManager.default.fileExists(atPath: file) else {
            throw BenchFault("there is no \(file) in this folder; run make bench at the top")
        }
        return file
    }

    static let limits = ChipLimits(
        cellsPerChange: Limits.cellsPerChange, replyBytes: Limits.frameBytes,
        sessions: Limits.sessions, unacknowledged: Limits.unacknowledged,
        matrices: Limits.matrices, batch: Limits.batch, repeats: Limits.repeats,
        leaseTermMilliseconds: UInt64(Limits.leaseTermMilliseconds))

    static func store(_ directory: URL) throws -> SQLiteChipStore {
        try SQLiteChipStore(
            path: directory.appendingPathComponent("chip.db").path,
            identity: .init(
                serial: 1, specName: "bench", specDigest: Array(repeating: 0, count: 16)),
            createdWallMicroseconds: 0)
    }

    init(in directory: URL, spec: String = specName) throws {
        store = try Self.store(directory)
        chip = try EmulatedChip(
            serial: 1, spec: ResolvedSpec(chipFile: Self.specFile(spec)).spec, store: store,
            limits: Self.limits, now: clock.now)
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

    func age() throws {
        for command in [
            SimulationCommand.clockManual, .clockAdvance(seconds: Self.ageSeconds), .clockRate(1),
        ] {
            _ = try chip.simulate(command, work: WorkContext(now: clock.now))
        }
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
