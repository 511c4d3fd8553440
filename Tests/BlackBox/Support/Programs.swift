import Foundation
import Synchronization
import Testing

/// The built programs, and where the repository's files are.
enum Programs {
    /// The folder that holds the test bundle also holds the programs.
    static let folder: URL = {
        var folder = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
            .deletingLastPathComponent()
        for _ in 0 ..< 4 {
            let chipd = folder.appendingPathComponent("chipd")
            if FileManager.default.isExecutableFile(atPath: chipd.path) { return folder }
            folder = folder.deletingLastPathComponent()
        }
        return URL(fileURLWithPath: ".build/release")
    }()

    /// The top of the repository: three folders above this file.
    static let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    static func path(_ name: String) -> URL { folder.appendingPathComponent(name) }

    struct Output {
        var status: Int32
        var stdout: String
        var stderr: String
    }

    /// Runs a program to its end.
    static func run(
        _ name: String, _ arguments: [String], at executable: URL? = nil, in folder: URL? = nil,
        environment: [String: String] = [:]
    ) throws -> Output {
        let process = Process()
        process.executableURL = executable ?? path(name)
        process.arguments = arguments
        if let folder { process.currentDirectoryURL = folder }
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let (out, err) = (Pipe(), Pipe())
        process.standardOutput = out
        process.standardError = err
        process.standardInput = FileHandle.nullDevice
        try process.run()
        // Both pipes are drained at once: a full one would hold the program up.
        let errors = Mutex(Data())
        let group = DispatchGroup()
        DispatchQueue.global().async(group: group) {
            let data = err.fileHandleForReading.readDataToEndOfFile()
            errors.withLock { $0 = data }
        }
        let output = out.fileHandleForReading.readDataToEndOfFile()
        group.wait()
        process.waitUntilExit()
        return Output(
            status: process.terminationStatus, stdout: String(decoding: output, as: UTF8.self),
            stderr: errors.withLock { String(decoding: $0, as: UTF8.self) })
    }
}

/// A folder of its own in the temporary directory, removed with the object.
final class Folder {
    let url: URL

    init() throws {
        // Short: an ipc path has at most 107 bytes.
        url = URL(fileURLWithPath: "/tmp").appendingPathComponent(
            "nvcim-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: false)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    func path(_ name: String) -> String { url.appendingPathComponent(name).path }

    func write(_ text: String, to name: String) throws -> String {
        let file = url.appendingPathComponent(name)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
        return file.path
    }
}

extension Folder {
    /// An .npy file of one-byte elements (`|i1` or `|u1`), as NumPy writes it.
    func npy(_ name: String, _ type: String, _ shape: [Int], _ value: (Int) -> UInt8) throws
        -> String
    {
        let sizes = shape.map { "\($0)," }.joined(separator: " ")
        var header = "{'descr': '\(type)', 'fortran_order': False, 'shape': (\(sizes)), }"
        header += String(repeating: " ", count: 117 - header.utf8.count) + "\n"
        var bytes = Data([0x93]) + Data("NUMPY".utf8) + Data([1, 0, 118, 0]) + Data(header.utf8)
        bytes += Data((0 ..< shape.reduce(1, *)).map(value))
        try bytes.write(to: url.appendingPathComponent(name))
        return path(name)
    }
}

extension Pipe {
    /// Reads what a program says, until it has said some text.
    func read(until text: String) throws {
        var said = ""
        while !said.contains(text) {
            let data = fileHandleForReading.availableData
            try #require(!data.isEmpty, "it ended early: \(said)")
            said += String(decoding: data, as: UTF8.self)
        }
    }
}
