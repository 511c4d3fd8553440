import Foundation
import HostKit
import TestSupport
import Testing

@Suite("Files that are written")
struct FileWritingTests {
    private static let deployment = Deployment(
        model: "lenet3", checkpoint: "a", chip: 1, method: .openLoop, places: [])

    @Test func aLinkStaysOneAndItsFileIsWritten() throws {
        let folder = try TemporaryFolder()
        let file = try folder.file("file.json", [1])
        let link = "\(folder.path)/link.json"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "file.json")
        try DataFile.checkWritable(link)
        try Self.deployment.write(to: link)
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == "file.json")
        #expect(try Deployment(contentsOf: file) == Self.deployment)
    }

    @Test func aLinkToWhatIsNotThereYetStaysOne() throws {
        let folder = try TemporaryFolder()
        let (first, second) = ("\(folder.path)/first.json", "\(folder.path)/second.json")
        try FileManager.default.createSymbolicLink(atPath: first, withDestinationPath: second)
        try FileManager.default.createSymbolicLink(atPath: second, withDestinationPath: "file.json")
        try Self.deployment.write(to: first)
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: first) == second)
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: second) == "file.json")
        #expect(try Deployment(contentsOf: "\(folder.path)/file.json") == Self.deployment)
    }

    @Test func aLinkedDeploymentFindsItsCheckpointUnderBothNames() throws {
        let folder = try TemporaryFolder()
        let inner = "\(folder.path)/inner"
        try FileManager.default.createDirectory(atPath: inner, withIntermediateDirectories: false)
        let (file, link) = ("\(inner)/file.json", "\(folder.path)/link.json")
        try Self.deployment.write(to: file)
        try FileManager.default.createSymbolicLink(
            atPath: link, withDestinationPath: "inner/file.json")
        var deployment = Self.deployment
        deployment.name(checkpoint: "\(inner)/a.safetensors", beside: link)
        #expect(deployment.checkpoint == "a.safetensors")
        for name in [file, link] {
            let path = deployment.checkpointPath(beside: name)
            #expect(
                URL(fileURLWithPath: path).resolvingSymlinksInPath().path
                    == URL(fileURLWithPath: "\(inner)/a.safetensors").resolvingSymlinksInPath().path
            )
        }
    }

    @Test func aFullDiskIsNoticedBefore() throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/file"
        try DataFile.checkWritable(path)
        #expect(throws: DataError.self) { try DataFile.checkWritable(path, room: 1 << 60) }
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    /// A pipe stands for all that is no file: a device takes rights to make.
    @Test func whatIsNoFileIsRefusedAndStays() throws {
        let folder = try TemporaryFolder()
        let pipe = "\(folder.path)/pipe"
        try #require(mkfifo(pipe, 0o600) == 0)
        for write in [{ try DataFile.checkWritable($0) }, Self.deployment.write(to:)] {
            #expect(throws: DataError.notAFile(pipe)) { try write(pipe) }
        }
        var status = stat()
        #expect(stat(pipe, &status) == 0 && status.st_mode & S_IFMT == S_IFIFO)
    }
}
