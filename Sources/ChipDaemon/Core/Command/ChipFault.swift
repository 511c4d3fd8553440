/// A refusal or failure that a host is told of. Codes and reasons are those of the wire; the
/// sentence names the field, the value and the allowed range.
public struct ChipFault: Error, Sendable, Hashable {
    public enum Code: Int, Sendable, Hashable {
        case invalidArgument = 1, outOfRange, notFound, unimplemented, failedPrecondition
        case leaseHeld, leaseLost, conflict, deadlineExceeded, cancelled, resourceExhausted
        case budgetExhausted, unavailable, dataLoss, `internal`
    }
    public enum Reason: Int, Sendable, Hashable {
        case malformed = 1, protocolVersion, field, tensor, noSuchChip, noSuchMatrix, noSuchTile
        case noSuchBank, noFreeTiles, limit, queueFull, noLease, leaseOfAnother, epochOld
        case sequenceGap, sequenceReused, replyForgotten, poweredOff, notProgrammed
        case simulationOff, clockNotManual, deadline, cancelledByRequest, store, shuttingDown
        case bug, tooManyOutcomes
    }
    public enum Retry: Int, Sendable, Hashable {
        case never = 1, afterFix, sameRequest, afterBackoff
    }
    public var code: Code
    public var reason: Reason
    public var retry: Retry
    public var message: String
    /// With `sequenceGap`: the number that the chip expects.
    public var expectedSequence: UInt64 = 0
    /// With `leaseHeld`: how long the lease still runs.
    public var leaseRemainingMilliseconds: UInt64 = 0

    public init(_ code: Code, _ reason: Reason, _ retry: Retry, _ message: String) {
        self.code = code
        self.reason = reason
        self.retry = retry
        self.message = message
    }

    /// A field whose value is not allowed.
    public static func field(_ name: String, _ value: String, allowed: String) -> ChipFault {
        ChipFault(.outOfRange, .field, .afterFix, "\(name) is \(value); allowed: \(allowed)")
    }

    /// An element of a tensor whose value is not allowed.
    public static func element(_ name: String, _ value: String, allowed: String) -> ChipFault {
        ChipFault(.outOfRange, .tensor, .afterFix, "\(name) is \(value); allowed: \(allowed)")
    }

    public init(_ fault: StoreFault) {
        switch fault.kind {
        case .temporary: self.init(.unavailable, .store, .afterBackoff, fault.message)
        case .refused: self.init(.failedPrecondition, .store, .never, fault.message)
        case .damaged: self.init(.dataLoss, .store, .never, fault.message)
        }
    }
}
