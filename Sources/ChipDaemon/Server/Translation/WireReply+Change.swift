internal import ChipCore
internal import Protocol

extension WireReply {
    /// The reply to a changing command as it is stored: all but the request id, which belongs to
    /// the one who asks and not to the outcome.
    static func storable(_ change: ChangeReply, to request: WireRequest)
        -> (reply: WireReply, tensors: [Frame])
    {
        var reply = WireReply.answering(request)
        reply.requestID = 0
        reply.backend = .emulator
        reply.effect = WireEffect(change.effect)
        reply.chipTimeS = change.chipTime.seconds
        reply.cost = WireCost(change.cost)
        reply.warnings = change.warnings
        if let fault = change.fault { reply.error = WireError(fault) }
        var tensors: [Frame] = []
        switch change.result {
        case .mapped(let matrix):
            reply.map.matrix = WireMatrixState(matrix)
        case .unmapped(let tilesFreed):
            reply.unmap.tilesFreed = UInt32(tilesFreed)
        case .programmed(let report):
            reply.program = WireProgramResult(report)
            (reply.tensors, tensors) = Self.tensors(of: report)
        case .pulsed(let cells):
            reply.pulse.cells = UInt64(cells)
        case .referenceProgrammed(let report):
            reply.referenceProgram.cells = UInt64(report.cells)
            reply.referenceProgram.notAttempted = UInt64(report.notAttempted)
            reply.referenceProgram.conductanceUs = report.microsiemens
        case .calibrated(let fullScale, let lsb):
            reply.calibrate.adcFullScaleUa = fullScale
            reply.calibrate.adcLsbUa = lsb
        case .power(let on, let matricesLost):
            reply.power.on = on
            reply.power.matricesLost = UInt32(matricesLost)
        }
        return (reply, tensors)
    }

    private static func tensors(of report: ProgramReport) -> ([WireTensor], [Frame]) {
        var described: [WireTensor] = []
        var frames: [Frame] = []
        let region = [report.regionRows, report.regionColumns]
        if !report.readBack.isEmpty {
            described.append(
                .describe(.f32, shape: region, unit: report.isTile ? .microsiemens : .weight))
            frames.append(Frame(elements: report.readBack))
        }
        if !report.cellStatus.isEmpty {
            let planes = report.isTile ? [] : [report.slices, report.polarities]
            described.append(.describe(.u8, shape: planes + region, unit: .cellStatus))
            frames.append(Frame(report.cellStatus))
        }
        return (described, frames)
    }
}

extension WireProgramResult {
    init(_ report: ProgramReport) {
        self.init()
        cells = UInt64(report.cells)
        written = UInt64(report.written)
        verified = UInt64(report.verified)
        unverified = UInt64(report.unverified)
        stuckOn = UInt64(report.stuckOn)
        stuckOff = UInt64(report.stuckOff)
        windowClosed = UInt64(report.windowClosed)
        permanent = UInt64(report.permanentFailures)
        notAttempted = UInt64(report.notAttempted)
        pulsesMean = report.pulsesMean
        pulsesP99 = UInt32(clamping: report.pulses99thPercentile)
        pulsesMax = UInt32(clamping: report.pulsesMax)
    }
}

extension WireEffect {
    init(_ effect: Effect) {
        switch effect {
        case .none: self = .none
        case .partial: self = .partial
        case .full: self = .full
        }
    }
}
