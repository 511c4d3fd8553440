internal import Foundation

/// Reading and writing safetensors: a 64-bit little-endian length, that many
/// bytes of JSON, then the elements. The JSON names each tensor's type, shape and
/// its place in the elements, and has one free map of strings, `__metadata__`.
///
/// Written here: Float32 only, tensors in the order given, the JSON padded with
/// spaces to a multiple of 8 bytes. Read: F32; other types are refused by name.
public struct SafeTensors: Equatable, Sendable {
    public struct Entry: Equatable, Sendable {
        public let name: String
        public let shape: [Int]
        public let values: [Float]

        public init(name: String, shape: [Int], values: [Float]) {
            precondition(values.count == shape.reduce(1, *))
            self.name = name
            self.shape = shape
            self.values = values
        }
    }

    public var metadata: [String: String]
    public var entries: [Entry]

    /// Longest JSON that is read: the format's own limit.
    public static let headerBytesMax = 100_000_000

    public init(metadata: [String: String], entries: [Entry]) {
        self.metadata = metadata
        self.entries = entries
    }

    // MARK: - Writing

    public func encoded() throws -> [UInt8] {
        var header: [String: Any] = [:]
        if !metadata.isEmpty { header["__metadata__"] = metadata }
        var offset = 0
        for entry in entries {
            let size = entry.values.count * 4
            header[entry.name] =
                [
                    "dtype": "F32", "shape": entry.shape, "data_offsets": [offset, offset + size],
                ] as [String: Any]
            offset += size
        }
        var json = [UInt8](
            try JSONSerialization.data(
                withJSONObject: header, options: [.sortedKeys, .withoutEscapingSlashes]))
        while json.count % 8 != 0 { json.append(UInt8(ascii: " ")) }
        var bytes = withUnsafeBytes(of: UInt64(json.count).littleEndian, Array.init)
        bytes += json
        for entry in entries {
            for value in entry.values {
                withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
            }
        }
        return bytes
    }

    public func write(to path: String) throws { try DataFile.write(encoded(), to: path) }

    // MARK: - Reading

    public init(contentsOf path: String) throws {
        try self.init(bytes: DataFile.rawContents(of: path), file: path)
    }

    public init(bytes: [UInt8], file: String) throws(DataError) {
        func wrong(_ expected: String, _ found: String) -> DataError {
            .wrongContent(file: file, expected: expected, found: found)
        }
        guard bytes.count >= 8 else {
            throw wrong("a safetensors file, at least 8 bytes", "\(bytes.count) bytes")
        }
        let length = bytes[..<8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard length <= Self.headerBytesMax, length <= UInt64(bytes.count - 8) else {
            throw wrong(
                "a header of \(length) bytes, as the first 8 bytes say", "\(bytes.count - 8) bytes")
        }
        let dataStart = 8 + Int(length)
        guard
            let header = try? JSONSerialization.jsonObject(with: Data(bytes[8 ..< dataStart]))
                as? [String: Any]
        else { throw wrong("a JSON object as header", "something else") }

        metadata = [:]
        var located: [(start: Int, entry: Entry)] = []
        for (name, value) in header {
            guard let fields = value as? [String: Any] else {
                throw wrong("an object for '\(name)'", "\(value)")
            }
            if name == "__metadata__" {
                guard let strings = fields as? [String: String] else {
                    throw wrong("strings as metadata", "other values")
                }
                metadata = strings
                continue
            }
            guard let type = fields["dtype"] as? String, type == "F32" else {
                throw wrong("type F32 of '\(name)'", "\(fields["dtype"] ?? "none")")
            }
            guard let shape = fields["shape"] as? [Int],
                shape.allSatisfy({ (0 ..< 1 << 31).contains($0) }),
                let offsets = fields["data_offsets"] as? [Int], offsets.count == 2,
                offsets[0] >= 0, offsets[0] <= offsets[1]
            else { throw wrong("a shape and two offsets of '\(name)'", "\(fields)") }
            guard offsets[1] <= bytes.count - dataStart else {
                throw wrong(
                    "\(offsets[1]) bytes of elements, for '\(name)'", "\(bytes.count - dataStart)")
            }
            let (count, overflow) = shape.reduce((1, false)) { product, size in
                let next = product.0.multipliedReportingOverflow(by: size)
                return (next.partialValue, product.1 || next.overflow)
            }
            guard !overflow, count == (offsets[1] - offsets[0]) / 4,
                (offsets[1] - offsets[0]) % 4 == 0
            else {
                throw wrong(
                    "\(shape.times) elements of '\(name)'",
                    "\(offsets[1] - offsets[0]) bytes of them")
            }
            var values: [Float] = []
            values.reserveCapacity(count)
            for index in 0 ..< count {
                let at = dataStart + offsets[0] + 4 * index
                let bits = bytes[at ..< at + 4].reversed().reduce(UInt32(0)) {
                    $0 << 8 | UInt32($1)
                }
                values.append(Float(bitPattern: bits))
            }
            located.append((offsets[0], Entry(name: name, shape: shape, values: values)))
        }
        entries = located.sorted { ($0.start, $0.entry.name) < ($1.start, $1.entry.name) }.map(
            \.entry)
    }

    public static func == (lhs: SafeTensors, rhs: SafeTensors) -> Bool {
        lhs.metadata == rhs.metadata && lhs.entries == rhs.entries
    }
}
