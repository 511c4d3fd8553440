internal import ChipCore
internal import Protocol

extension WireStatusResult {
    init(_ status: ChipStatus) {
        self.init()
        stateDigest = .init(status.stateDigest)
        powered = status.isPowered
        chipTimeS = status.chipTime.seconds
        clockMode = WireClockMode(status.clock)
        clockRate = status.clock.wireRate
        lease.held = status.lease.isHeld
        lease.epoch = status.lease.epoch
        lease.remainingMs = status.lease.remainingMilliseconds
        lease.yours = status.lease.isYours
        matrices = status.matrices.map { WireMatrixState($0) }
        tilesFree = UInt32(status.tilesFree)
        tiles = UInt32(status.tiles)
        truthRevealed = status.isTruthRevealed
        sequenceLast = status.sequenceLast
        gtmConductanceUs = status.gtmMicrosiemens
    }
}

extension WireMatrixState {
    init(_ description: MatrixDescription) {
        self.init()
        matrix = description.id
        name = description.name
        rows = UInt32(description.rows)
        columns = UInt32(description.columns)
        bank = description.bank
        mapping =
            switch description.mapping {
            case .differential: .differential
            case .offset: .offset
            }
        sensing =
            switch description.sensing {
            case .differentialAnalog: .differentialAnalog
            case .differentialDigital: .differentialDigital
            case .singleEnded: .singleEnded
            }
        slices = UInt32(description.slices)
        bitsPerSlice = UInt32(description.bitsPerSlice)
        codeMax = UInt32(description.codeMax)
        adcFullScaleUa = description.fullScaleMicroamperes
        weightsProgrammed = UInt64(description.weightsProgrammed)
        weightsUnverified = UInt64(description.weightsUnverified)
        tiles = description.tiles.map { UInt32($0) }
        ltmConductanceUs = description.ltmMicrosiemens
    }
}

extension WireHealthResult {
    init(_ health: ChipHealth) {
        self.init()
        pulses = health.pulses
        cycles = health.cycles.map { bin in
            var wire = WireHistogramBin()
            wire.pulsesMin = bin.pulsesMin
            wire.pulsesMax = bin.pulsesMax
            wire.cells = bin.cells
            return wire
        }
        cells = health.cells
        unverified = health.unverified
        energyPj = health.energyPicojoules
        latencyNs = health.latencyNanoseconds
        chipTimeS = health.chipTime.seconds
        commands = health.commands
        faults = health.faults
        banks = health.banks.map { bank in
            var wire = WireBankHealth()
            wire.bank = bank.name
            wire.onOffRatioMedian = bank.onOffRatioMedian
            wire.onOffRatioWorst = bank.onOffRatioWorst
            wire.lifeUsedMedian = bank.lifeUsedMedian
            wire.lifeUsedWorst = bank.lifeUsedWorst
            wire.stuckOn = bank.stuckOn
            wire.stuckOff = bank.stuckOff
            return wire
        }
    }
}

extension WireDescribeResult {
    init(_ sheet: DataSheet, chip: UInt32, endpoints: WireEndpoints) {
        self.init()
        self.chip = chip
        spec = sheet.spec.name
        banks = sheet.spec.banks.indices.map { WireBank(sheet.spec, bank: $0) }
        converters = WireConverters(sheet.spec.converters)
        wires.driverOhm = sheet.spec.wires.driverOhm
        wires.rowWireOhm = sheet.spec.wires.rowWireOhm
        wires.columnWireOhm = sheet.spec.wires.columnWireOhm
        wires.senseOhm = sheet.spec.wires.senseOhm
        effectsModelled = sheet.effectsModelled
        effectsNotModelled = sheet.effectsNotModelled
        durations = sheet.worstMilliseconds.map { worst in
            var wire = WireCommandDuration()
            wire.command = worst.command
            wire.worstMs = worst.milliseconds
            return wire
        }
        self.endpoints = endpoints
        limits = Limits.message
    }
}

extension WireConverters {
    init(_ spec: ConverterSpec) {
        self.init()
        dacBits = UInt32(spec.dacBits)
        dacIdeal = spec.isDACIdeal
        adcBits = UInt32(spec.adcBits ?? 0)
        adcIdeal = spec.adcBits == nil
        dacOffsetLsb = spec.dacError.offsetLSB
        dacGainError = spec.dacError.gain
        adcOffsetLsb = spec.adcError.offsetLSB
        adcGainError = spec.adcError.gain
    }
}

extension WireBank {
    /// What a data sheet says of a technology; the electrical values of a digital bank are 0.
    init(_ spec: ChipSpec, bank index: Int) {
        self.init()
        let bank = spec.banks[index]
        let cell = bank.technology
        name = bank.name
        technology = cell.name
        digital = bank.isDigital
        isVolatile = bank.isDigital
        firstTile = UInt32(spec.firstTile(bank: index))
        tiles = UInt32(bank.tiles)
        rows = UInt32(bank.rows)
        columns = UInt32(bank.columns)
        ltmColumns = UInt32(bank.ltmColumns)
        gtmCells = UInt32(bank.gtmCells)
        bitsPerCell = UInt32(cell.bitsPerCell)
        guard !bank.isDigital else { return }
        onConductanceUs = cell.window.on.microsiemens
        offConductanceUs = cell.window.off.microsiemens
        readVoltageV = spec.converters.readVoltage
        driftCoefficient = cell.drift.coefficient
        driftReferenceAgeS = cell.drift.referenceAgeSeconds
        readNoiseRelative = cell.readNoise.relative
        readNoiseConstantUs = cell.readNoise.constantMicrosiemens
        programmingSpread = cell.programmingNoise
        verifyReads = UInt32(cell.writeVerify.verifyReads)
        verifyTolerance = cell.writeVerify.tolerance
        verifyPulsesMax = UInt32(cell.writeVerify.pulsesMax)
        endurancePulses = cell.endurance.limitsLife ? cell.endurance.lifetimeScale : 0
    }
}

extension WireLeaseGrant {
    init(_ grant: LeaseGrant, chip: UInt32) {
        self.init()
        self.chip = chip
        epoch = grant.epoch
        termMs = grant.termMilliseconds
    }
}

extension WireQueryResult {
    /// The result, and the frames of the stored tensors. `nil`: the stored reply cannot be read.
    static func make(_ state: OutcomeState) -> (result: WireQueryResult, tensors: [Frame])? {
        var result = WireQueryResult()
        switch state {
        case .neverSeen(let last):
            result.state = .neverSeen
            result.sequenceLast = last
        case .running(let last):
            result.state = .running
            result.sequenceLast = last
        case .forgotten(let last):
            result.state = .doneForgotten
            result.sequenceLast = last
        case .done(let frames, let last):
            guard let stored = StoredReply(frames) else { return nil }
            result.state = .done
            result.sequenceLast = last
            result.reply = stored.reply
            return (result, stored.tensors)
        }
        return (result, [])
    }
}
