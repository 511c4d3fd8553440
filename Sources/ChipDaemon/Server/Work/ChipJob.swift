internal import ChipCore
internal import Synchronization

/// A flag that another thread raises.
final class CancelFlag: Sendable {
    private let raised = Atomic<Bool>(false)
    var isRaised: Bool { raised.load(ordering: .acquiring) }
    func raise() { raised.store(true, ordering: .releasing) }
}

/// A request that waits for its chip, or is being carried out.
struct ChipJob: Sendable {
    /// Empty for requests without one.
    var session: SessionID?
    /// 0 for commands that are not numbered.
    var sequence: UInt64
    let cancelFlag = CancelFlag()
    /// Carries it out and answers it; with a fault: answers only.
    var run: @Sendable (Result<any ChipBackend, ChipFault>, CancelFlag) -> Void

    func matches(_ session: SessionID, _ sequence: UInt64) -> Bool {
        self.sequence != 0 && self.sequence == sequence && self.session == session
    }
}
