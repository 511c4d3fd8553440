/// The IDX format of MNIST: big-endian; a magic number 0x0000_08nn (unsigned
/// bytes, nn dimensions), one 32-bit count for each dimension, then the bytes,
/// row-major.
public enum IDXReader {
    /// Images and labels of two files.
    public static func images(_ images: String, labels: String, name: String) throws -> ImageSet {
        let (shape, pixels) = try array(images, dimensions: 3, what: "images")
        let (labelShape, classes) = try array(labels, dimensions: 1, what: "labels")
        guard shape[0] == labelShape[0] else {
            throw DataError.wrongContent(
                file: labels, expected: "\(shape[0]) labels, one for each image",
                found: "\(labelShape[0])")
        }
        if let wrong = classes.first(where: { $0 > 9 }) {
            throw DataError.wrongContent(file: labels, expected: "labels 0 … 9", found: "\(wrong)")
        }
        return ImageSet(
            name: name,
            pixels: try .bytes(pixels, shape: [shape[0], 1, shape[1], shape[2]]),
            labels: try .integers(classes.map(Int64.init), shape: [classes.count]), pixelMax: 255)
    }

    /// Shape and bytes of one file.
    public static func array(
        _ path: String, dimensions: Int, what: String
    ) throws(DataError) -> (shape: [Int], values: [UInt8]) {
        let bytes = try DataFile.contents(of: path)
        let header = 4 + 4 * dimensions
        func number(_ index: Int) -> Int {
            bytes[4 * index ..< 4 * index + 4].reduce(0) { $0 << 8 | Int($1) }
        }
        guard bytes.count >= header else {
            throw .wrongContent(
                file: path, expected: "an IDX header of \(header) bytes",
                found: "\(bytes.count) bytes")
        }
        let magic = 0x800 + dimensions
        guard number(0) == magic else {
            throw .wrongContent(
                file: path, expected: "IDX \(what), magic number 0x\(String(magic, radix: 16))",
                found: "0x\(String(number(0), radix: 16))")
        }
        let shape = (1 ... dimensions).map(number)
        // Three counts of 32 bits could overflow together.
        let product = shape.allSatisfy { $0 < 1 << 20 } ? shape.reduce(1, *) : .max
        guard bytes.count - header == product else {
            throw .wrongContent(
                file: path,
                expected: "\(shape.times) bytes of \(what) after the header, as it says",
                found: "\(bytes.count - header)")
        }
        return (shape, Array(bytes[header...]))
    }
}
