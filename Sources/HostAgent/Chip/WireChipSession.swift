internal import ChipClient
internal import Protocol

/// A chip behind the wire: the emulator's daemon or a bridge. One thread owns it.
public final class WireChipSession: ChipSession, SimulatedClockControl {
    private let connection: ChipConnection
    public let dataSheet: ChipDataSheet
    public private(set) var cost = ChipCost()
    /// Whether an emulator answered; a bridge to hardware otherwise.
    public var isEmulator: Bool { connection.backend == .emulator }

    /// What the daemon says it is.
    public var firmware: String { connection.identity.firmware }

    /// Connects and reads the data sheet.
    ///
    /// - Parameters:
    ///   - chip: serial; 0: the only chip that the daemon serves.
    ///   - timeout: how long a call waits without a sign of life.
    ///   - waitsForDaemon: whether to wait so long also for a daemon that is gone.
    public init(
        endpoint: String, chip: UInt32, timeout: Duration = .seconds(60),
        waitsForDaemon: Bool = false, warn: (@Sendable (String) -> Void)? = nil
    ) throws {
        var options = ChipOptions()
        options.failAfter = timeout
        options.warnAfter = min(options.warnAfter, timeout / 2)
        options.waitsForDaemon = waitsForDaemon
        options.chip = chip
        options.client = "hostagent \(version)"
        options.warn = warn
        connection = try ChipConnection(endpoint: endpoint, options: options)
        dataSheet = try ChipDataSheet(connection.describe())
    }

    public func map(_ request: MatrixRequest) throws -> ChipMatrix {
        var map = WireMap()
        map.name = request.name
        map.rows = UInt32(request.rows)
        map.columns = UInt32(request.columns)
        map.weightBits = UInt32(request.weightBits)
        map.codeMax = UInt32(request.codeMax)
        map.mapping = .differential
        return ChipMatrix(try connection.map(map))
    }

    public func unmap(_ matrix: ChipMatrix) throws { try connection.unmap(matrix.id) }

    public func matrices() throws -> [ChipMatrix] {
        try connection.status().matrices.map(ChipMatrix.init)
    }

    public func program(
        _ matrix: ChipMatrix, _ codes: WeightCodes, _ options: ProgramOptions
    ) throws -> ProgramReport {
        var wire = ChipClient.ProgramOptions()
        wire.method = options.method == .openLoop ? .openLoop : .writeVerify
        wire.tolerance = options.tolerance ?? 0
        wire.all = options.all
        wire.readBack = options.readBack
        let outcome = try connection.program(
            matrix: matrix.id, codes: .i16(codes.values), mask: options.mask, options: wire)
        let spent = ChipCost(outcome.cost, cellsWritten: outcome.result.cells)
        cost += spent
        return ProgramReport(
            cells: outcome.result.cells, verified: outcome.result.verified,
            unverified: outcome.result.unverified, cost: spent, readBack: outcome.readBack)
    }

    public func readConductances(_ matrix: ChipMatrix, repeats: Int) throws -> [Float] {
        let outcome = try connection.read(matrix: matrix.id, repeats: repeats, conductances: true)
        cost += ChipCost(outcome.cost)
        return outcome.values
    }

    public func multiply(_ matrix: ChipMatrix, _ batches: [InputCodes]) throws -> [OutputCodes] {
        var options = MultiplyOptions()
        options.output = .codes
        let outcomes = try connection.multiplyAll(
            matrix: matrix.id, width: matrix.rows, batches: batches.map { .u8($0.values) },
            options: options)
        return try outcomes.map { outcome in
            guard case .i32(let codes) = outcome.values else {
                throw ChipSessionError.badReply("products aren't i32 codes")
            }
            cost += ChipCost(outcome.cost)
            return OutputCodes(
                vectors: outcome.batch, columns: outcome.outputs, values: codes, lsb: outcome.lsb,
                conversions: outcome.conversions, clipped: outcome.clipped)
        }
    }

    public func calibrate(_ matrix: ChipMatrix, fullScale: Double) throws -> Double {
        try connection.calibrate(matrix.id, adcFullScaleMicroamperes: fullScale).adcFullScaleUa
    }

    public func status() throws -> ChipStatus {
        let status = try connection.status()
        return ChipStatus(stateDigest: Array(status.stateDigest), chipTimeSeconds: status.chipTimeS)
    }

    public func health() throws -> ChipHealth {
        let health = try connection.health()
        return ChipHealth(pulses: health.pulses, cells: health.cells, unverified: health.unverified)
    }

    public func acquireLease() throws { _ = try connection.acquireLease(waits: true) }
    public func releaseLease() throws { try connection.releaseLease() }

    // MARK: - The simulated clock

    public func stopClock() throws { try connection.setClockManual() }
    public func advanceClock(seconds: Double) throws {
        try connection.advanceClock(seconds: seconds)
    }
}

/// What only an emulator can: chip time by hand.
public protocol SimulatedClockControl: AnyObject {
    /// Chip time stands still from now on, but for `advanceClock`.
    func stopClock() throws
    func advanceClock(seconds: Double) throws
}

extension ChipMatrix {
    init(_ state: WireMatrixState) {
        self.init(
            id: state.matrix, name: state.name, rows: Int(state.rows), columns: Int(state.columns),
            slices: Int(state.slices), bitsPerSlice: Int(state.bitsPerSlice),
            codeMax: Int(state.codeMax),
            fullScaleMicroamperes: state.adcFullScaleUa)
    }
}

extension ChipCost {
    init(_ cost: WireCost, cellsWritten: UInt64 = 0) {
        self.init(
            pulses: cost.pulses, energyPicojoules: cost.energyPj,
            latencyNanoseconds: cost.latencyNs,
            cellsWritten: cellsWritten)
    }
}

extension ChipDataSheet {
    /// The chip's first analog bank, where matrices go by default.
    init(_ result: WireDescribeResult) throws {
        guard let bank = result.banks.first(where: { !$0.digital }) else {
            throw ChipSessionError.badReply("the data sheet has no analog bank")
        }
        self.init(
            serial: result.chip, spec: result.spec, technology: bank.technology,
            rows: Int(bank.rows),
            columns: Int(bank.columns), bitsPerCell: Int(bank.bitsPerCell),
            onConductance: bank.onConductanceUs, offConductance: bank.offConductanceUs,
            readVoltage: bank.readVoltageV, dacBits: Int(result.converters.dacBits),
            adcBits: result.converters.adcIdeal ? 0 : Int(result.converters.adcBits),
            readNoiseRelative: bank.readNoiseRelative, readNoiseConstant: bank.readNoiseConstantUs,
            programmingSpread: bank.programmingSpread, verifyTolerance: bank.verifyTolerance,
            batchMax: Int(result.limits.batch),
            frameBytesMax: Int(clamping: result.limits.frameBytes))
        guard rows > 0, columns > 0, (1 ... 8).contains(bitsPerCell), (1 ... 16).contains(dacBits),
            onConductance > offConductance, offConductance >= 0, readVoltage > 0, batchMax > 0,
            frameBytesMax > 1 << 16
        else { throw ChipSessionError.badReply("the data sheet has impossible figures") }
    }
}
