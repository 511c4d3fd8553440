/// Why the daemon cannot serve.
public enum ServerError: Error, Sendable, CustomStringConvertible {
    /// A socket cannot be made where it was asked for.
    case endpoint(String)
    /// What was asked for is not allowed.
    case usage(String)

    public var description: String {
        switch self {
        case .endpoint(let sentence), .usage(let sentence): sentence
        }
    }
}
