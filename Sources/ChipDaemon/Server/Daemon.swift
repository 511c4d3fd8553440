package import ChipCore
internal import Foundation
public import Logging
internal import Protocol
public import ServiceLifecycle
internal import Synchronization

/// The daemon: its chips, its workers, and its three sockets.
///
///     command ─┐                ┌─ queue of chip 1 ─┐
///              ├─ dispatcher ───┼─ queue of chip 2 ─┼─ workers ─ chips ─ stores
///     control ─┘                └─ …                ┘     │
///     events ◀────────────────────────────────────────────┘
///
/// Invariants:
/// 1. It serves from the end of `init` to the beginning of `stop`.
/// 2. `stop` returns when every accepted request has been answered, every chip's time is stored,
///    every file closed, every socket gone and the state unlocked; more calls wait for the first.
public final class Daemon: Service {
    /// The version of the program.
    public static var version: String { nvcimVersion }

    /// What runs may still take when the daemon stops, before it is cancelled.
    private static let graceSeconds = 10.0
    /// How often the time of used chips is stored: what a crash may take from chip time.
    private static let timeEveryMicroseconds: Int64 = 10_000_000

    /// Makes the chip of a serial, open; and what closes it.
    package typealias Opener =
        @Sendable (UInt32) throws(ChipFault) -> (
            backend: any ChipBackend, close: @Sendable () -> Void
        )

    private let context: ZMQContext
    private let house: ChipHouse
    private let pool: WorkerPool
    private let command: SocketThread
    private let control: SocketThread
    private let events: SocketThread
    private let logger: Logger
    private let onStopped: @Sendable () -> Void
    private let isStopped = Mutex(false)
    private let failures: AsyncStream<ServerError>

    /// Serves the chips of a state directory.
    public convenience init(
        _ configuration: ServerConfiguration, state: StateDirectory, logger: Logger,
        clock: HostClock = .system
    ) throws(ServerError) {
        try self.init(
            configuration, specName: state.spec.spec.name, logger: logger, clock: clock,
            onStopped: { state.close() },
            opener: Self.emulator(state, clock: clock, logger: logger))
    }

    package init(
        _ configuration: ServerConfiguration, specName: String, logger: Logger,
        clock: HostClock, openMax: Int = ChipHouse.openMaxDefault,
        onStopped: @escaping @Sendable () -> Void = {}, opener: @escaping Opener
    ) throws(ServerError) {
        self.onStopped = onStopped
        self.logger = logger
        let (failures, report) = AsyncStream.makeStream(of: ServerError.self)
        self.failures = failures
        do {
            context = try ZMQContext()
            let (commandOut, controlOut, eventsOut) = (
                try Outbox(), try Outbox(), try Outbox(messagesMax: EventPublisher.waitingMax)
            )
            let events = try SocketThread(
                "events", .xpub, endpoint: configuration.events, context: context,
                outbox: eventsOut, logger: logger, onFailure: { report.yield($0) },
                // Subscriptions: libzmq acts on them by itself.
                onMessage: { _ in })
            self.events = events
            pool = WorkerPool(threads: configuration.threads)
            house = ChipHouse(
                serials: configuration.serials, openMax: openMax, pool: pool,
                clock: clock, logger: logger,
                opener: { serial throws(ChipFault) in
                    let (backend, close) = try opener(serial)
                    return ChipHouse.OpenChip(backend: backend, close: close)
                })
            let dispatcher = Dispatcher(
                house: house, clock: clock, events: EventPublisher(outbox: eventsOut),
                hello: Self.hello(configuration, specName),
                isSimulationOn: configuration.isSimulationOn, logger: logger)
            let ticker = Ticker(everyMicroseconds: Self.timeEveryMicroseconds, from: clock.now)
            control = try SocketThread(
                "control", .router, endpoint: configuration.control, context: context,
                outbox: controlOut, logger: logger, onFailure: { report.yield($0) },
                onTick: { [house] in
                    if ticker.isDue(clock.now) { house.rememberTimes() }
                },
                onMessage: { dispatcher.receive($0, at: .control, outbox: controlOut) })
            command = try SocketThread(
                "command", .router, endpoint: configuration.listen, context: context,
                outbox: commandOut, logger: logger, onFailure: { report.yield($0) },
                onMessage: { dispatcher.receive($0, at: .command, outbox: commandOut) })
        } catch let error as ServerError {
            throw error
        } catch {
            throw ServerError.endpoint("\(error)")
        }
        logger.notice(
            """
            ready: command \(command.endpoint), control \(control.endpoint), \
            events \(events.endpoint)
            """)
    }

    /// Until a graceful shutdown, or until a socket is lost.
    public func run() async throws {
        var failure: ServerError?
        for await lost in failures.cancelOnGracefulShutdown() {
            failure = lost
            break
        }
        await withCheckedContinuation { continuation in
            // It waits for chips: not on a thread of the concurrency runtime.
            Thread {
                self.stop()
                continuation.resume()
            }.start()
        }
        if let failure { throw failure }
    }

    public func stop() {
        isStopped.withLock { isStopped in
            guard !isStopped else { return }
            isStopped = true
            logger.notice("stopping")
            house.stop(graceSeconds: Self.graceSeconds)
            pool.stop()
            command.finish()
            control.finish()
            events.finish()
            context.terminate()
            onStopped()
            logger.notice("stopped")
        }
    }

    // MARK: Parts

    private static func hello(_ configuration: ServerConfiguration, _ specName: String)
        -> WireHelloResult
    {
        var hello = WireHelloResult()
        hello.protocol = wireVersion
        hello.firmware = "nvcim \(nvcimVersion)"
        hello.spec = specName
        hello.chips = configuration.serials
        hello.capabilities =
            [
                "open-loop", "write-verify", "read-back", "cell-status", "tile-conductances",
                "transpose", "bit-serial", "window", "selective-verify", "pulse",
                "tuning-columns",
            ] + (configuration.isSimulationOn ? ["simulation-controls"] : [])
        hello.limits = Limits.message
        hello.endpoints.command = configuration.listen.description
        hello.endpoints.control = configuration.control.description
        hello.endpoints.events = configuration.events.description
        return hello
    }

    private static func emulator(_ state: StateDirectory, clock: HostClock, logger: Logger)
        -> Opener
    {
        let digest = state.spec.digest
        let limits = ChipLimits(
            cellsPerChange: Limits.cellsPerChange, replyBytes: Limits.frameBytes,
            sessions: Limits.sessions, unacknowledged: Limits.unacknowledged,
            matrices: Limits.matrices, batch: Limits.batch, repeats: Limits.repeats,
            leaseTermMilliseconds: UInt64(Limits.leaseTermMilliseconds))
        return { serial throws(ChipFault) in
            let store = try openStore(state, serial, digest, now: clock.now)
            let close: @Sendable () -> Void = {
                do throws(StoreFault) {
                    try store.close()
                } catch {
                    logger.error("\(error.message)")
                }
            }
            do throws(ChipFault) {
                let chip = try EmulatedChip(
                    serial: serial, spec: state.spec.spec, store: store, limits: limits,
                    now: clock.now)
                try noteMade(state, serial)
                return (chip, close)
            } catch {
                close()
                throw error
            }
        }
    }

    private static func noteMade(_ state: StateDirectory, _ serial: UInt32) throws(ChipFault) {
        do {
            try state.noteMade(serial: serial)
        } catch {
            throw ChipFault(error)
        }
    }

    private static func openStore(
        _ state: StateDirectory, _ serial: UInt32, _ digest: [UInt8], now: HostInstant
    ) throws(ChipFault) -> SQLiteChipStore {
        let file: String
        do {
            file = try state.chipFile(serial: serial)
        } catch {
            throw ChipFault(error)
        }
        do {
            return try SQLiteChipStore(
                path: file,
                identity: .init(
                    serial: serial, specName: state.spec.spec.name, specDigest: digest),
                createdWallMicroseconds: now.wallMicroseconds)
        } catch {
            throw ChipFault(error)
        }
    }
}

extension ChipFault {
    fileprivate init(_ error: StateError) {
        let isLost = error.kind == .unusable
        self.init(
            isLost ? .dataLoss : .unavailable, .store, isLost ? .never : .afterBackoff,
            error.description)
    }
}

/// True once in every period.
private final class Ticker: Sendable {
    private let every: Int64
    private let next: Mutex<Int64>

    init(everyMicroseconds: Int64, from now: HostInstant) {
        every = everyMicroseconds
        next = Mutex(now.bootMicroseconds + everyMicroseconds)
    }

    func isDue(_ now: HostInstant) -> Bool {
        next.withLock { next in
            guard now.bootMicroseconds >= next else { return false }
            next = now.bootMicroseconds + every
            return true
        }
    }
}
