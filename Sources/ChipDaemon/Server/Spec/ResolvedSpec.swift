internal import Checksum
public import ChipCore
internal import Foundation
internal import Protocol
internal import Yams

/// A chip spec with all its devices in it, as one document: what a state directory keeps of the
/// files that it was made from.
///
/// Two documents are the same spec when their keys and values are; comments, layout, the way a
/// number is written and the sources beside the values do not count.
public struct ResolvedSpec: Sendable {
    public let spec: ChipSpec
    /// The document.
    public let text: String
    /// Key path and value of every leaf, in the order of the document.
    private let values: [(key: String, value: String)]

    /// Reads a chip file and the device files that it names, `../devices/NAME.yaml` beside it.
    public init(chipFile: String) throws(SpecError) {
        try self.init(
            text: Self.contents(chipFile), file: chipFile,
            devices: URL(fileURLWithPath: chipFile).deletingLastPathComponent()
                .deletingLastPathComponent().appendingPathComponent("devices").path)
    }

    /// Reads a document that names no other files.
    public init(resolved file: String) throws(SpecError) {
        try self.init(text: Self.contents(file), file: file, devices: nil)
    }

    package init(text: String, file: String, devices: String?) throws(SpecError) {
        var root = try SpecReader.root(of: text, file: file)
        if let devices { root = try Self.inlining(root, file: file, devices: devices) }
        spec = try ChipSpec(node: root, file: file)
        values = Self.leaves(of: root, path: "")
        do {
            self.text = try serialize(node: root)
        } catch {
            throw SpecError("\(file): could not be written out again: \(error)")
        }
    }

    /// 16 bytes over all keys and values.
    public var digest: [UInt8] {
        let hash = XXH3()
        for (key, value) in values {
            hash.update(part: [UInt8](key.utf8))
            hash.update(part: [UInt8](value.utf8))
        }
        return hash.digest()
    }

    /// What is different, as phrases: "banks[0].tiles is 192, was 160".
    public func differences(from older: ResolvedSpec) -> [String] {
        let before = Dictionary(uniqueKeysWithValues: older.values.map { ($0.key, $0.value) })
        let after = Dictionary(uniqueKeysWithValues: values.map { ($0.key, $0.value) })
        let changed = values.compactMap { key, value -> String? in
            guard let old = before[key] else { return "\(key) is \(value), was not there" }
            return old == value ? nil : "\(key) is \(value), was \(old)"
        }
        let gone = older.values.filter { after[$0.key] == nil }
            .map { "\($0.key) is not there, was \($0.value)" }
        return changed + gone
    }

    private static func contents(_ file: String) throws(SpecError) -> String {
        do {
            return try String(contentsOfFile: file, encoding: .utf8)
        } catch {
            throw SpecError("\(file): the file cannot be read as text")
        }
    }

    /// Puts the device's document in the place of its name.
    private static func inlining(_ root: Node, file: String, devices: String)
        throws(SpecError) -> Node
    {
        guard case .mapping(var top) = root, case .sequence(var banks)? = top["banks"] else {
            return root
        }
        for index in banks.indices {
            guard case .mapping(var bank) = banks[index],
                case .scalar(let device)? = bank["device"]
            else { continue }
            guard SpecReader.isName(device.string) else {
                throw SpecError(
                    "\(file): banks[\(index)].device is \"\(device.string)\"; "
                        + "allowed: the name of a file in \(devices), without .yaml")
            }
            let path = "\(devices)/\(device.string).yaml"
            guard FileManager.default.fileExists(atPath: path) else {
                throw SpecError(
                    "\(file): banks[\(index)].device is \"\(device.string)\", but "
                        + "there is no \(path)")
            }
            let document = try SpecReader.root(of: contents(path), file: path)
            // Read on its own first, so that a mistake is told with the device's file and line.
            _ = try DeviceSpec.technology(document, file: path, path: "")
            bank["device"] = document
            banks[index] = .mapping(bank)
        }
        top["banks"] = .sequence(banks)
        return .mapping(top)
    }

    private static func leaves(of node: Node, path: String) -> [(key: String, value: String)] {
        switch node {
        case .mapping(let mapping):
            if let value = mapping["value"], mapping["source"] != nil {
                return leaves(of: value, path: path)
            }
            return mapping.flatMap { key, value in
                leaves(of: value, path: (path.isEmpty ? "" : path + ".") + (key.string ?? "?"))
            }
        case .sequence(let sequence):
            return sequence.enumerated().flatMap { leaves(of: $1, path: "\(path)[\($0)]") }
        case .scalar(let scalar):
            let number = Double(scalar.string).flatMap { number -> String? in
                guard number.isFinite else { return nil }
                return Int(exactly: number).map { "\($0)" } ?? "\(number)"
            }
            return [(path, number ?? scalar.string)]
        case .alias:
            return []
        }
    }
}
