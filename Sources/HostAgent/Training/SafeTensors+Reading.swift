internal import Foundation

/// Every number of the file's header is checked before an element is touched.
extension SafeTensors {
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

        var metadata: [String: String] = [:]
        var places: [Place] = []
        for (name, value) in header {
            guard let fields = value as? [String: Any] else {
                throw wrong("an object for '\(name)'", "\(value)")
            }
            if name == "__metadata__" {
                guard let strings = fields as? [String: String] else {
                    throw wrong("strings as metadata", "other values")
                }
                metadata = strings
            } else {
                places.append(
                    try Place(name, fields, dataBytes: bytes.count - dataStart, file: file))
            }
        }
        let size = places.map(\.bytes.upperBound).max() ?? 0
        guard size == bytes.count - dataStart else {
            throw wrong(
                "\(size) bytes of elements, as the header says", "\(bytes.count - dataStart)")
        }
        let entries = places.filter { !$0.isBatchCounter }
            .sorted { ($0.bytes.lowerBound, $0.name) < ($1.bytes.lowerBound, $1.name) }
            .map { place in
                Entry(
                    name: place.name, shape: place.shape,
                    values: Self.floats(
                        bytes, from: dataStart + place.bytes.lowerBound, place.count)
                )
            }
        self.init(metadata: metadata, entries: entries)
    }

    /// `count` numbers that lie in `bytes` from `start` on, at any alignment.
    private static func floats(_ bytes: [UInt8], from start: Int, _ count: Int) -> [Float] {
        precondition(start + 4 * count <= bytes.count)
        return [Float](unsafeUninitializedCapacity: count) { values, initialised in
            bytes.withUnsafeBytes {
                UnsafeMutableRawBufferPointer(values).copyMemory(
                    from: .init(rebasing: $0[start ..< start + 4 * count]))
            }
            initialised = count
        }
    }

    /// A tensor's line of the header, checked.
    private struct Place {
        let name: String
        let shape: [Int]
        /// Among the elements; inside them, and as many as shape and type say.
        let bytes: Range<Int>
        let count: Int
        let isBatchCounter: Bool

        init(
            _ name: String, _ fields: [String: Any], dataBytes: Int, file: String
        ) throws(DataError) {
            func wrong(_ expected: String, _ found: String) -> DataError {
                .wrongContent(file: file, expected: expected, found: found)
            }
            let type = fields["dtype"] as? String
            isBatchCounter = type == "I64" && name.hasSuffix(".num_batches_tracked")
            guard type == "F32" || isBatchCounter else {
                throw wrong("type F32 of '\(name)'", "\(fields["dtype"] ?? "none")")
            }
            guard let shape = fields["shape"] as? [Int],
                shape.allSatisfy({ (0 ..< 1 << 31).contains($0) }),
                let offsets = fields["data_offsets"] as? [Int], offsets.count == 2,
                offsets[0] >= 0, offsets[0] <= offsets[1]
            else { throw wrong("a shape and two offsets of '\(name)'", "\(fields)") }
            guard offsets[1] <= dataBytes else {
                throw wrong("\(offsets[1]) bytes of elements, for '\(name)'", "\(dataBytes)")
            }
            bytes = offsets[0] ..< offsets[1]
            let (count, overflow) = shape.reduce((1, false)) { product, size in
                let next = product.0.multipliedReportingOverflow(by: size)
                return (next.partialValue, product.1 || next.overflow)
            }
            let size = isBatchCounter ? 8 : 4
            guard !overflow, count == bytes.count / size, bytes.count % size == 0 else {
                throw wrong(
                    "\(shape.times) elements of '\(name)'", "\(bytes.count) bytes of them")
            }
            guard !isBatchCounter || count == 1 else {
                throw wrong("one number as '\(name)'", "\(count)")
            }
            (self.name, self.shape, self.count) = (name, shape, count)
        }
    }
}
