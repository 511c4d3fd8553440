public import Protocol

/// The chip or its daemon refused a command.
public struct Refusal: Sendable, CustomStringConvertible {
    /// The command's name, as wire.md writes it.
    public let command: String
    /// The wire's error: code, reason, whether to retry, sentence.
    public let error: WireError
    /// What the command did before it ended.
    public let effect: WireEffect
    /// The whole reply: with effect partial it carries the command's result so far.
    public let reply: WireReply

    public var code: WireError.Code { error.code }
    public var reason: WireError.Reason { error.reason }
    public var retry: WireError.Retry { error.retry }
    public var sentence: String { error.message }

    public var description: String { "\(command): \(error.message)" }

    public var exitStatus: ExitStatus {
        switch reason {
        case .field, .limit, .noSuchMatrix, .noSuchTile, .noSuchBank: .usage
        case .tensor, .sequenceGap, .sequenceReused, .replyForgotten: .data
        case .noSuchChip, .protocolVersion: .unavailable
        case .leaseOfAnother, .queueFull, .tooManyOutcomes, .deadline, .cancelledByRequest,
            .shuttingDown:
            .temporary
        case .noLease, .epochOld, .simulationOff, .poweredOff, .notProgrammed, .clockNotManual,
            .noFreeTiles:
            .permission
        case .store: .inputOutput
        case .malformed, .bug, .unspecified, .UNRECOGNIZED: .software
        }
    }
}

/// Why a call did not succeed. The description is a sentence for a person.
public enum ChipError: StatusError, Sendable {
    /// The daemon answered, and refused.
    case refused(Refusal)
    /// Nothing answered within the fail-after time.
    case noAnswer(endpoint: String, seconds: Double)
    /// The daemon lives, but the answer to this command never came.
    case lostReply(command: String, endpoint: String, seconds: Double)
    /// The ipc socket is not there, or nobody listens on it.
    case noDaemon(endpoint: String, why: String)
    /// The daemon does not serve the chip.
    case notServed(String)
    /// The endpoint cannot be used.
    case endpoint(String)
    /// What came back is not an answer to what was asked.
    case badReply(command: String, sentence: String)
    /// An argument that could not even be sent.
    case argument(String)
    /// The session file cannot be read or written.
    case sessionFile(String, ExitStatus)
    /// libzmq or the system failed.
    case transport(ZMQError)

    public var description: String {
        switch self {
        case .refused(let refusal): refusal.description
        case .noAnswer(let endpoint, let seconds):
            "no daemon answered at \(endpoint) within \(Self.number(seconds)) s"
        case .lostReply(let command, let endpoint, let seconds):
            "the daemon at \(endpoint) lives but did not answer \(command) within "
                + "\(Self.number(seconds)) s"
        case .noDaemon(let endpoint, let why): "no daemon serves \(endpoint): \(why)"
        case .endpoint(let sentence), .argument(let sentence), .notServed(let sentence),
            .sessionFile(let sentence, _):
            sentence
        case .badReply(let command, let sentence):
            "the answer to \(command) is unusable: \(sentence)"
        case .transport(let error): error.description
        }
    }

    public var exitStatus: ExitStatus {
        switch self {
        case .refused(let refusal): refusal.exitStatus
        case .noAnswer, .noDaemon, .notServed, .transport: .unavailable
        case .lostReply: .temporary
        case .endpoint, .argument: .usage
        case .badReply: .software
        case .sessionFile(_, let status): status
        }
    }

    /// The refusal's reason, where there is one.
    public var reason: WireError.Reason? {
        if case .refused(let refusal) = self { refusal.reason } else { nil }
    }

    private static func number(_ seconds: Double) -> String {
        seconds == seconds.rounded() && abs(seconds) < 1e9 ? "\(Int(seconds))" : "\(seconds)"
    }
}
