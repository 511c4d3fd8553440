import Foundation
import HostKit

/// `train-resnet20`: images a second of our trainer beside PyTorch's, each in a process
/// of its own on the same cores, in turns. Below 1 the ratio says that we are ahead.
enum TrainCase {
    static let name = "train-resnet20"
    static let threads = 2
    static let batch = 128
    static let steps = 2
    static let rounds = 7
    private static let script = "Benchmarks/train_resnet20.py"

    /// The trainer's process: for each line of input an epoch of `steps` steps, whose seconds
    /// it prints. The plan is that of `train` without what is random about the images.
    static func serve() throws {
        try TorchRuntime.configure(threads: threads)
        let random = try RandomGenerator(seed: 1, purpose: name)
        let count = batch * steps
        let images = ImageSet(
            name: "noise",
            pixels: try random.uniform(0 ..< 256, [count, 3, 32, 32]).cast(to: .uint8),
            labels: try random.uniform(0 ..< 10, [count]).cast(to: .int64), pixelMax: 255)
        let network = try NetworkCatalogue.make("resnet20", seed: 1)
        var plan = try TrainingPlan.default(for: "resnet20")
        (plan.epochs, plan.batch, plan.crop, plan.mirrors) = (1, batch, 0, false)
        while readLine() != nil {
            let seconds = try Timing.seconds {
                try Trainer.train(network, on: images, plan: plan)
            }
            FileHandle.standardOutput.write(Data("\(seconds)\n".utf8))
        }
    }

    static func run() throws {
        let ours = try Trainee(URL(fileURLWithPath: CommandLine.arguments[0]), ["--train"])
        defer { ours.stop() }
        var more: [String: Any] = ["threads": threads, "batch": batch]
        guard let torch = try peer() else {
            more["peer"] = "none: python3-torch is not installed"
            report(try ours.median(rounds), nil, more)
            return
        }
        defer { torch.process.stop() }
        more["peer"] = "PyTorch \(torch.version)"
        var times: ([Double], [Double]) = ([], [])
        for _ in 0 ..< rounds {
            times.0.append(try ours.seconds())
            times.1.append(try torch.process.seconds())
        }
        report(Timing.median(times.0), Timing.median(times.1), more)
    }

    private static func report(_ seconds: Double, _ floor: Double?, _ more: [String: Any]) {
        let images = Double(batch * steps)
        Result(
            name: name, value: images / seconds, unit: "images/s", floor: floor.map { images / $0 },
            ratio: floor.map { seconds / $0 }, more: more
        ).print()
    }

    /// PyTorch's process and version; `nil`: PyTorch isn't there.
    private static func peer() throws -> (process: Trainee, version: String)? {
        let python = URL(fileURLWithPath: "/usr/bin/python3")
        guard FileManager.default.fileExists(atPath: script) else {
            throw BenchFault("\(name) needs \(script): run it in the repository's folder")
        }
        guard FileManager.default.isExecutableFile(atPath: python.path) else { return nil }
        let process = try Trainee(python, [script, String(threads), String(batch), String(steps)])
        guard let version = process.line(), version != "none" else { return nil }
        return (process, version)
    }
}

/// A process that trains for a moment at each line of input and answers with the seconds.
private final class Trainee {
    private let process = Process()
    private let (input, output) = (Pipe(), Pipe())

    init(_ program: URL, _ arguments: [String]) throws {
        process.executableURL = program
        process.arguments = arguments
        // Threads that wait give their core away: a busy machine slows both alike.
        process.environment = ProcessInfo.processInfo.environment.merging(
            ["OMP_WAIT_POLICY": "passive"], uniquingKeysWith: { mine, _ in mine })
        process.standardInput = input
        process.standardOutput = output
        try process.run()
    }

    /// Seconds of one round; the first call is a warm-up besides.
    private var isWarm = false
    func seconds() throws -> Double {
        if !isWarm {
            isWarm = true
            _ = try seconds()
        }
        input.fileHandleForWriting.write(Data("\n".utf8))
        guard let line = line(), let seconds = Double(line) else {
            throw BenchFault("a training process ended early")
        }
        return seconds
    }

    func median(_ rounds: Int) throws -> Double {
        Timing.median(try (0 ..< rounds).map { _ in try seconds() })
    }

    /// A line of output, without its end.
    func line() -> String? {
        var bytes: [UInt8] = []
        while let byte = output.fileHandleForReading.readData(ofLength: 1).first {
            if byte == UInt8(ascii: "\n") { return String(decoding: bytes, as: UTF8.self) }
            bytes.append(byte)
        }
        return nil
    }

    func stop() {
        input.fileHandleForWriting.closeFile()
        process.waitUntilExit()
    }
}
