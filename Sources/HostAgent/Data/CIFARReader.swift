/// The binary format of CIFAR-10 and CIFAR-100: records without a header, the label's bytes and then
/// 1,024 bytes for each of red, green, blue, each plane row-major 32 × 32.
///
/// | data set  | label bytes                    | record        |
/// |-----------|--------------------------------|---------------|
/// | CIFAR-10  | class 0 … 9                    | 3,073 bytes   |
/// | CIFAR-100 | coarse 0 … 19, then fine 0 … 99 | 3,074 bytes   |
///
/// Source: A. Krizhevsky 2009, "Learning multiple layers of features from tiny images", and the
/// description of the binary version beside the files.
public enum CIFARReader {
    /// Which label of which data set.
    public enum Labels: Sendable {
        case cifar10, cifar100Coarse, cifar100Fine

        public var classes: Int {
            switch self {
            case .cifar10: 10
            case .cifar100Coarse: 20
            case .cifar100Fine: 100
            }
        }

        fileprivate var bytes: Int { self == .cifar10 ? 1 : 2 }
        fileprivate var offset: Int { self == .cifar100Fine ? 1 : 0 }
        public var recordBytes: Int { bytes + 3 * 32 * 32 }
    }

    /// All records of the files, in order.
    public static func images(
        _ paths: [String], labels kind: Labels = .cifar10, name: String
    ) throws -> ImageSet {
        let size = kind.recordBytes
        var pixels: [UInt8] = []
        var labels: [Int64] = []
        for path in paths {
            let bytes = try DataFile.contents(of: path)
            guard !bytes.isEmpty, bytes.count % size == 0 else {
                throw DataError.wrongContent(
                    file: path, expected: "records of \(size) bytes",
                    found:
                        "\(bytes.count) bytes: \(bytes.count / size) records and \(bytes.count % size) bytes"
                )
            }
            pixels.reserveCapacity(pixels.count + bytes.count)
            for record in stride(from: 0, to: bytes.count, by: size) {
                let label = Int(bytes[record + kind.offset])
                guard label < kind.classes else {
                    throw DataError.wrongContent(
                        file: path, expected: "labels 0 … \(kind.classes - 1)",
                        found: "\(label) in record \(record / size)")
                }
                labels.append(Int64(label))
                pixels.append(contentsOf: bytes[record + kind.bytes ..< record + size])
            }
        }
        return ImageSet(
            name: name, pixels: try .bytes(pixels, shape: [labels.count, 3, 32, 32]),
            labels: try .integers(labels, shape: [labels.count]), pixelMax: 255)
    }
}
