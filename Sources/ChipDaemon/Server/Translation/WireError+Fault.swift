internal import ChipCore
internal import Protocol

extension WireError {
    /// A chip's refusal in the wire's terms: codes, reasons and retries have the same numbers.
    init(_ fault: ChipFault) {
        self.init()
        code = WireError.Code(rawValue: fault.code.rawValue) ?? .internal
        reason = WireError.Reason(rawValue: fault.reason.rawValue) ?? .bug
        retry = WireError.Retry(rawValue: fault.retry.rawValue) ?? .never
        message = fault.message
        expectedSequence = fault.expectedSequence
        leaseRemainingMs = fault.leaseRemainingMilliseconds
    }
}

extension ChipFault {
    /// A refused argument in the chip's terms, so that it takes its place among the chip's own
    /// checks.
    init(_ error: WireError) {
        guard let code = Code(rawValue: error.code.rawValue),
            let reason = Reason(rawValue: error.reason.rawValue),
            let retry = Retry(rawValue: error.retry.rawValue)
        else { preconditionFailure("the chip knows every code, reason and retry of the wire") }
        self.init(code, reason, retry, error.message)
    }
}

extension WireError {
    static func deadlinePassed(_ milliseconds: UInt32) -> WireError {
        make(
            .deadlineExceeded, .deadline, retry: .afterFix,
            "deadline_ms is \(milliseconds), and the command waited longer than that before its "
                + "turn came")
    }

    static let simulationOff = make(
        .failedPrecondition, .simulationOff, retry: .never,
        "this daemon runs without simulation controls")

    static func wrongSocket(_ command: String, wanted: String) -> WireError {
        make(
            .failedPrecondition, .field, retry: .afterFix,
            "\(command) came on the wrong socket; send it on the \(wanted) socket")
    }
}
