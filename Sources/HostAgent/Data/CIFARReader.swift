/// CIFAR-10's binary format: records of 3,073 bytes without a header, one label
/// byte and 1,024 bytes for each of red, green, blue, each plane row-major 32 × 32.
public enum CIFARReader {
    public static let recordBytes = 1 + 3 * 32 * 32

    /// All records of the files, in order.
    public static func images(_ paths: [String], name: String) throws -> ImageSet {
        var pixels: [UInt8] = []
        var labels: [Int64] = []
        for path in paths {
            let bytes = try DataFile.contents(of: path)
            guard !bytes.isEmpty, bytes.count % recordBytes == 0 else {
                throw DataError.wrongContent(
                    file: path, expected: "records of \(recordBytes) bytes",
                    found:
                        "\(bytes.count) bytes: \(bytes.count / recordBytes) records and \(bytes.count % recordBytes) bytes"
                )
            }
            pixels.reserveCapacity(pixels.count + bytes.count)
            for record in stride(from: 0, to: bytes.count, by: recordBytes) {
                guard bytes[record] < 10 else {
                    throw DataError.wrongContent(
                        file: path, expected: "labels 0 … 9",
                        found: "\(bytes[record]) in record \(record / recordBytes)")
                }
                labels.append(Int64(bytes[record]))
                pixels.append(contentsOf: bytes[record + 1 ..< record + recordBytes])
            }
        }
        return ImageSet(
            name: name, pixels: try .bytes(pixels, shape: [labels.count, 3, 32, 32]),
            labels: try .integers(labels, shape: [labels.count]), pixelMax: 255)
    }
}
