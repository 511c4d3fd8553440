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
}

/// Why a call did not succeed. The description is a sentence for a person.
public enum ChipError: Error, Sendable, CustomStringConvertible {
    /// The daemon answered, and refused.
    case refused(Refusal)
    /// Nothing answered within the fail-after time.
    case noAnswer(endpoint: String, seconds: Double)
    /// The daemon lives, but the answer to this command never came.
    case lostReply(command: String, endpoint: String, seconds: Double)
    /// The endpoint cannot be used.
    case endpoint(String)
    /// What came back is not an answer to what was asked.
    case badReply(command: String, sentence: String)
    /// An argument that could not even be sent.
    case argument(String)
    /// The session file cannot be read or written.
    case sessionFile(String)
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
        case .endpoint(let sentence), .argument(let sentence), .sessionFile(let sentence): sentence
        case .badReply(let command, let sentence):
            "the answer to \(command) is unusable: \(sentence)"
        case .transport(let error): error.description
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
