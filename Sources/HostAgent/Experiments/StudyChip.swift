internal import Foundation

/// A chip of a study: a shipped one with other values.
public struct StudyChip: Equatable, Sendable {
    /// Of firmware-specs/chips, without ".yaml".
    public var chip: String
    /// Of firmware-specs/devices: that of the shipped chip's first bank.
    public var device: String
    /// What the chip's file says otherwise, by key: every line with that key, whatever
    /// it held.
    public var chipValues: [String: String]
    /// What the device's file says otherwise.
    public var deviceValues: [String: Double]

    public init(
        chip: String, device: String, chipValues: [String: String] = [:],
        deviceValues: [String: Double] = [:]
    ) {
        self.chip = chip
        self.device = device
        self.chipValues = chipValues
        self.deviceValues = deviceValues
    }

    /// Writes the files of the chip into a folder, in the shape of firmware-specs;
    /// returns the chip's.
    ///
    /// - Parameter specs: firmware-specs.
    package func write(to folder: String, from specs: String) throws -> String {
        for name in ["chips", "devices"] { try DataFile.makeFolder("\(folder)/\(name)") }
        let devices = "\(specs)/devices"
        for name in try FileManager.default.contentsOfDirectory(atPath: devices) {
            try DataFile.write(
                DataFile.rawContents(of: "\(devices)/\(name)"), to: "\(folder)/devices/\(name)")
        }
        try Self.change(
            "\(devices)/\(device).yaml",
            deviceValues.mapValues { value in
                let text = Int(exactly: value).map(String.init) ?? "\(value)"
                return "{value: \(text), source: \"chosen for a study\"}"
            },
            to: "\(folder)/devices/\(device).yaml")
        let file = "\(folder)/chips/\(chip).yaml"
        try Self.change("\(specs)/chips/\(chip).yaml", chipValues, to: file)
        return file
    }

    private static func change(_ file: String, _ values: [String: String], to path: String) throws {
        let text = String(decoding: try DataFile.rawContents(of: file), as: UTF8.self)
        var unused = Set(values.keys)
        let lines = text.components(separatedBy: "\n").map { line -> String in
            guard let colon = line.firstIndex(of: ":") else { return line }
            let key = line[..<colon].trimmingCharacters(in: .whitespaces)
            guard let value = values[key] else { return line }
            unused.remove(key)
            return "\(line[..<colon]): \(value)"
        }
        if let key = unused.min() {
            throw DataError.wrongContent(
                file: file, expected: "a line '\(key): …'", found: "none")
        }
        try DataFile.write(Array(lines.joined(separator: "\n").utf8), to: path)
    }
}
