import ChipCore
import ChipServer
import Foundation
import Testing

@Suite("Snapshots on disk: whole, or not at all")
struct SnapshotFileTests {
    private let folder: TestFolder

    init() throws { folder = try TestFolder() }

    private func open(serial: UInt32 = 1, digest: UInt8 = 1, pagesMax: Int? = nil) throws
        -> SQLiteChipStore
    {
        let directory = folder.file("chips/\(serial)")
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: true)
        return try SQLiteChipStore(
            path: directory + "/chip.db",
            identity: .init(
                serial: serial, specName: "test",
                specDigest: [UInt8](repeating: digest, count: 16)),
            createdWallMicroseconds: 1, pagesMax: pagesMax)
    }

    private func snapshot(seed: UInt32) -> Snapshot {
        Snapshot(
            clock: SampleRecords.clock, counters: SampleRecords.counters,
            tiles: (0 ..< 20).map { SampleRecords.tile($0, seed: seed) },
            matrices: [SampleRecords.matrix()], faults: [])
    }

    private func files() throws -> [String] {
        try FileManager.default.contentsOfDirectory(
            atPath: folder.file("chips/1/snapshots")
        ).sorted()
    }

    @Test func everythingComesBackAndASecondReplacesTheFirst() throws {
        let store = try open()
        try store.save(snapshot(seed: 1), named: "a")
        try store.save(snapshot(seed: 2), named: "a")
        try store.save(snapshot(seed: 3), named: "b")
        #expect(try files() == ["a.db", "b.db"])
        let found = try #require(try store.snapshot(named: "a", ofChip: 1))
        #expect(found.tiles == snapshot(seed: 2).tiles)
        #expect(found.matrices == snapshot(seed: 2).matrices)
        #expect(found.counters == SampleRecords.counters)
        #expect(found.clock == SampleRecords.clock)
        #expect(try store.snapshot(named: "c", ofChip: 1) == nil)
    }

    /// Each chip has its own; another chip's is taken from there.
    @Test func aSnapshotIsThatOfTheChipThatIsNamed() throws {
        let first = try open(serial: 1)
        let second = try open(serial: 2)
        try first.save(snapshot(seed: 1), named: "a")
        try second.save(snapshot(seed: 2), named: "a")
        #expect(try second.snapshot(named: "a", ofChip: 1)?.tiles == snapshot(seed: 1).tiles)
        #expect(try second.snapshot(named: "a", ofChip: 2)?.tiles == snapshot(seed: 2).tiles)
        #expect(try second.snapshot(named: "a", ofChip: 3) == nil)
        let other = try open(serial: 3, digest: 9)
        #expect(throws: StoreFault.self) { try other.snapshot(named: "a", ofChip: 1) }
    }

    /// A snapshot that does not fit leaves the one of its name, and no draft.
    @Test func aFullDiskKeepsTheOlderOne() throws {
        let store = try open()
        try store.save(snapshot(seed: 1), named: "a")
        let limited = try open(serial: 2, pagesMax: 30)
        try FileManager.default.createDirectory(
            atPath: folder.file("chips/2/snapshots"), withIntermediateDirectories: true)
        try FileManager.default.copyItem(
            atPath: folder.file("chips/1/snapshots/a.db"),
            toPath: folder.file("chips/2/snapshots/kept.db"))
        #expect(throws: StoreFault.self) { try limited.save(snapshot(seed: 2), named: "kept") }
        let left = try FileManager.default.contentsOfDirectory(
            atPath: folder.file("chips/2/snapshots"))
        #expect(left == ["kept.db"])
        #expect(
            try Data(contentsOf: URL(fileURLWithPath: folder.file("chips/2/snapshots/kept.db")))
                == Data(
                    contentsOf: URL(fileURLWithPath: folder.file("chips/1/snapshots/a.db"))))
    }

    @Test func aDamagedSnapshotIsRefused() throws {
        let store = try open()
        try store.save(snapshot(seed: 1), named: "a")
        let file = folder.file("chips/1/snapshots/a.db")
        let handle = try #require(FileHandle(forUpdatingAtPath: file))
        try handle.seek(toOffset: 1_000_000)
        handle.write(Data([0x5A, 0xA5, 0x5A]))
        try handle.close()
        let fault = #expect(throws: StoreFault.self) {
            try store.snapshot(named: "a", ofChip: 1)
        }
        #expect(fault?.kind == .damaged)
    }
}
