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
        #expect(sentence.contains("banks[0].tiles is 96.0, was 192.0"))
        #expect(sentence.contains("banks[0].device.bits_per_cell is 4.0, was 2.0"))
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
}
