extension ImageSet {
    /// These images, corrupted, as 8 bits a sample.
    ///
    /// As CIFAR-10-C's files, the result is cut to 0 … 1 and stored in 8 bits; here to the nearest
    /// grey level, where CIFAR-10-C's script drops the fraction: half a grey level on average.
    ///
    /// - Parameters:
    ///   - firstIndex: the number of this set's first image in the whole set. Each image draws from
    ///     a stream of its own, keyed by seed, corruption and number, so that a set corrupted in
    ///     pieces equals the set corrupted at once. The severities share the draws.
    ///   - progress: called after each image with how many are done.
    /// - Shape: pixels [n, c, h, w] in and out; the result's `pixelMax` is 255.
    /// - Precondition: severity 1 … 5.
    /// - Errors: grey images where the corruption is one of colours, or images below 8 × 8.
    public func corrupted(
        by corruption: Corruption, severity: Int, seed: UInt64, firstIndex: Int = 0,
        progress: (Int) throws -> Void = { _ in }
    ) throws -> ImageSet {
        try check(fits: corruption)
        let source = try pixels.bytes()
        let size = imageShape.reduce(1, *)
        var result: [UInt8] = []
        result.reserveCapacity(source.count)
        for index in 0 ..< count {
            var random = RandomStream(
                seed: seed, purpose: corruption.rawValue, index: firstIndex + index)
            let image = ImagePlanes(
                bytes: source[index * size ..< (index + 1) * size], shape: imageShape,
                pixelMax: pixelMax)
            result += try corruption(image, severity: severity, random: &random).bytes
            try progress(index + 1)
        }
        return ImageSet(
            name: "\(name), \(corruption.rawValue) \(severity)",
            pixels: try .bytes(result, shape: pixels.shape), labels: labels, pixelMax: 255)
    }

    func check(fits corruption: Corruption) throws(DataError) {
        let shape = imageShape
        guard shape[0] == 3 || (shape[0] == 1 && !corruption.needsColour) else {
            throw .wrongContent(
                file: name,
                expected: "images of \(corruption.needsColour ? "3 channels" : "1 or 3 channels") "
                    + "for \(corruption.rawValue)", found: "\(shape[0])")
        }
        guard shape[1] >= Corruption.sideMin, shape[2] >= Corruption.sideMin else {
            throw .wrongContent(
                file: name,
                expected: "images of at least \(Corruption.sideMin) × \(Corruption.sideMin)",
                found: shape[1...].map(String.init).joined(separator: " × "))
        }
    }

    /// CIFAR-Flip: label x becomes classes − 1 − x; the images stay.
    public func withFlippedLabels(classes: Int = 10) throws -> ImageSet {
        let flipped = try labels.integers().map { label in
            guard (0 ..< classes).contains(label) else {
                throw DataError.wrongContent(
                    file: name, expected: "labels 0 … \(classes - 1)", found: "\(label)")
            }
            return Int64(classes - 1 - label)
        }
        return ImageSet(
            name: "\(name), labels flipped", pixels: pixels,
            labels: try .integers(flipped, shape: [count]), pixelMax: pixelMax)
    }
}
