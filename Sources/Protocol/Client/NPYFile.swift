internal import Protocol

/// An array as NumPy stores it: format versions 1 and 2, C order, little-endian
/// i1, u1, i2, i4 and f4.
public struct NPYFile: Sendable, Hashable {
    public let shape: [Int]
    public let values: TensorValues

    /// - Precondition: as many values as the shape has elements.
    public init(shape: [Int], values: TensorValues) {
        precondition(shape.reduce(1, *) == values.count)
        self.shape = shape
        self.values = values
    }

    /// A file that would not fit twice into one frame of the wire is no input.
    static let bytesMax = 1 << 31

    private static let magic: [UInt8] = [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59]

    // MARK: Reading

    public init(reading path: String) throws(FileError) {
        try self.init(bytes: try FileBytes.read(path, limit: Self.bytesMax), name: path)
    }

    /// `name` is what sentences call the file.
    public init(bytes: [UInt8], name: String) throws(FileError) {
        guard bytes.count >= 10, bytes.starts(with: Self.magic) else {
            throw FileError("\(name) is not an .npy file: it does not begin with \\x93NUMPY")
        }
        let version = bytes[6]
        let lengthBytes: Int
        switch version {
        case 1: lengthBytes = 2
        case 2: lengthBytes = 4
        default:
            throw FileError("\(name) has .npy version \(version); versions 1 and 2 are read")
        }
        let dataFrom = 8 + lengthBytes
        guard bytes.count >= dataFrom else {
            throw FileError("\(name) is cut short: its header is not complete")
        }
        var headerSize = 0
        for index in 0 ..< lengthBytes { headerSize |= Int(bytes[8 + index]) << (8 * index) }
        guard headerSize <= 1 << 20, bytes.count >= dataFrom + headerSize else {
            throw FileError(
                "\(name) is cut short: its header should have \(headerSize) bytes, "
                    + "\(bytes.count - dataFrom) follow")
        }
        let text = String(decoding: bytes[dataFrom ..< dataFrom + headerSize], as: UTF8.self)
        let header = try Header(text, name: name)
        let body = bytes[(dataFrom + headerSize)...]
        var count = 1
        for dimension in header.shape {
            let (product, overflow) = count.multipliedReportingOverflow(by: dimension)
            guard !overflow, product <= Self.bytesMax else {
                throw FileError("\(name) has the shape \(header.shape), which is too large")
            }
            count = product
        }
        let expected = count * (header.type.elementBytes ?? 1)
        guard body.count == expected else {
            throw FileError(
                "\(name) should hold \(expected) bytes of \(header.type.label) \(header.shape) "
                    + "after its header, but holds \(body.count)")
        }
        let frame = body.withUnsafeBytes { Frame(copying: $0) }
        guard let values = TensorValues(frame, type: header.type) else {
            throw FileError("\(name) cannot be read as \(header.type.label)")
        }
        shape = header.shape
        self.values = values
    }

    /// The dictionary of the header: descr, fortran_order, shape.
    private struct Header {
        var type: WireTensor.TypeEnum
        var shape: [Int]

        init(_ text: String, name: String) throws(FileError) {
            guard let descr = Self.value(of: "descr", in: text),
                let fortran = Self.value(of: "fortran_order", in: text),
                let shapeText = Self.value(of: "shape", in: text)
            else {
                throw FileError(
                    "\(name) has a header without descr, fortran_order and shape")
            }
            switch descr.trimmingQuotes {
            case "|i1", "<i1", "i1": type = .i8
            case "|u1", "<u1", "u1": type = .u8
            case "<i2": type = .i16
            case "<i4": type = .i32
            case "<f4": type = .f32
            case let other:
                throw FileError(
                    "\(name) has elements of type \(other); read are i1, u1, <i2, <i4, <f4 "
                        + "(numpy: int8, uint8, int16, int32, float32)")
            }
            guard let parsed = Self.parseShape(shapeText) else {
                throw FileError("\(name) has the unreadable shape \(shapeText)")
            }
            shape = parsed
            guard fortran == "False" || shape.count < 2 else {
                throw FileError(
                    "\(name) is in Fortran order; C order is read (numpy.ascontiguousarray)")
            }
        }

        private static func parseShape(_ text: String) -> [Int]? {
            guard text.hasPrefix("("), text.hasSuffix(")") else { return nil }
            var shape: [Int] = []
            for part in text.dropFirst().dropLast().split(separator: ",") {
                let digits = part.filter { !$0.isWhitespace }
                if digits.isEmpty { continue }
                guard let dimension = Int(digits), dimension >= 0 else { return nil }
                shape.append(dimension)
            }
            return shape.count <= Limits.tensorRank ? shape : nil
        }

        /// The text between `'key':` and the comma that ends the value.
        private static func value(of key: String, in text: String) -> String? {
            let characters = Array(text)
            for quote in ["'", "\""] {
                let pattern = Array("\(quote)\(key)\(quote)")
                guard characters.count > pattern.count else { return nil }
                for start in 0 ..< characters.count - pattern.count
                where Array(characters[start ..< start + pattern.count]) == pattern {
                    var rest = characters[(start + pattern.count)...].drop { $0.isWhitespace }
                    guard rest.first == ":" else { continue }
                    rest = rest.dropFirst().drop { $0.isWhitespace }
                    var depth = 0
                    var value = ""
                    for character in rest {
                        if depth == 0, character == "," || character == "}" { break }
                        if character == "(" { depth += 1 }
                        if character == ")" { depth -= 1 }
                        value.append(character)
                    }
                    while value.last?.isWhitespace == true { value.removeLast() }
                    return value
                }
            }
            return nil
        }
    }

    // MARK: Writing

    /// The file's bytes, version 1.
    public var bytes: [UInt8] {
        let descr =
            switch values.type {
            case .i8: "|i1"
            case .u8: "|u1"
            case .i16: "<i2"
            case .i32: "<i4"
            default: "<f4"
            }
        let list = shape.map(String.init).joined(separator: ", ")
        let tuple = shape.count == 1 ? "(\(list),)" : "(\(list))"
        var header = "{'descr': '\(descr)', 'fortran_order': False, 'shape': \(tuple), }"
        // The data begins at a multiple of 64.
        let unpadded = 10 + header.utf8.count + 1
        header += String(repeating: " ", count: (64 - unpadded % 64) % 64) + "\n"
        let size = header.utf8.count
        return Self.magic + [1, 0, UInt8(size & 0xFF), UInt8(size >> 8)] + [UInt8](header.utf8)
            + values.frame.bytes
    }

    public func write(to path: String) throws(FileError) {
        try FileBytes.write(bytes, to: path)
    }

    /// Any text, with the same sentences when it cannot be written.
    public static func write(text: String, to path: String) throws(FileError) {
        try FileBytes.write([UInt8](text.utf8), to: path)
    }
}

extension String {
    fileprivate var trimmingQuotes: String {
        guard count >= 2, let first, first == last, first == "'" || first == "\"" else {
            return self
        }
        return String(dropFirst().dropLast())
    }
}
