/// How the images a deployed network gets differ from those it was trained on: what
/// test-time adaptation adapts to.
public struct ImageShift: Equatable, Sendable {
    public enum Change: Equatable, Sendable {
        /// Clean images made worse here.
        case made(Corruption, severity: Int)
        /// Test images from a folder in CIFAR-10-C's layout.
        ///
        /// - Parameter severity: `nil`: that of files with one, 5 of files with all five.
        case read(folder: String, corruption: String, severity: Int?)
    }

    /// `nil`: images stay as they are.
    public var change: Change?
    /// CIFAR-Flip: the label x becomes classes − 1 − x.
    public var flipsLabels: Bool
    /// Of the corruptions made here.
    public var seed: UInt64

    /// What a corruption is made at unless told otherwise: the studies' severity.
    public static let severityUsual = 5
    /// Number of the first training image for what corruptions draw: no training image
    /// shares the noise of a test image.
    private static let firstTrainingIndex = 1 << 32

    public init(_ change: Change? = nil, flipsLabels: Bool = false, seed: UInt64 = 1) {
        self.change = change
        self.flipsLabels = flipsLabels
        self.seed = seed
    }

    /// The first `count` test images for a network (`nil`: all), changed.
    ///
    /// The clean data set isn't touched where the images are read from a folder.
    public func test(
        for network: Network, from location: DataLocation, count: Int? = nil
    ) throws -> ImageSet {
        if case .read = change {
            return try changed(nil, count, for: network, firstIndex: 0)
        }
        return try changed(location.load(for: network).test, count, for: network, firstIndex: 0)
    }

    /// The first `adapting` training images, and the first `test` test images (`nil`:
    /// all), both changed in the same way.
    public func split(
        for network: Network, from location: DataLocation, adapting: Int, test: Int? = nil
    ) throws -> DataSplit {
        try split(of: location.load(for: network), for: network, adapting: adapting, test: test)
    }

    /// The same of images that are loaded already.
    func split(
        of clean: DataSplit, for network: Network, adapting: Int, test: Int? = nil
    ) throws -> DataSplit {
        DataSplit(
            training: try ofTraining().changed(
                clean.training, adapting, for: network, firstIndex: Self.firstTrainingIndex),
            test: try changed(clean.test, test, for: network, firstIndex: 0))
    }

    /// The same change made from clean images: a folder has no training images.
    private func ofTraining() throws -> ImageShift {
        guard case .read(let folder, let name, let severity) = change else { return self }
        guard let corruption = Corruption(rawValue: name) else {
            throw DataError.nothingFound(
                folder: folder,
                expected: "training images with '\(name)', which can't be made here, to adapt to")
        }
        var made = self
        made.change = .made(corruption, severity: severity ?? Self.severityUsual)
        return made
    }

    private func changed(
        _ clean: ImageSet?, _ count: Int?, for network: Network, firstIndex: Int
    ) throws -> ImageSet {
        var images: ImageSet
        switch (change, clean) {
        case (.read(let folder, let corruption, let severity)?, _):
            images = try CorruptedImageFiles.testImages(
                in: folder, corruption: corruption, severity: severity)
            guard images.imageShape == network.imageShape else {
                throw NetworkError.imagesDoNotFit(
                    network: network.name, expected: network.imageShape, found: images.imageShape)
            }
            images = try images.first(count ?? images.count)
        case (.made(let corruption, let severity)?, let clean?):
            images = try clean.first(count ?? clean.count).corrupted(
                by: corruption, severity: severity, seed: seed, firstIndex: firstIndex)
        case (nil, let clean?): images = try clean.first(count ?? clean.count)
        case (_, nil): preconditionFailure("only images that are read need no clean ones")
        }
        return flipsLabels ? try images.withFlippedLabels(classes: network.classes) : images
    }
}
