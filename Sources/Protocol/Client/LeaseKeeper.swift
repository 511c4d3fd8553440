internal import Glibc
internal import Protocol
internal import Synchronization

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// Renews leases at a third of their term, on a thread and a socket of its own,
/// while the connection's thread computes or waits for a long command.
///
/// Invariants:
/// 1. The thread lives from `init` to `stop()`, which waits for its end.
/// 2. A renewal that is refused ends the renewals of that chip, and of no other;
///    the epoch stays, and the daemon refuses the next changing command with its
///    own sentence.
final class LeaseKeeper: Sendable {
    struct Terms: Sendable {
        let endpoint: String
        let session: [UInt8]
        let termMilliseconds: UInt32
        /// Of the chips whose leases are renewed.
        let epochs: [UInt32: UInt64]
    }

    private struct State {
        var isStopping = false
        /// Why a chip's lease is no longer renewed.
        var lost: [UInt32: String] = [:]
        var renewals: UInt64 = 0
    }

    let terms: Terms
    private let state = Mutex(State())
    private let wakeup: Wakeup
    private let thread: Mutex<pthread_t?> = Mutex(nil)

    init(_ terms: Terms) throws(ChipError) {
        self.terms = terms
        do throws(ZMQError) { wakeup = try Wakeup() } catch { throw .transport(error) }
        var handle = pthread_t()
        let box = Unmanaged.passRetained(self)
        let code = pthread_create(
            &handle, nil,
            { argument in
                guard let argument else { return nil }
                Unmanaged<LeaseKeeper>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            }, box.toOpaque())
        guard code == 0 else {
            box.release()
            throw .transport(ZMQError(code: code, operation: "start the lease's thread"))
        }
        thread.withLock { $0 = handle }
    }

    func epoch(of chip: UInt32) -> UInt64? { terms.epochs[chip] }

    /// Why a chip's lease could no longer be renewed; nil while it can.
    func lost(_ chip: UInt32) -> String? { state.withLock { $0.lost[chip] } }

    var renewals: UInt64 { state.withLock { $0.renewals } }

    func stop() {
        state.withLock { $0.isStopping = true }
        wakeup.signal()
        let handle = thread.withLock { handle in
            defer { handle = nil }
            return handle
        }
        if let handle { pthread_join(handle, nil) }
    }

    private func run() {
        do {
            let context = try ZMQContext()
            let socket = try Socket(.dealer, in: context)
            try socket.connect(terms.endpoint)
            var id: UInt64 = 0
            while !state.withLock({ $0.isStopping }) {
                let third = max(1, Int(terms.termMilliseconds) / 3)
                let (ready, woken) = try Poll.wait(
                    socket: socket, wakeup: wakeup, timeoutMilliseconds: third)
                if woken { wakeup.drain() }
                if ready {
                    while let frames = try socket.receive() { take(frames) }
                } else if !woken {
                    for (chip, epoch) in terms.epochs.sorted(by: { $0.key < $1.key })
                    where lost(chip) == nil {
                        id += 1
                        _ = try socket.send(renewal(chip, epoch, id))
                    }
                }
            }
        } catch {
            state.withLock { state in
                for chip in terms.epochs.keys where state.lost[chip] == nil {
                    state.lost[chip] = "\(error)"
                }
            }
        }
    }

    private func renewal(_ chip: UInt32, _ epoch: UInt64, _ id: UInt64) -> [Frame] {
        var renew = WireLeaseRenew()
        renew.termMs = terms.termMilliseconds
        var request = WireRequest()
        request.protocol = wireVersion
        request.chip = chip
        request.session = Data(terms.session)
        request.requestID = id
        request.epoch = epoch
        request.leaseRenew = renew
        return Codec.encode(request, tensors: [])
    }

    private func take(_ frames: [Frame]) {
        guard let (reply, _) = try? Codec.decodeReply(frames) else { return }
        state.withLock { state in
            if !reply.hasError {
                state.renewals += 1
            } else if reply.error.code == .leaseLost || reply.error.code == .failedPrecondition
                || reply.error.code == .leaseHeld
            {
                state.lost[reply.chip] = reply.error.message
            }
        }
    }
}
