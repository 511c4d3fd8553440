import ChipCore
import ChipServer
import Foundation
import Testing

@Suite("check and show: what is wrong is named, and nothing is changed")
struct InspectionTests {
    private let folder: TestFolder
    private var path: String { folder.file("state") }
    private var file: String { "\(path)/chips/1/chip.db" }

    init() throws { folder = try TestFolder() }

    /// A state as a daemon leaves it, with one chip of what is given.
    private func make(_ changes: StoreChanges) throws {
        let spec = try ResolvedSpec(chipFile: ShippedSpecs.chip("rram"))
        let state = try StateDirectory(path: path, spec: spec)
        try FileManager.default.createDirectory(
            atPath: "\(path)/chips/1", withIntermediateDirectories: true)
        let store = try SQLiteChipStore(
            path: file,
            identity: .init(serial: 1, specName: "rram", specDigest: spec.digest),
            createdWallMicroseconds: 1_000_000)
        try store.commit(changes)
        try store.close()
        withExtendedLifetime(state) {}
    }

    private var sound: StoreChanges {
        var changes = SampleRecords.everything
        changes.tiles = [SampleRecords.tile(0), SampleRecords.tile(95, seed: 2)]
        changes.matrices = [SampleRecords.matrix()]
        return changes
    }

    private func check() throws -> [String] {
        try StateInspection(path: path, serial: nil).check(serial: 1)
    }

    @Test func aSoundStateStaysAsItIs() throws {
        try make(sound)
        let names = try FileManager.default.subpathsOfDirectory(atPath: path).sorted()
        let bytes = try Data(contentsOf: URL(fileURLWithPath: file))
        #expect(try check().isEmpty)
        let summary = try StateInspection(path: path, serial: 1).show(serial: 1)
        #expect(summary.pulses == 12)
        #expect(summary.banks.map(\.tilesProgrammed) == [2])
        #expect(summary.matrices.map(\.id) == [7])
        #expect(summary.isLeaseHeld)
        #expect(summary.table.contains("3 × 2"))
        #expect(try ChipSummary.json([summary]).contains("\"leaseEpoch\" : 9"))
        #expect(try FileManager.default.subpathsOfDirectory(atPath: path).sorted() == names)
        #expect(try Data(contentsOf: URL(fileURLWithPath: file)) == bytes)
    }

    @Test func impossibleTilesAreNamed() throws {
        var changes = sound
        var tile = SampleRecords.tile(1)
        tile.conductances[5] = -.infinity
        tile.instants[6] = 3
        tile.programmingInstants[1] = ChipInstant(microseconds: 1 << 60)
        changes.tiles = [tile, SampleRecords.tile(2, cells: 4), SampleRecords.tile(96)]
        try make(changes)
        let findings = try check()
        #expect(
            findings == [
                "tile 1, cell 5, has the conductance -inf µS",
                "tile 1, cell 6, has the instant 3 of 3",
                "tile 1 was programmed later than chip time",
                "tile 2 has 4 cells instead of 16384",
                "tile 96 is not on the chip, which has 96",
            ])
    }

    @Test func impossibleMatricesAreNamed() throws {
        var changes = sound
        var wrong = SampleRecords.matrix(8, tiles: [4, 96])
        wrong.description.weightsProgrammed = 6
        wrong.codes[0] = 128
        changes.matrices.append(wrong)
        try make(changes)
        let findings = try check()
        #expect(
            findings == [
                "matrix 8 has tile 96, outside the bank nvm",
                "matrix 8 counts other weights than its flags",
                "matrix 8 has a code above 127",
                "tile 4 belongs to matrices 7 and 8",
            ])
    }

    @Test func impossibleFaultsAreNamed() throws {
        var changes = sound
        var wrong = FaultRecord(tile: 3)
        wrong.stuckOn = [5, 5]
        wrong.stuckOff = [5]
        wrong.deadWordLines = [128]
        wrong.adcOffsetLSB = 300
        changes.faults = [wrong, FaultRecord(tile: 96)]
        try make(changes)
        #expect(
            try check() == [
                "the faults of tile 3 name cells twice or beyond 16383",
                "the faults of tile 3 name word lines twice or beyond 127",
                "the faults of tile 3 hold a cell both ON and OFF",
                "the faults of tile 3 have an offset of 300.0 LSB",
                "the faults of tile 96 are not of the chip, which has 96 tiles",
            ])
    }

    @Test func aDamagedTileIsNamedAndTheRestIsStillLookedAt() throws {
        try make(sound)
        var bytes = try Data(contentsOf: URL(fileURLWithPath: file))
        for number in [0, 95] {
            let pulses = SampleRecords.tile(number, seed: number == 0 ? 1 : 2).pulses[9 ..< 12]
            let place = try #require(bytes.range(of: pulses.withUnsafeBytes { Data($0) }))
            bytes[place.lowerBound] ^= 1
        }
        try bytes.write(to: URL(fileURLWithPath: file))
        #expect(
            try check() == [
                "tile 0 is damaged: its checksum does not match",
                "tile 95 is damaged: its checksum does not match",
            ])
    }

    /// The width of the codes is a number of its row, and covered by the row's checksum: 0 and 3
    /// are no widths, 1 would make twice as many codes of the same bytes.
    @Test(arguments: [UInt8(0), 1, 3])
    func aDamagedWidthOfTheCodesIsNamed(_ width: UInt8) throws {
        var changes = sound
        changes.matrices[0].codes = [-127, 0, 1, 2, 127, 0x0302]
        changes.matrices[0].flags[5] = 0
        try make(changes)
        #expect(try check().isEmpty)
        // In the row the width is one byte between the tiles, 3 and 4, and the codes.
        let codes = changes.matrices[0].codes.withUnsafeBytes { Data($0) }
        let row = Data([3, 0, 0, 0, 4, 0, 0, 0, 2]) + codes
        var bytes = try Data(contentsOf: URL(fileURLWithPath: file))
        let place = try #require(bytes.range(of: row))
        bytes[place.lowerBound + 8] = width
        try bytes.write(to: URL(fileURLWithPath: file))
        #expect(try check() == ["matrix 7 is damaged: its checksum does not match"])
    }

    @Test func aMissingStateOrChipIsSaid() throws {
        let none = #expect(throws: StateError.self) {
            _ = try StateInspection(path: folder.file("nowhere"), serial: nil)
        }
        #expect(none?.kind == .unusable)
        try Data().write(to: URL(fileURLWithPath: folder.file("file")))
        let file = #expect(throws: StateError.self) {
            _ = try StateInspection(path: folder.file("file"), serial: nil)
        }
        #expect(file?.kind == .unusable)
        try make(sound)
        let chip = #expect(throws: StateError.self) {
            _ = try StateInspection(path: path, serial: 2)
        }
        #expect(chip?.kind == .unusable)
        #expect(chip?.description.contains("has no chip 2") == true)
    }
}
