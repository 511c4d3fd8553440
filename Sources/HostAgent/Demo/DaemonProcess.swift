internal import Foundation

/// A chip daemon that this process started, and ends.
public final class DaemonProcess {
    public enum Failure: Error, CustomStringConvertible, Equatable {
        case notFound(path: String)
        case didNotServe(command: String, log: String)

        public var description: String {
            switch self {
            case .notFound(let path):
                "there is no chip daemon at \(path); build it, or say where it is with --chipd"
            case .didNotServe(let command, let log):
                "\(command) didn't begin to serve; it said:\n\(log)"
            }
        }
    }

    private let path: String
    private let arguments: [String]
    private let socket: String
    private let log: String
    private var process: Process?

    /// - Parameters:
    ///   - folder: a folder of its own, which exists.
    ///   - endpoint: an ipc endpoint.
    public init(path: String, spec: String, folder: String, endpoint: String, serials: [UInt32])
        throws
    {
        guard FileManager.default.isExecutableFile(atPath: path) else {
            throw Failure.notFound(path: path)
        }
        self.path = path
        log = "\(folder)/chipd.log"
        socket = endpoint.hasPrefix("ipc://") ? String(endpoint.dropFirst(6)) : ""
        arguments = [
            "serve", "--state", "\(folder)/state", "--chip", spec, "--listen", endpoint,
            "--serials", Self.text(serials), "--simulation-controls",
        ]
    }

    /// "1-5" or "7".
    static func text(_ serials: [UInt32]) -> String {
        guard let first = serials.first, let last = serials.last, first < last else {
            return serials.map(String.init).joined(separator: ",")
        }
        return "\(first)-\(last)"
    }

    /// Starts the daemon and waits until its socket is there.
    public func start() throws {
        precondition(process == nil)
        try? FileManager.default.removeItem(atPath: socket)
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
        process.standardInput = FileHandle.nullDevice
        try process.run()
        self.process = process
        ChildGuard.watch(process.processIdentifier)

        let deadline = ContinuousClock.now + .seconds(30)
        while !socket.isEmpty, !FileManager.default.fileExists(atPath: socket) {
            guard process.isRunning, ContinuousClock.now < deadline else {
                throw Failure.didNotServe(
                    command: ([path] + arguments).joined(separator: " "), log: logTail())
            }
            usleep(10_000)
        }
    }

    /// Ends the daemon as a power cut would.
    public func kill() {
        guard let process else { return }
        Foundation.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        ChildGuard.forget()
        self.process = nil
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

    /// The end of what the daemon wrote.
    public func logTail() -> String {
        let text = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
        return text.split(separator: "\n").suffix(12).joined(separator: "\n")
    }
}

/// Takes the daemon along when this process is told to end: a signal doesn't run
/// any `defer`.
private enum ChildGuard {
    // Written by the thread that starts and ends the daemon, read by a signal
    // handler, which may do nothing but call `kill` and `_exit`.
    nonisolated(unsafe) private static var child: pid_t = 0

    static func watch(_ pid: pid_t) {
        child = pid
        for signalNumber in [SIGINT, SIGTERM, SIGHUP] {
            signal(signalNumber) { number in
                if ChildGuard.child > 0 { Foundation.kill(ChildGuard.child, SIGKILL) }
                _exit(128 + number)
            }
        }
    }

    static func forget() { child = 0 }
}
