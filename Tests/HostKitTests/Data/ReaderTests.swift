import Foundation
import HostKit
import TestSupport
import Testing

@Suite("Image readers")
struct ReaderTests {
    /// The sentence that a read ends with.
    static func sentence(_ body: () throws -> Void) -> String {
        do {
            try body()
            return "no error"
        } catch { return "\(error)" }
    }

    static func idx(_ magic: [UInt8], _ counts: [UInt32], _ body: [UInt8]) -> [UInt8] {
        magic
            + counts.flatMap { count in (0 ..< 4).reversed().map { UInt8(count >> (8 * $0) & 255) }
            } + body
    }

    @Test func idxFilesGiveShapeAndBytes() throws {
        let folder = try TemporaryFolder()
        let images = try folder.file("i", Self.idx([0, 0, 8, 3], [2, 2, 3], Array(1 ... 12)))
        let labels = try folder.file("l", Self.idx([0, 0, 8, 1], [2], [7, 0]))
        let set = try IDXReader.images(images, labels: labels, name: "two")
        #expect(set.imageShape == [1, 2, 3])
        #expect(try set.pixels.bytes() == Array(1 ... 12))
        #expect(try set.labels.integers() == [7, 0])
        #expect(abs(try set.batch(0 ..< 1).images.maximum() - 6.0 / 255) < 1e-7)
    }

    @Test func aWrongIDXFileIsNamedWithWhatWasExpectedAndFound() throws {
        let folder = try TemporaryFolder()
        let short = try folder.file("short", Self.idx([0, 0, 8, 3], [2, 2, 3], Array(1 ... 11)))
        let magic = try folder.file("magic", Self.idx([0, 0, 8, 1], [8], Array(1 ... 8)))
        let header = try folder.file("header", [0, 0, 8])
        let huge = try folder.file("huge", Self.idx([0, 0, 8, 3], [.max, .max, .max], []))
        func message(_ path: String) -> String {
            Self.sentence { _ = try IDXReader.array(path, dimensions: 3, what: "images") }
        }
        #expect(
            message(short)
                == "\(short): expected 2 × 2 × 3 bytes of images after the header, as it says, found 11"
        )
        #expect(message(magic) == "\(magic): expected IDX images, magic number 0x803, found 0x801")
        #expect(message(header) == "\(header): expected an IDX header of 16 bytes, found 3 bytes")
        #expect(message(huge).contains("found 0"))
        #expect(message("\(folder.path)/none").contains("can't be read: No such file"))
    }

    @Test func imagesAndLabelsMustBeAsMany() throws {
        let folder = try TemporaryFolder()
        let images = try folder.file("i", Self.idx([0, 0, 8, 3], [2, 1, 1], [1, 2]))
        let labels = try folder.file("l", Self.idx([0, 0, 8, 1], [1], [7]))
        #expect(
            Self.sentence { _ = try IDXReader.images(images, labels: labels, name: "") }
                == "\(labels): expected 2 labels, one for each image, found 1")
    }

    @Test func cifarRecordsAreLabelThenPlanes() throws {
        let folder = try TemporaryFolder()
        var record = [UInt8](repeating: 0, count: CIFARReader.Labels.cifar10.recordBytes)
        record[0] = 6
        record[1] = 10  // red, top left
        record[1 + 1024 + 33] = 20  // green, second row, second column
        let path = try folder.file("b", record + record)
        let set = try CIFARReader.images([path], name: "two")
        #expect(set.count == 2)
        #expect(try set.labels.integers() == [6, 6])
        #expect(try set.pixels.narrowed(0 ..< 1).narrowed(1 ..< 2, dimension: 1).bytes()[33] == 20)
        let cut = try folder.file("cut", Array(record.dropLast()))
        #expect(
            Self.sentence { _ = try CIFARReader.images([cut], name: "") }
                == "\(cut): expected records of 3073 bytes, found 3072 bytes: 0 records and 3072 bytes"
        )
    }

    static let plain = Array("hello, chip".utf8)

    @Test func compressedFilesAreRecognised() throws {
        let folder = try TemporaryFolder()
        #expect(
            try DataFile.contents(of: folder.file("a.gz", CompressedFixtures.gzip)) == Self.plain)
        #expect(try DataFile.contents(of: folder.file("a.xz", CompressedFixtures.xz)) == Self.plain)
        #expect(try DataFile.contents(of: folder.file("a", Self.plain)) == Self.plain)
        let two = try folder.file("two.gz", CompressedFixtures.gzip + CompressedFixtures.gzip)
        #expect(try DataFile.contents(of: two) == Self.plain + Self.plain)
    }

    @Test(arguments: ["gzip", "xz"])
    func aCompressedFileCutShortAtAnyByteIsRefused(format: String) throws {
        let whole = format == "gzip" ? CompressedFixtures.gzip : CompressedFixtures.xz
        for count in 6 ..< whole.count {
            let sentence = Self.sentence {
                _ = try Decompression.plain(Array(whole[..<count]), file: "f")
            }
            #expect(
                sentence.hasPrefix("f: expected a complete \(format) stream, found"),
                "\(count) bytes")
        }
    }

    @Test(arguments: ["gzip", "xz"])
    func aDamagedCompressedFileIsRefused(format: String) throws {
        var bytes = format == "gzip" ? CompressedFixtures.gzip : CompressedFixtures.xz
        bytes[bytes.count / 2] ^= 0x55
        #expect(throws: DataError.self) { _ = try Decompression.plain(bytes, file: "f") }
    }

    @Test func theEmbeddedDigitsAreSplitInOneWay() throws {
        let split = try EmbeddedDigits.load()
        #expect(split.training.count == 1_297)
        #expect(split.test.count == 500)
        #expect(split.training.imageShape == [1, 8, 8])
        #expect(
            try split.training.labels.narrowed(0 ..< 10).integers() == [
                0, 1, 2, 3, 4, 5, 6, 7, 8, 9,
            ])
        #expect(try split.training.batch(0 ..< 100).images.maximum() == 1)
    }

    @Test func dataIsTheEmbeddedDigitsOrAFolder() throws {
        #expect(DataLocation("digits") == .embeddedDigits)
        #expect(DataLocation("some/where") == .folder("some/where"))
        let lenet = try NetworkCatalogue.make("lenet5", seed: 1)
        #expect(
            Self.sentence { _ = try DataLocation("no/such").load(for: lenet) }
                == "no/such can't be read: No such file or directory")
        let folder = try TemporaryFolder()
        #expect(
            Self.sentence { _ = try DataLocation(folder.path).load(for: lenet) }
                == "\(folder.path): expected train-images-idx3-ubyte, train-images-idx3-ubyte.gz or "
                + "train-images-idx3-ubyte.xz, found none of them")
        #expect(
            Self.sentence { _ = try DataLocation("digits").load(for: lenet) }
                == "lenet5 takes images of 1 × 28 × 28, the data has 1 × 8 × 8")
    }
}

@Suite(
    "The real images, where NVCIM_DATA names their folder",
    .enabled(if: imageFolder != nil, "NVCIM_DATA isn't set or names no folder"))
struct RealImageTests {
    @Test func mnistIsWhatItsReadmeSays() throws {
        let split = try DataLocation(imageFolder).load(
            for: NetworkCatalogue.make("lenet5", seed: 1))
        #expect(split.training.count == 60_000)
        #expect(split.test.count == 5_000)
        #expect(
            try split.training.labels.narrowed(0 ..< 10).integers() == [
                5, 0, 4, 1, 9, 2, 1, 3, 1, 4,
            ])
        #expect(
            try split.test.labels.narrowed(0 ..< 10).integers() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9])
        var classes = [Int](repeating: 0, count: 10)
        for label in try split.test.labels.integers() { classes[label] += 1 }
        #expect(classes == [460, 571, 530, 500, 500, 456, 462, 512, 489, 520])
    }

    @Test func cifarTestIsWhatItsReadmeSays() throws {
        let path = try #require(
            imageFolder.flatMap { DataFile.path(of: "test_batch.bin", in: "\($0)/cifar10") })
        let set = try CIFARReader.images([path], name: "")
        #expect(set.count == 5_000)
        #expect(try set.labels.narrowed(0 ..< 10).integers() == [3, 8, 8, 0, 6, 6, 1, 6, 3, 1])
    }

    @Test func cifarTrainingHasThePublishedMeans() throws {
        let path = try #require(
            imageFolder.flatMap { DataFile.path(of: "data_batch_1.bin", in: "\($0)/cifar10") })
        let set = try CIFARReader.images([path], name: "")
        #expect(set.count == 10_000)
        #expect(try set.labels.narrowed(0 ..< 6).integers() == [6, 9, 9, 4, 1, 1])
        // One batch of five: within a hundredth of the mean over all.
        for (channel, mean) in [0.4914, 0.48216, 0.44653].enumerated() {
            let plane = try set.pixels.narrowed(channel ..< channel + 1, dimension: 1).cast(
                to: .float32)
            #expect(abs(try plane.sum() / 255 / Double(plane.count) - mean) < 0.01)
        }
    }
}
