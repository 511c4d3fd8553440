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

extension WireError {
    static func deadlinePassed(_ milliseconds: UInt32) -> WireError {
        make(
            .deadlineExceeded, .deadline, retry: .afterFix,
            "deadline_ms is \(milliseconds), and the command waited longer than that before its "
                + "turn came")
    }

    static let cancelledWhileWaiting = make(
        .cancelled, .cancelledByRequest, retry: .never, "cancelled by its session before it began")

    static let simulationOff = make(
        .failedPrecondition, .simulationOff, retry: .never,
        "this daemon runs without simulation controls")

    static func wrongSocket(_ command: String, wanted: String) -> WireError {
        make(
            .failedPrecondition, .field, retry: .afterFix,
            "\(command) came on the wrong socket; send it on the \(wanted) socket")
    }
}
