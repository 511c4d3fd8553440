import ChipCore
import ChipServer
import Foundation
import Logging
import Protocol
import Synchronization

/// A daemon over fake chips, on ipc in a folder of the test, with a clock that the test moves.
final class TestDaemon {
    let folder: TestFolder
    let chips: [UInt32: FakeChip]
    let boot = Boot()
    let daemon: Daemon
    var endpoint: String { "ipc://\(folder.file("d"))" }

    final class Boot: Sendable {
        private let microseconds = Mutex<Int64>(1_000_000)
        var now: HostInstant {
            let boot = microseconds.withLock { $0 }
            return HostInstant(wallMicroseconds: boot, bootMicroseconds: boot)
        }
        func advance(milliseconds: Int64) { microseconds.withLock { $0 += milliseconds * 1_000 } }
    }

    init(
        serials: String = "1", held: Set<UInt64> = [], isSimulationOn: Bool = false,
        threads: Int = 2, openMax: Int = 64, spec name: String = "rram-2b"
    ) throws {
        folder = try TestFolder()
        let spec = try ResolvedSpec(chipFile: ShippedSpecs.chip(name)).spec
        let configuration = try ServerConfiguration(
            listen: "ipc://\(folder.file("d"))", control: nil, events: nil, serials: serials,
            isSimulationOn: isSimulationOn, allowsPlainLoopback: false, threads: threads)
        let chips = Dictionary(
            uniqueKeysWithValues: configuration.serials.map {
                ($0, FakeChip(serial: $0, spec: spec, held: held))
            })
        self.chips = chips
        var logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        logger.logLevel = .critical
        daemon = try Daemon(
            configuration, specName: "test", logger: logger,
            clock: HostClock { [boot] in boot.now }, openMax: openMax,
            opener: { serial throws(ChipFault) in
                guard let chip = chips[serial] else {
                    throw ChipFault(.notFound, .noSuchChip, .never, "not scripted")
                }
                chip.state.withLock {
                    $0.log.append("open")
                    $0.isClosed = false
                }
                return (
                    chip,
                    {
                        chip.state.withLock {
                            $0.log.append("close")
                            $0.isClosed = true
                        }
                    }
                )
            })
    }

    deinit { daemon.stop() }

    var chip: FakeChip {
        guard let chip = chips[1] else { preconditionFailure("chip 1 is always served") }
        return chip
    }
}

/// A host that sends what a test says, well-formed or not.
final class TestHost {
    struct NoAnswer: Error {}

    private let context: ZMQContext
    private let wakeup: Wakeup
    private let box: Box
    private var kept: [(reply: WireReply, tensors: [Frame])] = []
    private var requestID: UInt64 = 0
    var session = Data(repeating: 1, count: 16)
    var chip: UInt32 = 1

    private final class Box {
        let socket: Socket
        init(_ socket: consuming Socket) { self.socket = socket }
    }

    init(_ endpoint: String, _ kind: SocketKind = .dealer) throws {
        context = try ZMQContext()
        wakeup = try Wakeup()
        let socket = try Socket(kind, in: context, options: SocketOptions(lingerMilliseconds: 0))
        try socket.connect(endpoint)
        if kind == .sub { try socket.subscribe("") }
        box = Box(socket)
    }

    func sendRaw(_ frames: [Frame]) throws { _ = try box.socket.send(frames) }

    /// Returns the request id.
    @discardableResult
    func send(
        _ command: WireRequest.OneOf_Command, sequence: UInt64 = 0, deadline: UInt32 = 0,
        tensors: [(WireTensor, Frame)] = []
    ) throws -> UInt64 {
        requestID += 1
        var request = WireRequest()
        request.protocol = 1
        request.chip = chip
        request.session = session
        request.sequence = sequence
        request.requestID = requestID
        request.epoch = 1
        request.deadlineMs = deadline
        request.tensors = tensors.map(\.0)
        request.command = command
        try sendRaw(Codec.encode(request, tensors: tensors.map(\.1)))
        return requestID
    }

    /// The next message, of whatever kind.
    func receiveRaw(milliseconds: Int = 20_000) throws -> [Frame] {
        while true {
            if let message = try box.socket.receive() { return message }
            let ready = try Poll.wait(
                socket: box.socket, wakeup: wakeup, timeoutMilliseconds: milliseconds)
            if !ready.socketReady { throw NoAnswer() }
        }
    }

    func receive() throws -> (reply: WireReply, tensors: [Frame]) {
        try Codec.decodeReply(try receiveRaw())
    }

    func ask(
        _ command: WireRequest.OneOf_Command, sequence: UInt64 = 0, deadline: UInt32 = 0,
        tensors: [(WireTensor, Frame)] = []
    ) throws -> (reply: WireReply, tensors: [Frame]) {
        let id = try send(command, sequence: sequence, deadline: deadline, tensors: tensors)
        let answer = try receive()
        guard answer.reply.requestID == id else { throw NoAnswer() }
        return answer
    }
}

/// Commands that a test does not care about the details of.
enum Commands {
    static let calibrate = WireRequest.OneOf_Command.calibrate(
        .with {
            $0.matrix = 1
            $0.adcFullScaleUa = 1
        })
    static let hello = WireRequest.OneOf_Command.hello(
        .with {
            $0.protocolMin = 1
            $0.protocolMax = 1
        })
    static let status = WireRequest.OneOf_Command.status(WireStatusQuery())

    static func program(_ change: (inout WireProgram) -> Void = { _ in })
        -> WireRequest.OneOf_Command
    {
        var program = WireProgram()
        program.matrix = 1
        program.method = .openLoop
        change(&program)
        return .program(program)
    }

    static func tensor<Element: BitwiseCopyable>(
        _ type: WireTensor.TypeEnum, _ shape: [Int], _ unit: WireTensor.Unit, _ values: [Element]
    ) -> (WireTensor, Frame) {
        (.describe(type, shape: shape, unit: unit), Frame(elements: values))
    }

    static let codes = tensor(.i8, [2, 2], .code, [1, -1, 2, -2] as [Int8])
}
