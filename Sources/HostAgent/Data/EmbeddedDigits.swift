internal import Foundation

/// The data set inside the program: 1,797 handwritten digits of 8 × 8 pixels,
/// 0 … 16.
///
/// The first 1,297 train and the last 500 test, always.
///
/// Source: E. Alpaydin, C. Kaynak, "Optical Recognition of Handwritten Digits",
/// UCI Machine Learning Repository, 1998 (the test part of the original).
public enum EmbeddedDigits {
    public static let trainingCount = 1_297
    public static let testCount = 500

    public static func load() throws -> DataSplit {
        guard let url = Bundle.module.url(forResource: "digits.csv", withExtension: "gz") else {
            throw DataError.nothingFound(
                folder: Bundle.module.bundlePath, expected: "the embedded data set digits.csv.gz")
        }
        let bytes = try DataFile.contents(of: url.path)
        let all = try parse(bytes, file: "digits.csv.gz")
        guard all.count == trainingCount + testCount else {
            throw DataError.wrongContent(
                file: "digits.csv.gz", expected: "\(trainingCount + testCount) images",
                found: "\(all.count)")
        }
        return DataSplit(
            training: try all.narrowed(0 ..< trainingCount, name: "embedded digits, first 1,297"),
            test: try all.narrowed(trainingCount ..< all.count, name: "embedded digits, last 500"))
    }

    /// Lines of 64 pixels and a label, separated by commas.
    static func parse(_ bytes: [UInt8], file: String) throws -> ImageSet {
        var pixels: [UInt8] = []
        var labels: [Int64] = []
        for (index, line) in bytes.split(separator: UInt8(ascii: "\n")).enumerated() {
            let fields = line.split(separator: UInt8(ascii: ",")).compactMap {
                UInt8(String(decoding: $0, as: UTF8.self).trimmingCharacters(in: .whitespaces))
            }
            guard fields.count == 65, fields[..<64].allSatisfy({ $0 <= 16 }), fields[64] < 10 else {
                throw DataError.wrongContent(
                    file: file, expected: "64 pixels 0 … 16 and a label 0 … 9 in line \(index + 1)",
                    found: String(decoding: line.prefix(40), as: UTF8.self))
            }
            pixels.append(contentsOf: fields[..<64])
            labels.append(Int64(fields[64]))
        }
        return ImageSet(
            name: "embedded digits", pixels: try .bytes(pixels, shape: [labels.count, 1, 8, 8]),
            labels: try .integers(labels, shape: [labels.count]), pixelMax: 16)
    }
}
