import ChipCore
import Physics
import Synchronization

/// A chip on the table, with one host talking to it.
final class TestBench {
    private(set) var store: MemoryStore
    let spec: ChipSpec
    private(set) var chip: EmulatedChip
    var now = HostInstant(wallMicroseconds: 1_000_000, bootMicroseconds: 1_000_000)
    var session = TestBench.session(1)
    var sequence: UInt64 = 0
    var acknowledged: UInt64 = 0
    var epoch: UInt64 = 0

    static let limits = ChipLimits(
        cellsPerChange: 4 << 20, replyBytes: 64 << 20, sessions: 4, unacknowledged: 8,
        matrices: 64, batch: 4096, repeats: 4096, leaseTermMilliseconds: 60_000)

    static func session(_ number: UInt8) -> SessionID {
        SessionID(Array(repeating: number, count: 16))!
    }

    let serial: UInt32

    init(_ spec: ChipSpec, serial: UInt32 = 7, store: MemoryStore = MemoryStore()) throws {
        self.spec = spec
        self.serial = serial
        self.store = store
        chip = try EmulatedChip(
            serial: serial, spec: spec, store: store, limits: Self.limits, now: now)
    }

    /// Power cut and restart: only what was stored is left.
    func restart() throws {
        store = MemoryStore(store.snapshot)
        chip = try EmulatedChip(
            serial: serial, spec: spec, store: store, limits: Self.limits, now: now)
    }

    func takeLease() throws {
        epoch = try chip.acquireLease(session: session, termMilliseconds: 60_000, now: now).epoch
    }

    var work: WorkContext { WorkContext(now: now) }

    /// The reply's own bytes: what it says, so that a replay can be compared.
    @discardableResult
    func change(_ command: ChangeCommand, digest: UInt8 = 0, work: WorkContext? = nil) throws
        -> ChangeReply
    {
        let box = Mutex<ChangeReply?>(nil)
        _ = try chip.change(
            command, stamp: stamp(sequence + 1, digest: digest), work: work ?? self.work
        ) { reply in
            box.withLock { $0 = reply }
            return [Array("\(reply.result)".utf8.prefix(64))]
        }
        sequence += 1
        acknowledged = sequence
        return box.withLock { $0! }
    }

    func stamp(_ sequence: UInt64, digest: UInt8 = 0) -> CommandStamp {
        CommandStamp(
            session: session, sequence: sequence, digest: Array(repeating: digest, count: 16),
            epoch: epoch, acknowledged: acknowledged)
    }

    func map(
        rows: Int, columns: Int, weightBits: Int = 8, codeMax: Int = 0, bank: String = "",
        mapping: WeightEncoding.Mapping = .differential, sensing: Sensing? = nil,
        fullScale: Double = 0
    ) throws -> MatrixDescription {
        let reply = try change(
            .map(
                MapCommand(
                    name: "m", rows: rows, columns: columns, weightBits: weightBits, cellBits: 0,
                    codeMax: codeMax, bank: bank, mapping: mapping, sensing: sensing,
                    fullScaleMicroamperes: fullScale, tiles: [])))
        guard case .mapped(let matrix) = reply.result else { preconditionFailure() }
        return matrix
    }

    func advance(seconds: Double) throws {
        _ = try chip.simulate(.clockAdvance(seconds: seconds), work: work)
    }

    /// What the cells of a tile conduct now, µS.
    func conductances(tile: Int) throws -> [Double] {
        let reply = try chip.simulate(
            .truth(tile: tile, region: .all, deviations: false), work: work)
        guard case .truth(let values, _, _, _, _) = reply.result else { preconditionFailure() }
        return values.map { Double($0) }
    }

    @discardableResult
    func program(
        _ matrix: UInt32, _ codes: [Int16], region: Region = .all,
        method: ProgramCommand.Method = .openLoop, all: Bool = false, readBack: Bool = false,
        cellStatus: Bool = false, work: WorkContext? = nil
    ) throws -> ProgramReport {
        let reply = try change(
            .program(
                ProgramCommand(
                    target: .codes(matrix: matrix, codes), region: region, method: method,
                    all: all, mask: nil, readBack: readBack, cellStatus: cellStatus)),
            work: work)
        guard case .programmed(let report) = reply.result else { preconditionFailure() }
        return report
    }

    func weights(_ matrix: UInt32, repeats: Int = 1) throws -> [Float] {
        let reply = try chip.sample(
            .read(ReadCommand(source: .weights(matrix: matrix), region: .all, repeats: repeats)),
            work: work)
        guard case .read(let values, _, _, _) = reply.result else { preconditionFailure() }
        return values
    }

    func products(
        _ matrix: UInt32, _ inputs: MultiplyCommand.Inputs, batch: Int, transposed: Bool = false,
        bitSerial: Bool = false
    ) throws -> [Float] {
        let product = try multiply(
            MultiplyCommand(
                matrix: matrix, inputs: inputs, batch: batch, transposed: transposed,
                bitSerial: bitSerial, products: true, fullScaleMicroamperes: 0))
        guard case .products(let values) = product.values else { preconditionFailure() }
        return values
    }

    func multiply(_ command: MultiplyCommand, work: WorkContext? = nil) throws -> ProductResult {
        let reply = try chip.sample(.multiply(command), work: work ?? self.work)
        guard case .product(let product) = reply.result else { preconditionFailure() }
        return product
    }
}

/// Chips small enough to think about.
enum TestSpec {
    static let cost = CellCost(
        programPulseNanoseconds: 100, programPulsePicojoules: 1, readPulseNanoseconds: 10,
        verifyReadPicojoules: 0.01)

    static func technology(
        bits: Int = 2, ratio: Double = 10, drift: Double = 0, driftSpread: Double = 0,
        noise: Double = 0, programming: Double = 0
    ) throws -> CellTechnology {
        try CellTechnology(
            name: "test", storage: .analog, bitsPerCell: bits,
            window: ConductanceWindow(on: .microsiemens(20), onOffRatio: ratio),
            drift: PowerLawDrift(
                coefficient: drift, coefficientSpread: driftSpread, referenceAgeSeconds: 1),
            readNoise: ReadNoise(relative: noise, constantMicrosiemens: 0),
            programmingNoise: programming, writeVerify: WriteVerifyParameters(verifyReads: 4),
            cost: cost)
    }

    static func digital() throws -> CellTechnology {
        try CellTechnology(
            name: "sram", storage: .digital, bitsPerCell: 1,
            window: ConductanceWindow(on: .microsiemens(1), onOffRatio: .infinity), drift: .none,
            readNoise: .none, programmingNoise: 0,
            writeVerify: WriteVerifyParameters(verifyReads: 1), cost: cost)
    }

    static func chip(
        _ technology: CellTechnology, tiles: Int = 32, rows: Int = 16, columns: Int = 8,
        ltmColumns: Int = 0, gtmCells: Int = 0, adcBits: Int? = nil,
        dacError: ConverterError = .none, adcError: ConverterError = .none,
        wires: WireResistances = .ideal, model: Variation.Model = .weightProportional,
        betweenChips: Double = 0, withinChip: Double = 0, clock: ClockMode = .manual
    ) throws -> ChipSpec {
        let nvm = BankSpec(
            name: "nvm", technology: technology, tiles: tiles, rows: rows, columns: columns,
            ltmColumns: ltmColumns)
        return ChipSpec(
            name: "test",
            banks: [
                nvm,
                BankSpec(
                    name: "sram", technology: try digital(), tiles: 64, rows: rows,
                    columns: columns),
            ] + (gtmCells > 0 ? [BankSpec(gtmCells: gtmCells, like: nvm)] : []),
            converters: ConverterSpec(
                dacBits: 8, adcBits: adcBits, readVoltage: 0.2, dacError: dacError,
                adcError: adcError),
            wires: wires,
            variation: try Variation(
                model: model, betweenChip: betweenChips, withinChip: withinChip),
            periphery: PeripheryCost(), clock: clock)
    }
}
