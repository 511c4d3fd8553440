import ChipCore
import Foundation
import Physics
import Synchronization

/// A chip that follows a script: it records what it is asked, and holds where a test wants it.
final class FakeChip: ChipBackend {
    struct State {
        var log: [String] = []
        /// Changing commands that wait in `change` until the gate opens.
        var held: Set<UInt64> = []
        var isGateOpen = false
        var running: UInt64?
        var stored: [UInt64: [[UInt8]]] = [:]
        var epoch: UInt64 = 0
        var holder: SessionID?
        var isClosed = false
        var timesRemembered = 0
        /// What came over the wire, as the chip sees it.
        var references: [ReferenceCommand] = []
        var samples: [SampleCommand] = []
    }

    let serial: UInt32
    let isEmulator = true
    let dataSheet: DataSheet
    let state = Mutex(State())
    /// Signalled when a held command has begun.
    let begun = DispatchSemaphore(value: 0)
    private let gate = DispatchSemaphore(value: 0)

    init(serial: UInt32, spec: ChipSpec, held: Set<UInt64> = []) {
        self.serial = serial
        dataSheet = DataSheet(
            spec: spec, effectsModelled: ["none"], effectsNotModelled: [],
            worstMilliseconds: [("program", 1)])
        state.withLock { $0.held = held }
    }

    var log: [String] { state.withLock { $0.log } }

    func openGate() {
        state.withLock { $0.isGateOpen = true }
        gate.signal()
    }

    func change(
        _ command: @autoclosure () throws(ChipFault) -> ChangeCommand, stamp: CommandStamp,
        work: WorkContext, encode: (ChangeReply) -> [[UInt8]]
    ) throws(ChipFault) -> ChangeAnswer {
        let (stored, isHeld) = state.withLock { state in
            state.running = stamp.sequence
            return (state.stored[stamp.sequence], state.held.contains(stamp.sequence))
        }
        defer { state.withLock { $0.running = nil } }
        if let stored { return .replayed(stored) }
        if let stop = work.stop { throw stop }
        let command = try command()
        state.withLock { $0.log.append("change \(stamp.sequence)") }
        if isHeld {
            begun.signal()
            try hold(work)
        }
        let result: ChangeResult
        switch command {
        case .program:
            var report = ProgramReport()
            report.cells = 4
            report.written = 4
            (report.regionRows, report.regionColumns) = (2, 2)
            report.readBack = [1, 2, 3, 4]
            report.cellStatus = [1, 1, 1, 1]
            result = .programmed(report)
        case .power(let on): result = .power(on: on, matricesLost: 0)
        case .programReference(let reference):
            state.withLock { $0.references.append(reference) }
            result = .referenceProgrammed(
                ReferenceReport(cells: 40, notAttempted: 3, newlyStuck: 0, microsiemens: 12.5))
        default: result = .calibrated(fullScaleMicroamperes: 1, lsbMicroamperes: 0.5)
        }
        let frames = encode(
            ChangeReply(
                result: result, effect: .full, fault: nil,
                chipTime: ChipInstant(microseconds: 1_500_000), cost: .zero, warnings: ["w"]))
        state.withLock { $0.stored[stamp.sequence] = frames }
        return .done(frames)
    }

    private func hold(_ work: WorkContext) throws(ChipFault) {
        while gate.wait(timeout: .now() + .milliseconds(2)) == .timedOut {
            if work.isPastDeadline() {
                throw ChipFault(.deadlineExceeded, .deadline, .afterFix, "during the work")
            }
            if work.isCancelled() {
                throw ChipFault(.cancelled, .cancelledByRequest, .never, "cancelled in the work")
            }
            if state.withLock({ $0.isGateOpen }) { return }
        }
    }

    func sample(_ command: SampleCommand, work: WorkContext) throws(ChipFault) -> SampleReply {
        state.withLock {
            $0.log.append("sample")
            $0.samples.append(command)
        }
        let result: SampleReply.Result =
            switch command {
            case .read: .read(values: [1, 2], shape: [1, 2], isWeights: true, repeats: 1)
            case .multiply(let multiply): .product(product(multiply, work))
            case .readReference(let repeats):
                .reference(
                    ReferenceSum(
                        microamperes: 158.5, nominalMicroamperes: 160, cells: 40, repeats: repeats,
                        conversions: 9, clipped: 2))
            }
        return SampleReply(result: result, chipTime: .birth, cost: .zero, warnings: [])
    }

    private func product(_ multiply: MultiplyCommand, _ work: WorkContext) -> ProductResult {
        let sum = Atomic<Int>(0)
        work.split(1_000) { index in
            work.split(3) { sum.wrappingAdd(index * $0, ordering: .relaxed) }
        }
        let result = Int32(sum.load(ordering: .relaxed))
        var product = ProductResult(
            .codes([result, Int32(multiply.batch)], lsb: 2), shape: [1, 2])
        (product.conversions, product.clipped) = (3, 1)
        if multiply.includesLTM {
            product.ltm = LTMSums(
                products: (0 ..< 12).map { Float($0) + 0.5 }, shape: [1, 2, 2, 3], clipped: 4)
        }
        return product
    }

    func simulate(_ command: SimulationCommand, work: WorkContext) throws(ChipFault)
        -> SimulationReply
    {
        state.withLock { $0.log.append("simulate") }
        return SimulationReply(result: .clock(.manual), chipTime: .birth)
    }

    func status(session: SessionID, now: HostInstant) -> ChipStatus {
        let (epoch, holder) = state.withLock { ($0.epoch, $0.holder) }
        var matrix = SampleRecords.matrix().description
        matrix.ltmMicrosiemens = 13.5
        return ChipStatus(
            stateDigest: [UInt8](repeating: 0, count: 16), isPowered: true, chipTime: .birth,
            clock: .manual,
            lease: LeaseView(
                isHeld: holder != nil, epoch: epoch, remainingMilliseconds: 0,
                isYours: holder == session),
            matrices: [matrix], tilesFree: 1, tiles: 2,
            isTruthRevealed: false, sequenceLast: 0, gtmMicrosiemens: 12.5)
    }

    func health(now: HostInstant) -> ChipHealth {
        ChipHealth(
            pulses: 1, cycles: [.init(pulsesMin: 0, pulsesMax: 1, cells: 2)], cells: 2,
            unverified: 0, energyPicojoules: 1, latencyNanoseconds: 1, chipTime: .birth,
            commands: 1)
    }

    func acquireLease(session: SessionID, termMilliseconds: UInt64, now: HostInstant)
        throws(ChipFault) -> LeaseGrant
    {
        let epoch: UInt64? = state.withLock { state in
            guard state.holder == nil || state.holder == session else { return nil }
            if state.holder == nil { state.epoch += 1 }
            state.holder = session
            return state.epoch
        }
        guard let epoch else {
            throw ChipFault(.leaseHeld, .leaseOfAnother, .afterBackoff, "held")
        }
        return LeaseGrant(epoch: epoch, termMilliseconds: termMilliseconds)
    }

    func renewLease(
        session: SessionID, epoch: UInt64, termMilliseconds: UInt64, now: HostInstant
    ) throws(ChipFault) -> LeaseGrant {
        LeaseGrant(epoch: epoch, termMilliseconds: termMilliseconds)
    }

    func releaseLease(session: SessionID, epoch: UInt64, now: HostInstant)
        throws(ChipFault) -> LeaseGrant
    {
        state.withLock { $0.holder = nil }
        return LeaseGrant(epoch: epoch, termMilliseconds: 0)
    }

    func breakLease(now: HostInstant) throws(ChipFault) -> LeaseGrant {
        state.withLock { $0.holder = nil }
        return LeaseGrant(epoch: 1, termMilliseconds: 0)
    }

    func query(session: SessionID, sequence: UInt64) -> OutcomeState {
        let (stored, running, last) = state.withLock {
            ($0.stored[sequence], $0.running, $0.stored.keys.max() ?? 0)
        }
        if let stored { return .done(frames: stored, last: last) }
        return running == sequence ? .running(last: last) : .neverSeen(last: last)
    }

    func rememberTime(now: HostInstant) throws(ChipFault) -> [String] {
        state.withLock { $0.timesRemembered += 1 }
        return []
    }

    func prepareToClose(now: HostInstant) throws(ChipFault) {
        state.withLock { $0.timesRemembered += 1 }
    }
}
