internal import ChipCore
internal import Protocol

extension SimulationCommand {
    init(_ request: IncomingRequest) throws(WireError) {
        try TensorArguments(request).finish()
        switch request.command {
        case .simulatedClock(let clock): try self.init(clock)
        case .simulatedTruth(let truth):
            self = .truth(
                tile: Int(truth.tile), region: try Region(truth.region),
                deviations: truth.deviations)
        case .simulatedFault(let fault):
            self = fault.clear ? try Self.mend(fault) : .fault(try FaultCommand(fault))
        case .simulatedSnapshot(let snapshot):
            self = .save(name: try FieldBounds.fileName("name", snapshot.name))
        case .simulatedRestore(let restore):
            self = .restore(
                name: try FieldBounds.fileName("name", restore.name), from: restore.fromChip)
        default:
            preconditionFailure("\(request.command.traits.name) is no simulation control")
        }
    }

    private static func mend(_ wire: WireSimulatedFault) throws(WireError) -> SimulationCommand {
        guard wire == .with({ $0.clear = true }) else {
            throw .field("clear is true, but other fields are given too; allowed: none of them")
        }
        return .mend
    }

    private init(_ wire: WireSimulatedClock) throws(WireError) {
        guard wire.rate == 0 || wire.action == .setRate else {
            throw .field("rate is \(wire.rate), but only the action SET_RATE has one; allowed: 0")
        }
        guard wire.seconds == 0 || wire.action == .advance else {
            throw .field(
                "seconds is \(wire.seconds), but only the action ADVANCE has them; allowed: 0")
        }
        switch wire.action {
        case .get: self = .clockGet
        case .setRate:
            self = .clockRate(try FieldBounds.number("rate", wire.rate, ClockMode.rateRange))
        case .setManual: self = .clockManual
        case .advance:
            self = .clockAdvance(
                seconds: try FieldBounds.number(
                    "seconds", wire.seconds, 0 ... FieldBounds.advanceSecondsMax))
        case .unspecified, .UNRECOGNIZED:
            throw .field("action is \(wire.action.rawValue); allowed: 1 … 4")
        }
    }
}
