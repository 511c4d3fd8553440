/// Thrown as it is where a refusal travels up to the place that answers.
extension WireError: Swift.Error {}

extension WireError {
    /// An error of the wire. The sentence names the field, its value and what is
    /// allowed, and ends without a line break.
    public static func make(
        _ code: Code, _ reason: Reason, retry: Retry, _ sentence: String
    ) -> WireError {
        var error = WireError()
        error.code = code
        error.reason = reason
        error.retry = retry
        error.message = sentence
        return error
    }

    /// A field whose value cannot be used: correct it and send again.
    public static func field(_ sentence: String) -> WireError {
        make(.invalidArgument, .field, retry: .afterFix, sentence)
    }

    /// A tensor whose type, shape, unit, length or elements cannot be used.
    public static func tensor(_ sentence: String) -> WireError {
        make(.invalidArgument, .tensor, retry: .afterFix, sentence)
    }

    /// A published limit was passed.
    public static func limit(_ sentence: String) -> WireError {
        make(.outOfRange, .limit, retry: .afterFix, sentence)
    }
}
