internal import ChipClient
internal import Protocol

/// A chip behind the wire: the emulator's daemon or a bridge. One thread owns it.
public final class WireChipSession: ChipSession, SimulatedClockControl {
    private let connection: ChipConnection
    public let dataSheet: ChipDataSheet
    public let banks: [ChipDataSheet]
    public private(set) var cost = ChipCost()
    /// Acquisitions that were not released yet.
    private var leases = 0
    /// Whether an emulator answered; a bridge to hardware otherwise.
    public var isEmulator: Bool { connection.backend == .emulator }

    /// What the daemon says it is.
    public var firmware: String { connection.identity.firmware }

    /// Connects and reads the data sheet.
    ///
    /// - Parameters:
    ///   - chip: serial; 0: the only chip that the daemon serves.
    ///   - bank: where matrices go; `nil`: the chip's first analog bank.
    ///   - timeout: how long a call waits without a sign of life, and for a lease of another host.
    ///   - waitsForDaemon: whether to wait so long also for a daemon that is gone.
    public init(
        endpoint: String, chip: UInt32, bank: String? = nil, timeout: Duration = .seconds(60),
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
        banks = try ChipDataSheet.banks(
            connection.describe(),
            canUnroll: connection.identity.capabilities.contains("window"))
        guard let own = banks.first(where: { bank.map($0.bank.elementsEqual) ?? !$0.isDigital })
        else {
            throw ChipSessionError.noSuchBank(bank ?? "analog", banks: banks.map(\.bank))
        }
        dataSheet = own
    }

    public func map(_ request: MatrixRequest) throws -> ChipMatrix {
        var map = WireMap()
        map.name = request.name
        map.rows = UInt32(request.rows)
        map.columns = UInt32(request.columns)
        map.weightBits = UInt32(request.weightBits)
        map.codeMax = UInt32(request.codeMax)
        map.mapping = request.mapping == .differential ? .differential : .offset
        map.bank = request.bank ?? dataSheet.bank
        return ChipMatrix(try connection.map(map))
    }

    public func unmap(_ matrix: ChipMatrix) throws { try connection.unmap(matrix.id) }

    public func matrices() throws -> [ChipMatrix] {
        try connection.status().matrices.map(ChipMatrix.init)
    }

    public func tilesFree(inBank bank: String) throws -> Int {
        try connection.status().matrices.reduce(dataSheet(ofBank: bank).tiles) {
            $1.bank == bank ? $0 - $1.tiles.count : $0
        }
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

    public func multiply(
        _ matrix: ChipMatrix, _ request: ProductRequest, inputs: (Int) throws -> InputCodes,
        outputs: (Int, OutputCodes) throws -> Void
    ) throws {
        var options = MultiplyOptions()
        options.output = try dataSheet(ofBank: matrix.bank).hasCodes ? .codes : .products
        options.transpose = request.isTransposed
        options.adcFullScaleMicroamperes = request.fullScale ?? 0
        options.window = request.window.map(WireWindow.init)
        options.ltm = request.withLTM
        try connection.multiply(matrix: matrix.id, count: request.count, options: options) {
            let codes = try inputs($0)
            return ProductInputs(
                type: codes.isSigned ? .i8 : .u8, shape: codes.shape,
                frame: Frame(codes.values))
        } products: { number, outcome in
            cost += ChipCost(outcome.cost)
            try outputs(number, try OutputCodes(outcome, keepsFractions: request.keepsFractions))
        }
    }

    public func calibrate(_ matrix: ChipMatrix, fullScale: Double) throws -> Double {
        try connection.calibrate(matrix.id, adcFullScaleMicroamperes: fullScale).adcFullScaleUa
    }

    public func program(_ reference: TuningColumns, conductance: Double?) throws
        -> ReferenceReport
    {
        let matrix: UInt32? =
            switch reference {
            case .gtm: nil
            case .ltm(let matrix): matrix.id
            }
        let outcome = try connection.programReference(
            ltmOf: matrix, microsiemens: conductance ?? 0)
        let spent = ChipCost(outcome.cost, cellsWritten: outcome.result.cells)
        cost += spent
        guard outcome.result.notAttempted == 0 else {
            throw ChipSessionError.badReply(
                "\(outcome.result.notAttempted) cells of a reference were not written")
        }
        return ReferenceReport(conductance: outcome.result.conductanceUs, cost: spent)
    }

    public func readReference(repeats: Int) throws -> Double {
        let outcome = try connection.readReference(repeats: repeats)
        cost += ChipCost(outcome.cost)
        guard outcome.ratio.isFinite else {
            throw ChipSessionError.badReply("the GTM's nominal sum is 0")
        }
        return outcome.ratio
    }

    public func status() throws -> ChipStatus {
        let status = try connection.status()
        return ChipStatus(stateDigest: Array(status.stateDigest), chipTimeSeconds: status.chipTimeS)
    }

    public func health() throws -> ChipHealth {
        let health = try connection.health()
        return ChipHealth(
            pulses: health.pulses, cells: health.cells, unverified: health.unverified,
            lifeUsed: health.banks.map(\.lifeUsedWorst).max() ?? 0)
    }

    /// Waits for another host's, no longer than the timeout. One that was lost is not taken
    /// anew before it was released: what its holder knew of the chip may be stale.
    public func acquireLease() throws {
        if leases == 0 {
            do {
                _ = try connection.acquireLease()
            } catch ChipError.refused(let refusal) where refusal.reason == .leaseOfAnother {
                connection.options.warn?(
                    "another host holds the chip's lease; waiting for it, at most "
                        + Format.duration(connection.options.failAfter / .seconds(1)))
                _ = try connection.acquireLease(waits: true)
            }
        }
        leases += 1
    }

    public func releaseLease() throws {
        precondition(leases > 0)
        leases -= 1
        if leases == 0 { try connection.releaseLease() }
    }

    /// Wears cells: trains of full SET and RESET pulses in turn on every cell of the tiles of
    /// some matrices, whose weights are lost with it.
    ///
    /// - Parameter pulses: of each cell.
    public func wear(_ matrices: [ChipMatrix], pulses: UInt32) throws {
        let worn = Set(matrices.map(\.id))
        for state in try connection.status().matrices where worn.contains(state.matrix) {
            for tile in state.tiles {
                var train = WirePulse()
                train.tile = tile
                train.direction = .alternating
                train.pulses = pulses
                train.step = 1
                try connection.pulse(train)
            }
        }
    }

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
