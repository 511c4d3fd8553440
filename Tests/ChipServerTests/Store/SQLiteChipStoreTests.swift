import ChipCore
import ChipServer
import Foundation
import Testing

@Suite("The store: what was committed is there, whole, or refused")
struct SQLiteChipStoreTests {
    private let folder: TestFolder
    private var file: String { folder.file("chip.db") }

    init() throws { folder = try TestFolder() }

    private func open(serial: UInt32 = 1, digest: UInt8 = 1, pagesMax: Int? = nil)
        throws(StoreFault)
        -> SQLiteChipStore
    {
        try SQLiteChipStore(
            path: file,
            identity: .init(
                serial: serial, specName: "test",
                specDigest: [UInt8](repeating: digest, count: 16)),
            createdWallMicroseconds: 1, pagesMax: pagesMax)
    }

    @Test func aNewFileHoldsNoChip() throws {
        let store = try open()
        #expect(try store.load() == nil)
    }

    @Test func everythingComesBackBitForBit() throws {
        var changes = SampleRecords.everything
        changes.counters?.gtmMicrosiemens = 1.0 / 3
        changes.matrices[0].description.ltmMicrosiemens = 0.1 + 0.2
        let first = try open()
        try first.commit(changes)
        try first.close()
        let loaded = try #require(try open().load())
        #expect(loaded.tiles == changes.tiles)
        #expect(loaded.matrices == changes.matrices)
        #expect(loaded.counters == changes.counters)
        #expect(loaded.clock == changes.clock)
        #expect(loaded.faults == changes.faults)
        #expect(loaded.lease == changes.lease)
        #expect(loaded.sessions == [changes.session])
        #expect(loaded.outcomes.map(\.sequence) == [2])
        let reply = try open().reply(session: SampleRecords.session, sequence: 2)
        #expect(reply == changes.outcome?.frames)
    }

    @Test func aTileOnDiskTakesLessThanSixteenBytesACell() throws {
        let store = try open()
        var changes = StoreChanges()
        changes.tiles = (0 ..< 64).map { SampleRecords.tile($0) }
        try store.commit(changes)
        try store.close()
        let size = try #require(
            try FileManager.default.attributesOfItem(atPath: file)[.size] as? Int)
        #expect(size < 16 * 64 * 16_384)
    }

    /// Codes up to 127 take one byte, wider ones two; both come back, also after a change of width.
    @Test func codesTakeTheBytesThatTheyNeed() throws {
        func matrix(_ codes: [Int16]) -> MatrixRecord {
            var matrix = SampleRecords.matrix()
            matrix.description.rows = codes.count
            matrix.description.columns = 1
            matrix.codes = codes
            matrix.flags = Array(repeating: 1, count: codes.count)
            return matrix
        }
        let narrow = (0 ..< 40_000).map { Int16($0 % 255 - 127) }
        for (codes, width) in [
            (narrow, 1), (narrow + [128], 2), (narrow + [-128], 2), ([.min, .max], 2), ([0], 1),
        ] {
            let store = try open()
            var changes = SampleRecords.everything
            changes.outcome = nil
            changes.matrices = [matrix(codes)]
            try store.commit(changes)
            #expect(try store.load()?.matrices == changes.matrices)
            try store.close()
            let stored =
                width == 1
                ? codes.map { Int8($0) }.withUnsafeBytes { Data($0) }
                : codes.withUnsafeBytes { Data($0) }
            // The end of the codes, with the flags behind them: no other width has these bytes.
            let end = stored.suffix(64) + Data(repeating: 1, count: min(codes.count, 64))
            let bytes = try Data(contentsOf: URL(fileURLWithPath: file))
            #expect(bytes.range(of: end) != nil)
        }
    }

    /// 14 bytes a cell: the planes, and a matrix of one slice with its codes and flags; what a
    /// change frees, the change after it takes.
    @Test func changesTakeThePagesOfThoseBefore() throws {
        let store = try open()
        var changes = SampleRecords.everything
        changes.outcome = nil
        changes.tiles = (0 ..< 64).map { SampleRecords.tile($0) }
        let weights = 32 * 16_384
        changes.matrices = [SampleRecords.matrix(tiles: Array(0 ..< 64))]
        changes.matrices[0].description.rows = 128
        changes.matrices[0].description.columns = weights / 128
        changes.matrices[0].codes = Array(repeating: 0, count: weights)
        changes.matrices[0].flags = Array(repeating: 0, count: weights)
        try store.commit(changes)
        for round in 1 ... 4 {
            changes.matrices[0].description.weightsProgrammed = weights >> (8 * (round % 3))
            changes.matrices[0].codes = (0 ..< weights).map { Int16(($0 + round) % 255 - 127) }
            for tile in changes.tiles.indices {
                changes.tiles[tile].programmingInstants.append(ChipInstant(microseconds: 1 << 53))
            }
            try store.commit(changes)
        }
        try store.close()
        let size = try #require(
            try FileManager.default.attributesOfItem(atPath: file)[.size] as? Int)
        #expect(Double(size) / Double(64 * 16_384) < 14.5)
    }

    @Test func acknowledgedRepliesAndForgottenSessionsGo() throws {
        let store = try open()
        try store.commit(SampleRecords.everything)
        var next = StoreChanges()
        next.session = SessionRecord(
            session: SampleRecords.session, last: 3,
            lastDigest: [UInt8](repeating: 1, count: 16), touched: 5)
        next.acknowledged = 2
        next.matricesRemoved = [7]
        try store.commit(next)
        #expect(try store.reply(session: SampleRecords.session, sequence: 2) == nil)
        #expect(try store.load()?.matrices.isEmpty == true)
        var last = StoreChanges()
        last.sessionsForgotten = [SampleRecords.session]
        try store.commit(last)
        #expect(try store.load()?.sessions.isEmpty == true)
        #expect(try store.load()?.faults == [SampleRecords.faults])
        var mended = StoreChanges()
        mended.faults = []
        try store.commit(mended)
        #expect(try store.load()?.faults.isEmpty == true)
    }

    @Test func aCommitThatFailsLeavesTheStateBefore() throws {
        let store = try open(pagesMax: 40)
        try store.commit(SampleRecords.everything)
        let before = try #require(try store.load())
        var tooMuch = StoreChanges()
        tooMuch.counters = CounterRecord()
        tooMuch.tiles = (0 ..< 64).map { SampleRecords.tile($0, seed: 9) }
        let fault = #expect(throws: StoreFault.self) { try store.commit(tooMuch) }
        #expect(fault?.kind == .temporary)
        #expect(fault?.message.contains("the disk is full; what was stored before is kept") == true)
        let after = try #require(try store.load())
        #expect(after.tiles == before.tiles)
        #expect(after.counters == before.counters)
        // Room or not, what fits is still taken.
        var small = StoreChanges()
        small.counters = CounterRecord()
        try store.commit(small)
        #expect(try store.load()?.counters == CounterRecord())
    }

    @Test func writesAreSynced() throws {
        #expect(try open().synchronousLevel() == 2)
    }

    @Test(arguments: ["tile", "matrix", "faults", "reply"])
    func aDamagedBlobIsNoticed(_ what: String) throws {
        let first = try open()
        try first.commit(SampleRecords.everything)
        try first.close()
        let mark: [UInt8] =
            switch what {
            case "tile":
                SampleRecords.tile(191, seed: 2).pulses[100 ..< 102].withUnsafeBytes { [UInt8]($0) }
            case "matrix": SampleRecords.matrix().codes.withUnsafeBytes { [UInt8]($0) }
            case "faults": SampleRecords.faults.stuckOn.withUnsafeBytes { [UInt8]($0) }
            default: [UInt8](repeating: 7, count: 64)
            }
        var bytes = try Data(contentsOf: URL(fileURLWithPath: file))
        let place = try #require(bytes.range(of: Data(mark)))
        bytes[place.lowerBound] ^= 0x10
        try bytes.write(to: URL(fileURLWithPath: file))
        let store = try open()
        let fault = #expect(throws: StoreFault.self) {
            _ = try store.load()
            _ = try store.reply(session: SampleRecords.session, sequence: 2)
        }
        #expect(fault?.kind == .damaged)
        #expect(fault?.message.contains(what) == true)
    }

    @Test(arguments: [
        (99, "has layout 99, made by a newer chipd"),
        (2, "has layout 2; this chipd reads layouts from 3"),
    ])
    func anotherLayoutIsLeftAlone(_ layout: UInt8, _ sentence: String) throws {
        try open().close()
        var bytes = try Data(contentsOf: URL(fileURLWithPath: file))
        bytes.replaceSubrange(60 ..< 64, with: [0, 0, 0, layout])
        try bytes.write(to: URL(fileURLWithPath: file))
        let fault = #expect(throws: StoreFault.self) { _ = try open() }
        #expect(fault?.message.contains(sentence) == true)
        #expect(try Data(contentsOf: URL(fileURLWithPath: file)) == bytes)
    }

    @Test func aForeignFileIsLeftAlone() throws {
        try Data("not a database, but long enough to be looked at as one".utf8)
            .write(to: URL(fileURLWithPath: file))
        let before = try Data(contentsOf: URL(fileURLWithPath: file))
        #expect(throws: StoreFault.self) { _ = try open() }
        #expect(try Data(contentsOf: URL(fileURLWithPath: file)) == before)
    }

    @Test func aFileOfAnotherChipOrSpecIsRefused() throws {
        try open().close()
        let serial = #expect(throws: StoreFault.self) { _ = try open(serial: 2) }
        #expect(serial?.message.contains("belongs to chip 1, not to chip 2") == true)
        let spec = #expect(throws: StoreFault.self) { _ = try open(digest: 2) }
        #expect(spec?.message.contains("another spec") == true)
    }
}
