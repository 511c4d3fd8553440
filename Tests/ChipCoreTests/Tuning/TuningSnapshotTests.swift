import ChipCore
import Physics
import Testing

@Suite("Snapshots and clones keep references")
struct TuningSnapshotTests {
    /// Cells at 11 and 12 µS, with ε_B alone; saved, then written to something else.
    private func bench() throws -> TestBench {
        let bench = try TestBench(
            TestSpec.chip(
                TestSpec.technology(), ltmColumns: 2, gtmCells: 20, betweenChips: 0.1))
        try bench.takeLease()
        let matrix = try bench.map(rows: 16, columns: 8)
        try bench.program(matrix.id, Array(repeating: 5, count: 128))
        try bench.programReference(.gtm, microsiemens: 11)
        try bench.programReference(.ltm(matrix: matrix.id), microsiemens: 12)
        return bench
    }

    private func answers(_ bench: TestBench) throws -> [Double] {
        let product = try bench.multiplyWithLTM(
            bench.status.matrices[0].id, Array(repeating: 99, count: 16))
        return [
            try bench.readReference().microamperes, bench.status.gtmMicrosiemens,
            bench.status.matrices[0].ltmMicrosiemens,
        ] + (try #require(product.product.ltm).products.map { Double($0) })
    }

    private func saveAndOverwrite(_ bench: TestBench) throws {
        _ = try bench.chip.simulate(.save(name: "a"), work: bench.work)
        try bench.programReference(.gtm, microsiemens: 17)
        try bench.programReference(
            .ltm(matrix: bench.status.matrices[0].id), microsiemens: 18)
    }

    private func restore(_ bench: TestBench, from serial: UInt32) throws {
        _ = try bench.chip.simulate(.restore(name: "a", from: serial), work: bench.work)
        (bench.sequence, bench.acknowledged) = (0, 0)
        try bench.takeLease()
    }

    @Test func aRestoredChipHasTheOldOnes() throws {
        let bench = try bench()
        let (saved, digest) = (try answers(bench), bench.status.stateDigest)
        #expect(saved[1 ... 2] == [11, 12])
        try saveAndOverwrite(bench)
        #expect(try answers(bench)[1 ... 2] == [17, 18])
        try restore(bench, from: bench.serial)
        for _ in 0 ..< 2 {
            #expect(try answers(bench) == saved)
            #expect(bench.status.stateDigest == digest)
            try bench.restart()
        }
    }

    /// A clone of chip 5 has what was stored of its cells; written anew they show chip 5's ε_B.
    @Test func aCloneHasThoseOfTheOther() throws {
        let bench = try bench()
        let saved = try answers(bench)
        try saveAndOverwrite(bench)
        try restore(bench, from: 5)
        for _ in 0 ..< 2 {
            #expect(try answers(bench) == saved)
            try bench.restart()
        }
        let between = { (serial: UInt32) in
            Fabrication(serial: serial, variation: bench.spec.variation).betweenChip
        }
        #expect(abs(saved[0] / (20 * 11 * 0.2) - 1 - between(bench.serial)) < 1e-6)
        #expect(abs(between(5) - between(bench.serial)) > 0.01)
        try bench.takeLease()
        try bench.programReference(.gtm, microsiemens: 11)
        let sum = try bench.readReference().microamperes
        #expect(abs(sum / (20 * 11 * 0.2) - 1 - between(5)) < 1e-6)
    }
}
