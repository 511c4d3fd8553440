import CFloor
import Foundation
import Protocol

/// Cases over the wire: a daemon in a process of its own, asked through ipc.
enum WireCases {
    /// `chipd serve` on the chip of all cases, beside this program.
    final class Daemon {
        let endpoint: String
        private let process = Process()
        private let arguments: [String]

        /// - Parameter spec: `nil`: the chip of all cases.
        init(folder: URL, spec: String? = nil, threads: Int = 1) throws {
            endpoint = "ipc://\(folder.path)/chip"
            arguments = [
                "serve", "--state", folder.appendingPathComponent("state").path, "--chip",
                try spec ?? BenchChip.specFile(), "--listen", endpoint, "--simulation-controls",
                "--threads", "\(threads)",
            ]
            process.executableURL = Self.beside("chipd")
            process.arguments = arguments
            process.standardError = FileHandle(forWritingAtPath: "/dev/null")
            try process.run()
        }

        func stop() {
            process.terminate()
            process.waitUntilExit()
        }

        func kill() {
            Glibc.kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
        }

        static func beside(_ name: String) -> URL {
            URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
                .deletingLastPathComponent().appendingPathComponent(name)
        }
    }

    /// The smallest client: one DEALER, one request at a time.
    struct Client: ~Copyable {
        private let context: ZMQContext
        private let socket: Socket
        private let wakeup: Wakeup
        private var request = WireRequest()

        init(_ endpoint: String) throws {
            let context = try ZMQContext()
            let socket = try Socket(.dealer, in: context, options: SocketOptions())
            try socket.connect(endpoint)
            self.init(context, socket, try Wakeup())
        }

        private init(_ context: ZMQContext, _ socket: consuming Socket, _ wakeup: Wakeup) {
            self.context = context
            self.socket = socket
            self.wakeup = wakeup
            request.protocol = 1
            request.session = Data((0 ..< 16).map { UInt8($0) })
        }

        mutating func ask(
            _ command: WireRequest.OneOf_Command, tensor: (WireTensor, Frame)? = nil,
            sequence: UInt64 = 0, epoch: UInt64 = 0
        ) throws -> (reply: WireReply, tensors: [Frame]) {
            request.command = command
            request.requestID += 1
            request.sequence = sequence
            request.acknowledged = sequence == 0 ? request.acknowledged : sequence - 1
            request.epoch = epoch
            request.tensors = tensor.map { [$0.0] } ?? []
            guard try socket.send(Codec.encode(request, tensors: tensor.map { [$0.1] } ?? []))
            else {
                throw BenchFault("the request could not be sent")
            }
            while true {
                if let message = try socket.receive() {
                    let answer = try Codec.decodeReply(message)
                    if answer.reply.hasError { throw BenchFault(answer.reply.error.message) }
                    return answer
                }
                let ready = try Poll.wait(
                    socket: socket, wakeup: wakeup, timeoutMilliseconds: 30_000)
                guard ready.socketReady else { throw BenchFault("no answer within 30 s") }
            }
        }
    }

    static let names =
        ["roundtrip-ipc", "restart"] + ChipCases.batches.map { "multiply-128x128-b\($0)-ipc" }

    private static let hello = WireRequest.OneOf_Command.hello(
        .with {
            $0.protocolMin = 1; $0.protocolMax = 1
        })

    static func run(_ isAsked: (String) -> Bool) throws {
        try Scratch.folder { folder in
            let daemon = try Daemon(folder: folder)
            defer { daemon.stop() }
            var client = try Client(daemon.endpoint)
            let answer = try client.ask(hello)
            if isAsked("roundtrip-ipc") { try roundTrip(&client, answer.reply, folder) }
            let batches = ChipCases.batches.filter { isAsked("multiply-128x128-b\($0)-ipc") }
            if !batches.isEmpty || isAsked("restart") { try program(&client) }
            if !batches.isEmpty { try age(daemon.endpoint + ".control") }
            for batch in batches { try multiply(&client, batch: batch) }
        }
        if isAsked("restart") { try restart() }
    }

    private static func program(_ client: inout Client) throws {
        let lease = try client.ask(.leaseAcquire(.with { $0.termMs = 600_000 }))
        let epoch = lease.reply.lease.grants[0].epoch
        _ = try client.ask(
            .map(
                .with {
                    $0.rows = 128
                    $0.columns = 128
                    $0.weightBits = 4
                    $0.mapping = .differential
                    $0.adcFullScaleUa = 60
                }), sequence: 1, epoch: epoch)
        let codes = (0 ..< 128 * 128).map { Int8($0 * 7 % 31) - 15 }
        _ = try client.ask(
            .program(
                .with {
                    $0.matrix = 1
                    $0.method = .openLoop
                }),
            tensor: (
                .with {
                    $0.type = .i8; $0.shape = [128, 128]; $0.unit = .code
                },
                Frame(elements: codes)
            ), sequence: 2, epoch: epoch)
    }

    private static func age(_ endpoint: String) throws {
        var client = try Client(endpoint)
        let seconds = BenchChip.ageSeconds
        for clock in [
            WireSimulatedClock.with { $0.action = .setManual },
            .with {
                $0.action = .advance; $0.seconds = seconds
            },
            .with {
                $0.action = .setRate; $0.rate = 1
            },
        ] {
            _ = try client.ask(.simulatedClock(clock))
        }
    }

    private static func multiply(_ client: inout Client, batch: Int) throws {
        let inputs = (0 ..< batch * 128).map { UInt8(truncatingIfNeeded: $0 * 29) }
        let command = WireRequest.OneOf_Command.multiply(
            .with {
                $0.matrix = 1
                $0.output = .codes
            })
        let shape = WireTensor.with { tensor in
            tensor.type = .u8
            tensor.shape = [UInt32(batch), 128]
            tensor.unit = .code
        }
        let bare = BareProduct(batch: batch, rows: 128, columns: 128)
        // The least that a product over the wire can take is a request and its answer.
        var (times, floors, roundTrips): ([Double], [Double], [Double]) = ([], [], [])
        for _ in 0 ..< 300 {
            times.append(
                try Timing.seconds {
                    _ = try client.ask(command, tensor: (shape, Frame(elements: inputs)))
                })
            floors.append(Timing.seconds { bare.run() })
            roundTrips.append(try Timing.seconds { _ = try client.ask(hello) })
        }
        let (work, floor) = (Timing.median(times), Timing.median(floors))
        Result(
            name: "multiply-128x128-b\(batch)-ipc", value: Double(batch) / work,
            unit: "vectors/s", floor: Double(batch) / floor, ratio: work / floor,
            more: [
                "microseconds": work * 1e6, "threads": 1, "spec": BenchChip.specName,
                "effects": BenchChip.effects, "age_s": BenchChip.ageSeconds,
                "roundtrip-ipc-ratio": work / Timing.median(roundTrips),
            ]
        ).print()
    }

    /// `hello` against the same bytes echoed by plain C, in turns.
    private static func roundTrip(
        _ client: inout Client, _ reply: WireReply, _ folder: URL
    ) throws {
        var request = WireRequest()
        request.protocol = 1
        request.session = Data((0 ..< 16).map { UInt8($0) })
        request.requestID = 1
        request.command = hello
        let requestBytes = try [UInt8](request.serializedData())
        let replyBytes = try reply.serializedData().count
        var work: [Double] = []
        var floors: [Double] = []
        let count = 2000
        for round in 0 ..< 5 {
            for _ in 0 ..< count {
                work.append(try Timing.seconds { _ = try client.ask(hello) })
            }
            let endpoint = "ipc://\(folder.path)/floor\(round)"
            let echo = Process()
            echo.executableURL = Daemon.beside("nvcim-bench")
            echo.arguments = ["--echo", endpoint, "\(replyBytes)", "\(count)"]
            try echo.run()
            var seconds = [Double](repeating: 0, count: count)
            let status = floor_echo_ask(
                endpoint, requestBytes, requestBytes.count, count, &seconds)
            guard status == 0 else { throw BenchFault("floor: errno \(status)") }
            echo.waitUntilExit()
            floors += seconds
        }
        let (median, floor) = (Timing.median(work), Timing.median(floors))
        Result(
            name: "roundtrip-ipc", value: median * 1e6, unit: "microseconds", floor: floor * 1e6,
            ratio: median / floor,
            more: [
                "p99": Timing.quantile(work, 0.99) * 1e6,
                "floor-p99": Timing.quantile(floors, 0.99) * 1e6,
            ]
        ).print()
    }

    /// From the start of a daemon, after a SIGKILL, to its first answer about a programmed chip.
    private static func restart() throws {
        try Scratch.folder { folder in
            let first = try Daemon(folder: folder)
            var client = try Client(first.endpoint)
            try program(&client)
            first.kill()
            var times: [Double] = []
            for _ in 0 ..< 5 {
                var daemon: Daemon?
                times.append(
                    try Timing.seconds {
                        let again = try Daemon(folder: folder)
                        daemon = again
                        var client = try Client(again.endpoint)
                        _ = try client.ask(.status(WireStatusQuery()))
                    })
                daemon?.kill()
            }
            Result(
                name: "restart", value: Timing.median(times) * 1e3, unit: "milliseconds",
                more: ["largest": (times.max() ?? 0) * 1e3]
            ).print()
        }
    }
}
