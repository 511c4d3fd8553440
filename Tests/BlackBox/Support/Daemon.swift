import Foundation
import Glibc

/// A `chipd serve` that a test started, and ends.
final class Daemon {
    let endpoint: String
    let state: String
    private let process = Process()
    private let log: String
    private let isTraced: Bool

    /// A chip of few tiles on a manual clock: the same commands give the same state.
    static func smallSpec(in folder: Folder) throws -> String {
        let specs = Programs.repository.appendingPathComponent("firmware-specs")
        try FileManager.default.createDirectory(
            atPath: folder.path("specs/chips"), withIntermediateDirectories: true)
        if !FileManager.default.fileExists(atPath: folder.path("specs/devices")) {
            try FileManager.default.copyItem(
                at: specs.appendingPathComponent("devices"),
                to: folder.url.appendingPathComponent("specs/devices"))
        }
        let shipped = try String(
            contentsOf: specs.appendingPathComponent("chips/rram-2b.yaml"), encoding: .utf8)
        var lines: [String] = []
        for line in shipped.split(separator: "\n", omittingEmptySubsequences: false) {
            let key = line.trimmingCharacters(in: .whitespaces)
            if key.hasPrefix("mode:") {
                lines.append(line.replacingOccurrences(of: key, with: "mode: manual"))
            } else if !key.hasPrefix("rate_s_per_s:") {
                lines.append(String(line))
            }
        }
        return try folder.write(lines.joined(separator: "\n"), to: "specs/chips/small.yaml")
    }

    /// 4-bit cells on a manual clock, without noise of programming and reading.
    ///
    /// - Parameter adc: bits, or "ideal".
    static func exactSpec(in folder: Folder, adc: String, tiles: Int) throws -> String {
        try changedSpec(
            "rram", in: folder,
            device: ["read_noise_relative": none, "programming_noise_relative": none],
            chip: ["adc_bits": adc, "tiles": "\(tiles)", "mode": "manual", "rate_s_per_s": ""])
    }

    /// Chips with tuning columns that deviate as a whole and drift alike, and are exact
    /// otherwise; on a manual clock.
    static func tuningSpec(
        in folder: Folder, model: String, betweenChips: Double, onOffRatio: Double
    ) throws -> String {
        try changedSpec(
            "rram-tuning", in: folder,
            device: [
                "read_noise_relative": none, "programming_noise_relative": none,
                "drift_coefficient_spread": none,
                "on_off_ratio": "{value: \(onOffRatio), source: \"chosen\"}",
            ],
            chip: [
                "adc_bits": "ideal", "tiles": "500", "columns": "32", "ltm_columns": "3",
                "model": model, "sigma_between_chip": "\(betweenChips)",
                "sigma_within_chip": "0", "mode": "manual", "rate_s_per_s": "",
            ])
    }

    /// The same with a digital bank beside the resistive one.
    static func digitalTuningSpec(in folder: Folder, betweenChips: Double) throws -> String {
        let file = try tuningSpec(
            in: folder, model: "layer-fixed", betweenChips: betweenChips, onOffRatio: 2)
        try addStaticMemory(in: folder)
        let text = try String(contentsOfFile: file, encoding: .utf8)
        precondition(text.contains("\ngtm:\n"))
        return try folder.write(
            text.replacingOccurrences(
                of: "\ngtm:\n",
                with: "\n  - name: sram\n    device: sram\n    tiles: 64\n    rows: 128\n"
                    + "    columns: 128\ngtm:\n"),
            to: "changed/chips/tuning-digital.yaml")
    }

    /// 4-bit cells on a manual clock that open-loop programming misses by `spread` of G_on.
    static func looseSpec(in folder: Folder, spread: Double) throws -> String {
        try changedSpec(
            "rram", in: folder,
            device: ["programming_noise_relative": "{value: \(spread), source: \"chosen\"}"],
            chip: ["mode": "manual", "rate_s_per_s": ""])
    }

    /// The shipped chip of two banks, the resistive one without noise of programming and
    /// reading and with an ideal ADC, on a manual clock.
    static func hybridSpec(in folder: Folder, digitalTiles: Int) throws -> String {
        let file = try changedSpec(
            "hybrid", in: folder,
            device: ["read_noise_relative": none, "programming_noise_relative": none],
            chip: ["adc_bits": "ideal", "mode": "manual", "rate_s_per_s": ""])
        try addStaticMemory(in: folder)
        let text = try String(contentsOfFile: file, encoding: .utf8)
        precondition(text.contains("tiles: 64\n"))
        return try folder.write(
            text.replacingOccurrences(of: "tiles: 64\n", with: "tiles: \(digitalTiles)\n"),
            to: "changed/chips/hybrid.yaml")
    }

    private static func addStaticMemory(in folder: Folder) throws {
        let sram = Programs.repository.appendingPathComponent("firmware-specs/devices/sram.yaml")
        _ = try folder.write(
            String(contentsOf: sram, encoding: .utf8), to: "changed/devices/sram.yaml")
    }

    private static let none = "{value: 0, source: \"chosen\"}"

    /// A shipped chip of RRAM with other values of some keys; an empty one leaves the
    /// key out.
    private static func changedSpec(
        _ chip: String, in folder: Folder, device: [String: String], chip values: [String: String]
    ) throws -> String {
        let specs = Programs.repository.appendingPathComponent("firmware-specs")
        try FileManager.default.createDirectory(
            atPath: folder.path("changed/chips"), withIntermediateDirectories: true)
        try FileManager.default.createDirectory(
            atPath: folder.path("changed/devices"), withIntermediateDirectories: true)
        func changed(_ file: String, _ values: [String: String]) throws -> String {
            let text = try String(
                contentsOf: specs.appendingPathComponent(file), encoding: .utf8)
            var left = values
            let lines = text.components(separatedBy: "\n").compactMap { line -> String? in
                guard let colon = line.firstIndex(of: ":") else { return line }
                let key = line[..<colon].trimmingCharacters(in: .whitespaces)
                guard let value = left.removeValue(forKey: key) else { return line }
                return value.isEmpty ? nil : "\(line[..<colon]): \(value)"
            }
            precondition(left.isEmpty, "\(file) has no \(left.keys)")
            return lines.joined(separator: "\n")
        }
        _ = try folder.write(
            changed("devices/rram.yaml", device), to: "changed/devices/rram.yaml")
        return try folder.write(
            changed("chips/\(chip).yaml", values), to: "changed/chips/\(chip).yaml")
    }

    /// - Parameter tracer: a command in front of the daemon's own.
    init(
        in folder: Folder, spec: String, state: String = "state", socket: String = "chip",
        arguments: [String] = [], tracedBy tracer: [String] = [], input: Pipe? = nil
    ) throws {
        endpoint = "ipc://\(folder.path(socket))"
        self.state = folder.path(state)
        log = folder.path("\(state).log")
        isTraced = !tracer.isEmpty
        _ = FileManager.default.createFile(atPath: log, contents: nil)
        let command =
            tracer + [Programs.path("chipd").path, "serve", "--state", self.state, "--chip", spec]
            + ["--listen", endpoint] + arguments
        process.executableURL = URL(fileURLWithPath: command[0])
        process.arguments = Array(command.dropFirst())
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle(forWritingAtPath: log)
        process.standardInput = input ?? FileHandle.nullDevice
        try process.run()
    }

    deinit { if process.isRunning { kill() } }

    /// A tracer does not pass signals on: its one child is the daemon.
    private var tracedIdentifier: Int32 {
        let id = process.processIdentifier
        let children = try? String(
            contentsOfFile: "/proc/\(id)/task/\(id)/children", encoding: .utf8)
        guard let child = children?.split(separator: " ").first.flatMap({ Int32($0) }) else {
            return id
        }
        return child
    }

    /// SIGKILL: nothing can be saved.
    func kill() {
        Glibc.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    /// SIGTERM or SIGINT; returns the exit status.
    func stop(_ signal: Int32 = SIGTERM) -> Int32 {
        Glibc.kill(isTraced ? tracedIdentifier : process.processIdentifier, signal)
        return waitUntilExit()
    }

    /// The exit status, or the signal that ended it, below 0.
    func waitUntilExit() -> Int32 {
        process.waitUntilExit()
        return process.terminationReason == .exit
            ? process.terminationStatus : -process.terminationStatus
    }

    var logText: String { (try? String(contentsOfFile: log, encoding: .utf8)) ?? "" }
}
