/// What a command does to the chip.
public enum CommandEffect: Sendable, Hashable {
    /// Nothing on the chip moves.
    case pure
    /// A read pulse: no stored value changes, but noise is drawn and energy spent.
    case disturbing
    /// Stored state changes; the answer comes after it is on stable storage.
    case changing
    /// The right to change, or the simulation around the chip.
    case administrative
}

/// The properties of a command that both ends act upon (table of wire.md, §8).
public struct CommandTraits: Sendable, Hashable {
    public let name: String
    public let effect: CommandEffect
    /// Carries (session, sequence) and is carried out at most once.
    public let isSequenced: Bool
    /// Carries the epoch of a held lease.
    public let needsLease: Bool
    /// Answered by the control thread, never queued behind work on a chip.
    public let isControl: Bool
    /// Exists only where the daemon was started with simulation controls.
    public let isSimulation: Bool
    /// Makes sense only with a session.
    public let needsSession: Bool

    private init(
        _ name: String, _ effect: CommandEffect, sequenced: Bool = false,
        control: Bool = false, simulation: Bool = false, session: Bool = false
    ) {
        self.name = name
        self.effect = effect
        isSequenced = sequenced
        needsLease = sequenced
        isControl = control
        isSimulation = simulation
        needsSession = session || sequenced
    }

    private static func sequenced(_ name: String) -> CommandTraits {
        CommandTraits(name, .changing, sequenced: true)
    }

    private static func lease(_ name: String) -> CommandTraits {
        CommandTraits(name, .administrative, control: true, session: true)
    }

    public init(_ command: WireRequest.OneOf_Command) {
        self =
            switch command {
            case .hello: CommandTraits("hello", .pure, control: true)
            case .describe: CommandTraits("describe", .pure, control: true)
            case .status: CommandTraits("status", .pure, control: true)
            case .health: CommandTraits("health", .pure, control: true)
            case .leaseAcquire: .lease("lease.acquire")
            case .leaseRenew: .lease("lease.renew")
            case .leaseRelease: .lease("lease.release")
            case .leaseBreak: .lease("lease.break")
            case .map: .sequenced("map")
            case .unmap: .sequenced("unmap")
            case .program: .sequenced("program")
            case .read: CommandTraits("read", .disturbing)
            case .multiply: CommandTraits("multiply", .disturbing)
            case .pulse: .sequenced("pulse")
            case .referenceProgram: .sequenced("reference.program")
            case .referenceRead: CommandTraits("reference.read", .disturbing)
            case .calibrate: .sequenced("calibrate")
            case .power: .sequenced("power")
            case .query: CommandTraits("query", .pure, control: true, session: true)
            case .cancel: CommandTraits("cancel", .administrative, control: true, session: true)
            case .simulatedClock:
                CommandTraits("clock", .administrative, control: true, simulation: true)
            case .simulatedTruth:
                CommandTraits("truth", .pure, control: true, simulation: true)
            case .simulatedFault:
                CommandTraits("fault", .administrative, control: true, simulation: true)
            case .simulatedSnapshot:
                CommandTraits("snapshot", .administrative, control: true, simulation: true)
            case .simulatedRestore:
                CommandTraits("restore", .administrative, control: true, simulation: true)
            }
    }
}

extension WireRequest.OneOf_Command {
    public var traits: CommandTraits { CommandTraits(self) }
}
