internal import Foundation

/// Reading and writing safetensors: a 64-bit little-endian length, that many
/// bytes of JSON, then the elements. The JSON names each tensor's type, shape and
/// its place in the elements, and has one free map of strings, `__metadata__`.
///
/// Written here: Float32 only, tensors in the order given, the JSON padded with
/// spaces to a multiple of 8 bytes. Read: F32, which are the same bytes in memory on
/// the little-endian machines this runs on, and PyTorch's counters of batches
/// ("….num_batches_tracked", I64, one number), which nothing here depends on: they
/// are left out. Other types are refused by name.
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
        bytes.reserveCapacity(8 + json.count + offset)
        bytes += json
        for entry in entries { entry.values.withUnsafeBytes { bytes.append(contentsOf: $0) } }
        return bytes
    }

    public func write(to path: String) throws { try DataFile.write(encoded(), to: path) }
}
