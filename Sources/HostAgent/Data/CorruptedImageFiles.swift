internal import ChipClient
internal import Glibc

/// Corrupted images in CIFAR-10-C's layout: in one folder, for each corruption a NumPy array
/// `<name>.npy`, uint8 [5·n, height, width, channels], the n images at severity 1, then the same at
/// 2, … 5; and `labels.npy`, the label of each of the 5·n. Grey images have one channel.
///
/// Source: Hendrycks, Dietterich 2019, the files of CIFAR-10-C.
public enum CorruptedImageFiles {
    /// The images of one corruption. `name` is a file's name without ".npy", so that CIFAR-10-C's
    /// other corruptions (snow, frost, …) can be read too.
    ///
    /// - Parameter severity: 1 … 5: that fifth of the file; nil: all of it.
    public static func images(
        in folder: String, corruption name: String, severity: Int? = nil
    ) throws -> ImageSet {
        let path = "\(folder)/\(name).npy"
        let file = try NPYFile(reading: path)
        guard case .u8(let pixels) = file.values, file.shape.count == 4,
            [1, 3].contains(file.shape[3]), file.shape[0] > 0
        else {
            throw DataError.wrongContent(
                file: path, expected: "uint8 images [n, height, width, 1 or 3]",
                found: "\(file.values.type.label) \(file.shape)")
        }
        let labels = try labels(in: folder, count: file.shape[0])
        let images = ImageSet(
            name: name,
            pixels: try Tensor.bytes(pixels, shape: file.shape).permuted([0, 3, 1, 2]).contiguous(),
            labels: try .integers(labels, shape: [labels.count]), pixelMax: 255)
        guard let severity else { return images }
        precondition(Corruption.severities.contains(severity))
        guard images.count % 5 == 0 else {
            throw DataError.wrongContent(
                file: path, expected: "as many images at each of 5 severities",
                found: "\(images.count)")
        }
        let count = images.count / 5
        return try images.narrowed(
            (severity - 1) * count ..< severity * count, name: "\(name) \(severity)")
    }

    /// The images of one corruption to test with, from a file of all five severities or of one:
    /// its labels tell, which are five times the same where there are five.
    ///
    /// - Parameter severity: 1 … 5; nil: 5, or the one that is there. Refused of a file of one
    ///   severity, which doesn't say which it is.
    public static func testImages(
        in folder: String, corruption name: String, severity: Int?
    ) throws -> ImageSet {
        let all = try images(in: folder, corruption: name)
        let labels = try all.labels.integers()
        let count = all.count / 5
        let isFivefold =
            all.count % 5 == 0
            && (count ..< all.count).allSatisfy { labels[$0] == labels[$0 - count] }
        guard isFivefold else {
            guard severity == nil else {
                throw DataError.wrongContent(
                    file: "\(folder)/\(name).npy", expected: "images at each of 5 severities",
                    found: "one severity: leave --severity out")
            }
            return all
        }
        let severity = severity ?? ImageShift.severityUsual
        precondition(Corruption.severities.contains(severity))
        return try all.narrowed(
            (severity - 1) * count ..< severity * count, name: "\(name) \(severity)")
    }

    private static func labels(in folder: String, count: Int) throws -> [Int64] {
        let path = "\(folder)/labels.npy"
        let file = try NPYFile(reading: path)
        guard let labels = file.values.integers, file.shape == [count] else {
            throw DataError.wrongContent(
                file: path, expected: "\(count) integer labels, one for each image",
                found: "\(file.values.type.label) \(file.shape)")
        }
        if let wrong = labels.first(where: { $0 < 0 }) {
            throw DataError.wrongContent(
                file: path, expected: "labels of 0 or more", found: "\(wrong)")
        }
        return labels.map(Int64.init)
    }

    /// Makes the folder where it is missing and writes each corruption of `images` into it.
    ///
    /// - Parameters:
    ///   - severities: in the file's order; all five make CIFAR-10-C's layout.
    ///   - progress: called after each image with the corruption and how many images are done.
    /// - Returns: the files written.
    public static func write(
        _ images: ImageSet, corruptions: [Corruption],
        severities: [Int] = Array(Corruption.severities), seed: UInt64, to folder: String,
        progress: (Corruption, Int) throws -> Void = { _, _ in }
    ) throws -> [String] {
        for corruption in corruptions { try images.check(fits: corruption) }
        guard mkdir(folder, 0o777) == 0 || errno == EEXIST else {
            throw DataError.unwritable(file: folder, code: errno)
        }
        let labelPath = "\(folder)/labels.npy"
        try DataFile.checkWritable(labelPath)
        var written: [String] = []
        var done = 0
        for corruption in corruptions {
            let parts = try severities.map { severity in
                let part = try images.corrupted(by: corruption, severity: severity, seed: seed) {
                    try progress(corruption, done + $0)
                }
                done += images.count
                return part.pixels
            }
            let all = try Tensor.concatenated(parts).permuted([0, 2, 3, 1]).contiguous()
            let path = "\(folder)/\(corruption.rawValue).npy"
            try DataFile.write(
                NPYFile(shape: all.shape, values: .u8(try all.bytes())).bytes, to: path)
            written.append(path)
        }
        let labels = try images.labels.bytes()
        let repeated = severities.flatMap { _ in labels }
        try DataFile.write(
            NPYFile(shape: [repeated.count], values: .u8(repeated)).bytes, to: labelPath)
        return written + [labelPath]
    }
}
