import ChipCore
import Physics
import Testing

@Suite("References are part of a chip's state")
struct TuningStateTests {
    private func bench() throws -> (TestBench, MatrixDescription) {
        let bench = try TestBench(TestSpec.chip(TestSpec.technology(), ltmColumns: 1, gtmCells: 20))
        try bench.takeLease()
        return (bench, try bench.map(rows: 20, columns: 12))
    }

    @Test func whatTheyHoldIsStored() throws {
        let (bench, matrix) = try bench()
        #expect(bench.status.gtmMicrosiemens == 0)
        try bench.programReference(.gtm, microsiemens: 11)
        try bench.programReference(.ltm(matrix: matrix.id), microsiemens: 12)
        let (digest, sum) = (bench.status.stateDigest, try bench.readReference())
        try bench.restart()
        #expect(bench.status.stateDigest == digest)
        #expect(bench.status.gtmMicrosiemens == 11)
        #expect(bench.status.matrices[0].ltmMicrosiemens == 12)
        #expect(try bench.readReference().microamperes == sum.microamperes)
        #expect(bench.chip.health(now: bench.now).pulses == 20 + 20 * 2 * 8)
    }

    /// The same cells, said to have been written to something else.
    @Test func theDigestTellsWhatTheyWereWrittenTo() throws {
        let (bench, matrix) = try bench()
        try bench.programReference(.gtm, microsiemens: 11)
        try bench.programReference(.ltm(matrix: matrix.id), microsiemens: 12)
        var digests = [bench.status.stateDigest]
        bench.store.damage { $0?.counters.gtmMicrosiemens = 12 }
        try bench.restart()
        digests.append(bench.status.stateDigest)
        bench.store.damage { $0?.matrices[0].description.ltmMicrosiemens = 13 }
        try bench.restart()
        digests.append(bench.status.stateDigest)
        #expect(Set(digests).count == 3)
        bench.store.damage {
            $0?.counters.gtmMicrosiemens = 11
            $0?.matrices[0].description.ltmMicrosiemens = 12
        }
        try bench.restart()
        #expect(bench.status.stateDigest == digests[0])
    }

    @Test func unmappingForgetsThatOfTheMatrixAlone() throws {
        let (bench, matrix) = try bench()
        try bench.programReference(.gtm, microsiemens: 11)
        try bench.programReference(.ltm(matrix: matrix.id), microsiemens: 12)
        try bench.change(.unmap(matrix: matrix.id))
        #expect(try bench.map(rows: 20, columns: 12).ltmMicrosiemens == 0)
        #expect(bench.status.matrices.map(\.ltmMicrosiemens) == [0])
        #expect(bench.status.gtmMicrosiemens == 11)
    }

    /// A repeat of the same sequence has the answer of the first and gives no pulse, also after a
    /// restart.
    @Test func aRepeatIsReplayed() throws {
        let (bench, matrix) = try bench()
        let pulses = { bench.chip.health(now: bench.now).pulses }
        for (target, cells) in [
            (ReferenceCommand.Target.gtm, 20), (.ltm(matrix: matrix.id), 20 * 2 * 8),
        ] {
            let before = pulses()
            let stamp = bench.stamp(bench.sequence + 1)
            let send = {
                try bench.chip.change(
                    .programReference(ReferenceCommand(target: target, microsiemens: 9)),
                    stamp: stamp, work: bench.work
                ) { [Array("\($0.result), \($0.cost)".utf8)] }
            }
            guard case .done(let first) = try send() else {
                Issue.record("not carried out")
                return
            }
            #expect(pulses() == before + UInt64(cells))
            let digest = bench.status.stateDigest
            for _ in 0 ..< 2 {
                guard case .replayed(let frames) = try send() else {
                    Issue.record("carried out twice")
                    return
                }
                #expect(frames == first)
                #expect(pulses() == before + UInt64(cells))
                #expect(bench.status.stateDigest == digest)
                try bench.restart()
            }
            bench.sequence += 1
        }
    }
}
