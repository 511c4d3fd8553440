import HostKit
import Testing

@Suite("Images that differ from those of the training")
struct ImageShiftTests {
    private static let seed: UInt64 = 7

    private static func shift(_ change: ImageShift.Change?, flips: Bool = false) -> ImageShift {
        ImageShift(change, flipsLabels: flips, seed: seed)
    }

    private static func network() throws -> Network {
        try NetworkCatalogue.make("lenet-8x8", seed: 1)
    }

    @Test func cleanImagesAreCorruptedAsIfByHand() throws {
        let clean = try EmbeddedDigits.load()
        let split = try Self.shift(.made(.gaussianNoise, severity: 2)).split(
            for: Self.network(), from: .embeddedDigits, adapting: 6, test: 4)
        let test = try clean.test.first(4).corrupted(
            by: .gaussianNoise, severity: 2, seed: Self.seed)
        #expect(try split.test.pixels.bytes() == test.pixels.bytes())
        #expect(try split.test.labels.integers() == test.labels.integers())
        let training = try clean.training.first(6)
        let apart = try training.corrupted(
            by: .gaussianNoise, severity: 2, seed: Self.seed, firstIndex: 1 << 32)
        #expect(try split.training.pixels.bytes() == apart.pixels.bytes())
        // No training image has the noise of the test image of the same number.
        let shared = try training.corrupted(by: .gaussianNoise, severity: 2, seed: Self.seed)
        #expect(try split.training.pixels.bytes() != shared.pixels.bytes())
        let alone = try Self.shift(.made(.gaussianNoise, severity: 2)).test(
            for: Self.network(), from: .embeddedDigits, count: 4)
        #expect(try alone.pixels.bytes() == test.pixels.bytes())
    }

    @Test func labelsFlipInBothParts() throws {
        let clean = try EmbeddedDigits.load()
        let split = try Self.shift(nil, flips: true).split(
            for: Self.network(), from: .embeddedDigits, adapting: 50)
        #expect(split.training.count == 50 && split.test.count == clean.test.count)
        for (part, old) in [
            (split.training, try clean.training.first(50)), (split.test, clean.test),
        ] {
            #expect(try part.labels.integers() == old.labels.integers().map { 9 - $0 })
            #expect(try part.pixels.bytes() == old.pixels.bytes())
        }
    }

    /// The same images from files with all severities, and from one that holds the fourth alone.
    @Test func filesOfFiveSeveritiesAndOfOneAreTold() throws {
        let folder = try TemporaryFolder()
        let clean = try EmbeddedDigits.load().test.first(10)
        let (five, one) = ("\(folder.path)/five", "\(folder.path)/one")
        _ = try CorruptedImageFiles.write(clean, corruptions: [.fog], seed: 3, to: five)
        _ = try CorruptedImageFiles.write(
            clean, corruptions: [.fog], severities: [4], seed: 3, to: one)
        func read(_ folder: String, _ severity: Int?) throws -> ImageSet {
            try Self.shift(.read(folder: folder, corruption: "fog", severity: severity)).test(
                for: Self.network(), from: .folder("/nowhere"))
        }
        for (folder, severity, made) in [
            (five, 1, 1), (five, 4, 4), (five, nil, 5), (one, nil, 4),
        ] as [(String, Int?, Int)] {
            let images = try read(folder, severity)
            let expected = try clean.corrupted(by: .fog, severity: made, seed: 3)
            #expect(try images.pixels.bytes() == expected.pixels.bytes())
            #expect(try images.labels.integers() == expected.labels.integers())
        }
        #expect(
            ReaderTests.sentence { _ = try read(one, 4) }
                == "\(one)/fog.npy: expected images at each of 5 severities, found one severity: "
                + "leave --severity out")
    }

    /// Adapting images are training images made worse here, as the test images in the file are.
    @Test func adaptingToAFilesCorruptionTakesTrainingImages() throws {
        let folder = try TemporaryFolder()
        let clean = try EmbeddedDigits.load()
        _ = try CorruptedImageFiles.write(
            clean.test.first(10), corruptions: [.contrast], seed: 3, to: "\(folder.path)/c")
        func split(_ name: String) throws -> DataSplit {
            try Self.shift(.read(folder: "\(folder.path)/c", corruption: name, severity: 2)).split(
                for: Self.network(), from: .embeddedDigits, adapting: 3)
        }
        let found = try split("contrast")
        let expected = try clean.training.first(3).corrupted(by: .contrast, severity: 2, seed: 1)
        #expect(try found.training.pixels.bytes() == expected.pixels.bytes())
        #expect(found.test.name == "contrast 2" && found.test.count == 10)
        #expect(
            ReaderTests.sentence { _ = try split("snow") }
                == "\(folder.path)/c: expected training images with 'snow', which can't be made "
                + "here, to adapt to, found none of them")
        #expect(throws: NetworkError.self) {
            _ = try Self.shift(
                .read(folder: "\(folder.path)/c", corruption: "contrast", severity: 1)
            ).test(for: NetworkCatalogue.make("lenet5", seed: 1), from: .embeddedDigits)
        }
    }
}
