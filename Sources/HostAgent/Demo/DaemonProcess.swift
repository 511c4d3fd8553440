internal import Foundation
public import Protocol

/// A chip daemon that this process started, and ends.
public final class DaemonProcess {
    public enum Failure: StatusError, Equatable {
        case notFound(path: String)
        /// With what it says its version is.
        case otherVersion(path: String, said: String)
        /// With what it said last and the status that it ended with.
        case didNotServe(path: String, log: String, status: ExitStatus)

        public var description: String {
            switch self {
            case .notFound(let path):
                "there is no chip daemon at \(path); build it, or say where it is with --chipd"
            case .otherVersion(let path, let said):
                "\(path) is not the chip daemon of version \(version): --version says '\(said)'"
            case .didNotServe(let path, let log, _): "\(path) didn't begin to serve: \(log)"
            }
        }

        public var exitStatus: ExitStatus {
            if case .didNotServe(_, _, let status) = self { status } else { .unavailable }
        }
    }

    private let path: String
    private let arguments: [String]
    private let endpoint: Endpoint
    private let log: String
    private var process: Process?
    /// Ends with this process, however that ends, and ends the daemon.
    private var input: Pipe?
    /// The daemon, for whoever must end it in a hurry.
    let running = RunningProcess()

    /// Refuses a path that isn't this version's daemon: asked before work that comes before
    /// its start.
    public static func check(_ path: String) throws {
        let (process, output) = (Process(), Pipe())
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = ["--version"]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try run(process, path)
        // Of whatever it is, as much as a version needs.
        let first = output.fileHandleForReading.readData(ofLength: 80)
            .prefix { $0 != UInt8(ascii: "\n") }
        let said = String(decoding: first, as: UTF8.self)
        try? output.fileHandleForReading.close()
        process.waitUntilExit()
        guard process.terminationReason == .exit, process.terminationStatus == 0, said == version
        else { throw Failure.otherVersion(path: path, said: said) }
    }

    private static func run(_ process: Process, _ path: String) throws(Failure) {
        do {
            try process.run()
        } catch {
            throw .notFound(path: path)
        }
    }

    /// - Parameters:
    ///   - folder: a folder of its own, which exists.
    ///   - endpoint: an ipc endpoint.
    public init(
        path: String, spec: String, folder: String, endpoint: Endpoint, serials: [UInt32]
    ) {
        precondition(endpoint.path != nil)
        self.path = path
        self.endpoint = endpoint
        log = "\(folder)/chipd.log"
        arguments = [
            "serve", "--state", "\(folder)/state", "--chip", spec, "--listen", endpoint.description,
            "--serials", Self.text(serials), "--simulation-controls", "--until-input-ends",
        ]
    }

    /// "1-5" or "7".
    static func text(_ serials: [UInt32]) -> String {
        guard let first = serials.first, let last = serials.last, first < last else {
            return serials.map(String.init).joined(separator: ",")
        }
        return "\(first)-\(last)"
    }

    /// Starts the daemon and waits until it listens.
    public func start() throws {
        precondition(process == nil)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        if !FileManager.default.fileExists(atPath: log) {
            _ = FileManager.default.createFile(atPath: log, contents: nil)
        }
        let output = try FileHandle(forWritingTo: URL(fileURLWithPath: log))
        try output.seekToEnd()
        process.standardOutput = output
        process.standardError = output
        let input = Pipe()
        process.standardInput = input
        try running.begin {
            try Self.run(process, path)
            return process.processIdentifier
        }
        (self.process, self.input) = (process, input)

        let deadline = ContinuousClock.now + .seconds(30)
        while endpoint.whyNobodyListens != nil {
            guard process.isRunning, ContinuousClock.now < deadline else {
                throw Failure.didNotServe(
                    path: path, log: lastWords,
                    status: process.isRunning
                        ? .unavailable
                        : ExitStatus(rawValue: process.terminationStatus) ?? .unavailable)
            }
            usleep(10_000)
        }
    }

    /// Ends the daemon as a power cut would.
    public func kill() {
        guard let process else { return }
        running.end {
            if process.isRunning { Foundation.kill(process.processIdentifier, SIGKILL) }
            process.waitUntilExit()
        }
        (self.process, input) = (nil, nil)
    }

    /// Asks the daemon to end, and kills it if it hasn't within five seconds.
    public func stop() {
        guard let process else { return }
        process.terminate()
        let deadline = ContinuousClock.now + .seconds(5)
        while process.isRunning, ContinuousClock.now < deadline { usleep(10_000) }
        kill()
    }

    deinit { stop() }

    /// The last line that the daemon wrote.
    private var lastWords: String {
        let text = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
        return text.split(separator: "\n").last.map(String.init) ?? "it said nothing"
    }
}
