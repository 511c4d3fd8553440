import Foundation
import HostKit
import Testing

@Suite("Data sets in folders")
struct DataSetTests {
    static func record(_ labels: [UInt8], first: UInt8) -> [UInt8] {
        labels + [first] + [UInt8](repeating: 0, count: 3071)
    }

    @Test func cifar100HasACoarseAndAFineLabel() throws {
        let folder = try TemporaryFolder()
        let path = try folder.file(
            "train.bin", Self.record([3, 77], first: 9) + Self.record([19, 99], first: 8))
        let fine = try CIFARReader.images([path], labels: .cifar100Fine, name: "")
        #expect(try fine.labels.integers() == [77, 99])
        #expect(try fine.pixels.bytes()[0] == 9)
        let coarse = try CIFARReader.images([path], labels: .cifar100Coarse, name: "")
        #expect(try coarse.labels.integers() == [3, 19])
        let wrong = try folder.file("wrong", Self.record([20, 0], first: 0))
        #expect(
            ReaderTests.sentence {
                _ = try CIFARReader.images([wrong], labels: .cifar100Coarse, name: "")
            } == "\(wrong): expected labels 0 … 19, found 20 in record 0")
        #expect(
            ReaderTests.sentence { _ = try CIFARReader.images([path], name: "") }
                == "\(path): expected records of 3073 bytes, found 6148 bytes: 2 records and 2 bytes"
        )
    }

    @Test(arguments: ["", "cifar10", "cifar-10-batches-bin"])
    func cifar10IsFoundInItsFolders(below: String) throws {
        let folder = try TemporaryFolder()
        let place = below.isEmpty ? folder.path : "\(folder.path)/\(below)"
        try FileManager.default.createDirectory(
            atPath: place, withIntermediateDirectories: true)
        #expect(DataSet.present(in: folder.path) == [])
        for file in (1 ... 5).map({ "data_batch_\($0).bin" }) + ["test_batch.bin"] {
            try Data(Self.record([4], first: 1)).write(to: URL(fileURLWithPath: "\(place)/\(file)"))
        }
        #expect(DataSet.present(in: folder.path) == [.cifar10])
        let split = try DataSet.cifar10.load(from: folder.path)
        #expect(split.training.count == 5)
        #expect(split.test.name == "CIFAR-10 test, 1 images")
    }

    @Test func cifar100IsFoundAsItsArchiveUnpacks() throws {
        let folder = try TemporaryFolder()
        let place = "\(folder.path)/cifar-100-binary"
        try FileManager.default.createDirectory(
            atPath: place, withIntermediateDirectories: true)
        for file in ["train.bin", "test.bin"] {
            try Data(Self.record([4, 50], first: 1)).write(
                to: URL(fileURLWithPath: "\(place)/\(file)"))
        }
        #expect(DataSet.present(in: folder.path) == [.cifar100, .cifar100Coarse])
        let location = DataLocation(folder.path)
        #expect(try location.load(nil, .test).labels.integers() == [50])
        #expect(try location.load(.cifar100Coarse, .training).labels.integers() == [4])
    }

    @Test func theOnlyDataSetIsTakenAndSeveralAreAskedFor() throws {
        let folder = try TemporaryFolder()
        func sentence() -> String {
            ReaderTests.sentence { _ = try DataLocation(folder.path).load(nil, .test) }
        }
        #expect(sentence() == "\(folder.path): expected one data set, or its name, found none")
        _ = try folder.file("test_batch.bin", Self.record([4], first: 1))
        #expect(sentence() == "no error")
        _ = try folder.file("test.bin", Self.record([4, 5], first: 1))
        #expect(
            sentence()
                == "\(folder.path): expected one data set, or its name, found cifar10 and cifar100")
    }
}
