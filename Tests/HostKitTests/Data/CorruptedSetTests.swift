import Foundation
import HostKit
import Testing

@Suite("Sets of corrupted images")
struct CorruptedSetTests {
    static func set(_ count: Int, channels: Int = 3, side: Int = 32) throws -> ImageSet {
        var random = RandomStream(seed: 3, purpose: "set")
        let pixels = (0 ..< count * channels * side * side).map { _ in
            UInt8.random(in: 0 ... 255, using: &random)
        }
        return ImageSet(
            name: "noise", pixels: try .bytes(pixels, shape: [count, channels, side, side]),
            labels: try .integers((0 ..< count).map { Int64($0 % 10) }, shape: [count]),
            pixelMax: 255)
    }

    @Test(arguments: Corruption.allCases)
    func aSeedRepeatsAndPiecesMakeTheWhole(corruption: Corruption) throws {
        let set = try Self.set(4)
        let whole = try set.corrupted(by: corruption, severity: 3, seed: 1).pixels.bytes()
        let pieces = try [0 ..< 1, 1 ..< 4].flatMap { range in
            try set.narrowed(range).corrupted(
                by: corruption, severity: 3, seed: 1, firstIndex: range.lowerBound
            ).pixels.bytes()
        }
        #expect(whole == pieces)
        let other = try set.corrupted(by: corruption, severity: 3, seed: 2).pixels.bytes()
        let isDrawn: Set<Corruption> = [
            .gaussianNoise, .shotNoise, .impulseNoise, .speckleNoise, .glassBlur, .motionBlur, .fog,
            .elastic,
        ]
        #expect((whole != other) == isDrawn.contains(corruption))
    }

    @Test func digitsOfSixteenLevelsBecomeEightBits() throws {
        let digits = try EmbeddedDigits.load().test.first(3)
        let dull = try digits.corrupted(by: .contrast, severity: 1, seed: 1)
        #expect(dull.pixelMax == 255)
        #expect(dull.pixels.shape == [3, 1, 8, 8])
        #expect(try dull.labels.integers() == digits.labels.integers())
        for corruption in Corruption.allCases where !corruption.needsColour {
            _ = try digits.corrupted(by: corruption, severity: 5, seed: 1)
        }
    }

    @Test func imagesThatACorruptionDoesNotFitAreRefused() throws {
        func sentence(_ set: ImageSet) -> String {
            ReaderTests.sentence { _ = try set.corrupted(by: .saturate, severity: 1, seed: 1) }
        }
        #expect(
            sentence(try Self.set(1, channels: 1))
                == "noise: expected images of 3 channels for saturate, found 1")
        #expect(
            sentence(try Self.set(1, side: 7))
                == "noise: expected images of at least 8 × 8, found 7 × 7")
    }

    @Test func flippedLabelsAreNineMinusTheLabel() throws {
        let set = try Self.set(10)
        let flipped = try set.withFlippedLabels()
        #expect(try flipped.labels.integers() == [9, 8, 7, 6, 5, 4, 3, 2, 1, 0])
        #expect(try flipped.pixels.bytes() == set.pixels.bytes())
        #expect(
            ReaderTests.sentence { _ = try set.withFlippedLabels(classes: 9) }
                == "noise: expected labels 0 … 8, found 9")
    }

    @Test(arguments: ["npy1", "npy2"])
    func numpysFilesAreRead(version: String) throws {
        let folder = try TemporaryFolder()
        _ = try folder.file("snow.npy", ImageVectors.all.bytes(version))
        _ = try folder.file("labels.npy", ImageVectors.all.bytes("labels"))
        let all = try CorruptedImageFiles.images(in: folder.path, corruption: "snow")
        #expect(all.pixels.shape == [10, 3, 2, 3])
        // Image 0 holds 0 … 17, the channel fastest: red is every third.
        #expect(
            try all.pixels.narrowed(0 ..< 1).bytes()
                == [0, 3, 6, 9, 12, 15, 1, 4, 7, 10, 13, 16, 2, 5, 8, 11, 14, 17])
        let third = try CorruptedImageFiles.images(
            in: folder.path, corruption: "snow", severity: 3)
        #expect(try third.labels.integers() == [4, 5])
        #expect(try third.pixels.bytes()[0] == 72)
    }

    @Test func writtenFilesAreReadBack() throws {
        let folder = try TemporaryFolder()
        let set = try Self.set(3)
        var done: [Int] = []
        let files = try CorruptedImageFiles.write(
            set, corruptions: [.jpeg, .fog], seed: 5, to: "\(folder.path)/new"
        ) { _, count in done.append(count) }
        #expect(
            files.map { $0.split(separator: "/").last }
                == ["jpeg_compression.npy", "fog.npy", "labels.npy"])
        #expect(done == Array(1 ... 30))
        for severity in 1 ... 5 {
            let read = try CorruptedImageFiles.images(
                in: "\(folder.path)/new", corruption: "fog", severity: severity)
            let made = try set.corrupted(by: .fog, severity: severity, seed: 5)
            #expect(try read.pixels.bytes() == made.pixels.bytes())
            #expect(try read.labels.integers() == set.labels.integers())
        }
    }

    @Test func wrongFilesAreNamed() throws {
        let folder = try TemporaryFolder()
        _ = try folder.file("fog.npy", ImageVectors.all.bytes("npy1"))
        let labels = try folder.file("labels.npy", ImageVectors.all.bytes("npy1"))
        _ = try folder.file("snow.npy", ImageVectors.all.bytes("labels"))
        func sentence(_ name: String) -> String {
            ReaderTests.sentence {
                _ = try CorruptedImageFiles.images(in: folder.path, corruption: name)
            }
        }
        #expect(
            sentence("fog")
                == "\(labels): expected 10 integer labels, one for each image, found u8 [10, 2, 3, 3]"
        )
        #expect(
            sentence("snow")
                == "\(folder.path)/snow.npy: expected uint8 images [n, height, width, 1 or 3], "
                + "found u8 [10]")
        #expect(sentence("frost").contains("frost.npy"))
    }
}
