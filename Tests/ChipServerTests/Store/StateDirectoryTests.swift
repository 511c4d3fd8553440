import ChipServer
import Foundation
import Testing

@Suite("The state directory: one daemon, one spec")
struct StateDirectoryTests {
    private let folder: TestFolder
    private var path: String { folder.file("state") }

    init() throws { folder = try TestFolder() }

    private func spec(_ name: String = "rram-2b") throws -> ResolvedSpec {
        try ResolvedSpec(chipFile: ShippedSpecs.chip(name))
    }

    @Test func aSecondDaemonIsRefused() throws {
        let first = try StateDirectory(path: path, spec: spec())
        let error = #expect(throws: StateError.self) {
            _ = try StateDirectory(path: path, spec: spec())
        }
        #expect(error?.kind == .inUse)
        #expect(error?.description.contains("another chipd already serves") == true)
        withExtendedLifetime(first) {}
    }

    @Test func theLockEndsWithItsHolder() throws {
        do { _ = try StateDirectory(path: path, spec: spec()) }
        _ = try StateDirectory(path: path, spec: spec())
    }

    @Test func anotherSpecIsRefusedByWhatDiffers() throws {
        do { _ = try StateDirectory(path: path, spec: spec()) }
        let error = #expect(throws: StateError.self) {
            _ = try StateDirectory(path: path, spec: spec("rram"))
        }
        #expect(error?.kind == .unusable)
        let sentence = try #require(error?.description)
        #expect(sentence.contains("banks[0].tiles is 96, was 192"))
        #expect(sentence.contains("banks[0].device.bits_per_cell is 4, was 2"))
    }

    @Test func theKeptSpecIsTheSameSpec() throws {
        do { _ = try StateDirectory(path: path, spec: spec("hybrid")) }
        let kept = try ResolvedSpec(resolved: "\(path)/spec.yaml")
        let given = try spec("hybrid")
        #expect(kept.digest == given.digest)
        #expect(kept.spec == given.spec)
    }

    @Test func itBelongsToItsOwner() throws {
        _ = try StateDirectory(path: path, spec: spec())
        let permissions = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions]
        #expect(permissions as? Int == 0o700)
    }

    @Test func foldersOnTheWayAreMade() throws {
        let deep = folder.file("a/b/state")
        _ = try StateDirectory(path: deep, spec: spec())
        #expect(FileManager.default.fileExists(atPath: deep + "/spec.yaml"))
    }

    @Test func somebodyElsesFolderIsLeftAlone() throws {
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true)
        try Data("mine".utf8).write(to: URL(fileURLWithPath: path + "/thesis.tex"))
        let error = #expect(throws: StateError.self) {
            _ = try StateDirectory(path: path, spec: spec())
        }
        #expect(error?.kind == .unusable)
        #expect(error?.description.contains("thesis.tex") == true)
        #expect(try FileManager.default.contentsOfDirectory(atPath: path) == ["thesis.tex"])
    }

    /// An empty or missing file of a chip that was there is not a new chip.
    @Test func aChipThatIsGoneIsNotMadeAnew() throws {
        let state = try StateDirectory(path: path, spec: spec())
        let file = try state.chipFile(serial: 3)
        try Data([1]).write(to: URL(fileURLWithPath: file))
        try state.noteMade(serial: 3)
        #expect(try state.chipFile(serial: 3) == file)
        for damage in [
            { try Data().write(to: URL(fileURLWithPath: file)) },
            { try FileManager.default.removeItem(atPath: file) },
        ] {
            try damage()
            let error = #expect(throws: StateError.self) { try state.chipFile(serial: 3) }
            #expect(error?.kind == .unusable)
        }
        let check = try StateInspection(path: path, serial: nil)
        #expect(check.serials == [3])
        #expect(!check.check(serial: 3).isEmpty)
    }
}
