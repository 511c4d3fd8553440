import ChipCore
import Physics
import Testing

/// A cancelled write leaves cells of two kinds: they are no reference.
@Suite("A reference that is half written")
struct PartialReferenceTests {
    /// Cancelled after some tiles: the command asks once before it starts and once a tile.
    private func write(_ target: ReferenceCommand.Target, tiles: Int, _ bench: TestBench) throws
        -> (ChangeReply, ReferenceReport)
    {
        let asked = Counter()
        let work = WorkContext(now: bench.now, isCancelled: { asked.next() > 1 + tiles })
        let reply = try bench.change(
            .programReference(ReferenceCommand(target: target, microsiemens: 10)), work: work)
        guard case .referenceProgrammed(let report) = reply.result else { preconditionFailure() }
        return (reply, report)
    }

    private func storedTiles(_ bench: TestBench) -> [Int] {
        (bench.store.snapshot.chip?.tiles ?? []).map(\.tile).sorted()
    }

    /// 16, 16 and 8 cells in three tiles.
    @Test func ofTheGTMCountsAsNotProgrammed() throws {
        let bench = try TestBench(TestSpec.chip(TestSpec.technology(), columns: 1, gtmCells: 40))
        try bench.takeLease()
        let (reply, report) = try write(.gtm, tiles: 1, bench)
        #expect(reply.effect == .partial)
        #expect(reply.fault?.code == .cancelled)
        #expect((report.cells, report.notAttempted) == (16, 24))
        #expect(storedTiles(bench) == [bench.gtmTile])
        #expect(bench.chip.health(now: bench.now).pulses == 16)
        for _ in 0 ..< 2 {
            #expect(bench.status.gtmMicrosiemens == 0)
            let refused = try refusal { _ = try bench.readReference() }
            #expect(refused?.code == .failedPrecondition)
            #expect(refused?.reason == .notProgrammed)
            #expect(refused?.message.contains("GTM was never programmed, or not wholly") == true)
            try bench.restart()
        }
        try bench.programReference(.gtm)
        #expect(try bench.readReference().cells == 40)
    }

    /// What was whole before is not any more.
    @Test func oneThatWasWholeIsNot() throws {
        let bench = try TestBench(TestSpec.chip(TestSpec.technology(), columns: 1, gtmCells: 40))
        try bench.takeLease()
        try bench.programReference(.gtm)
        _ = try write(.gtm, tiles: 2, bench)
        #expect(bench.status.gtmMicrosiemens == 0)
        #expect(try refusal { _ = try bench.readReference() }?.reason == .notProgrammed)
    }

    /// Stopped before the first cell, it is refused, and what was there stays.
    @Test func nothingWrittenIsNothingChanged() throws {
        let bench = try TestBench(TestSpec.chip(TestSpec.technology(), columns: 1, gtmCells: 40))
        try bench.takeLease()
        try bench.programReference(.gtm, microsiemens: 12)
        let digest = bench.status.stateDigest
        #expect(try refusal { _ = try write(.gtm, tiles: 0, bench) }?.code == .cancelled)
        #expect(bench.status.gtmMicrosiemens == 12)
        #expect(bench.status.stateDigest == digest)
    }

    /// 2 × 2 blocks of tiles of one slice and one polarity: 16 and 4 rows of two LTM columns.
    @Test func ofAnLTMCountsAsNotProgrammed() throws {
        let bench = try TestBench(TestSpec.chip(TestSpec.technology(), ltmColumns: 2))
        try bench.takeLease()
        let matrix = try bench.map(rows: 20, columns: 12, weightBits: 2, mapping: .offset)
        #expect(matrix.tiles == [0, 1, 2, 3])
        let (reply, report) = try write(.ltm(matrix: matrix.id), tiles: 3, bench)
        #expect(reply.effect == .partial)
        #expect((report.cells, report.notAttempted) == (2 * (16 + 16 + 4), 2 * 4))
        #expect(storedTiles(bench) == [0, 1, 2])
        #expect(bench.status.matrices[0].ltmMicrosiemens == 0)
        try bench.program(matrix.id, Array(repeating: 1, count: 240))
        let inputs = [UInt8](repeating: 9, count: 20)
        let refused = try refusal { _ = try bench.multiplyWithLTM(matrix.id, inputs) }
        #expect(refused?.reason == .notProgrammed)
        #expect(refused?.message.contains("LTM columns of matrix") == true)
        _ = try bench.multiplyWithLTM(matrix.id, inputs, includesLTM: false)
    }
}
