import ChipCore
import Physics
import Testing

/// Rows that no checksum guards: a damaged one is refused when the chip is opened, instead of
/// stopping the daemon later.
@Suite("A damaged store is refused, in words")
struct StoredRulesTests {
    struct Damage: CustomTestStringConvertible, Sendable {
        let sentence: String
        let make: @Sendable (inout StoredChip) -> Void
        var testDescription: String { sentence }
    }

    static let damages = [
        Damage(sentence: "chip time stands before its anchor") {
            $0.clock.anchor = ChipInstant(microseconds: 10)
            $0.clock.latest = .birth
        },
        Damage(sentence: "the clock's anchor lies 100,000 years away") {
            $0.clock.anchorWallMicroseconds = .min
        },
        Damage(sentence: "which no chip reaches") {
            $0.clock.latest = ChipInstant(microseconds: .max)
        },
        Damage(sentence: "the change event number is 0") { $0.counters.changeEventNext = 0 },
        Damage(sentence: "the sample event number is 18446744073709551615") {
            $0.counters.sampleEventReserved = .max
        },
        Damage(sentence: "the next matrix has the number 4294967295") {
            $0.counters.matrixNext = .max
        },
        Damage(sentence: "the totals of energy and time are no numbers") {
            $0.counters.energyPicojoules = .nan
        },
        Damage(sentence: "the lease has the epoch") { $0.lease.termMilliseconds = .max },
        Damage(sentence: "is not on the chip") { $0.tiles[0].tile = 5_000 },
        Damage(sentence: "was programmed later than chip time") {
            $0.tiles[0].programmingInstants.append(ChipInstant(microseconds: 1 << 50))
        },
        Damage(sentence: "has 1 cells instead of 128") {
            $0.tiles[0] = TileRecord(
                tile: $0.tiles[0].tile, conductances: [1], pulses: [0], instants: [0],
                programmingInstants: [.birth])
        },
        Damage(sentence: "has a size or a mapping that no command makes") {
            $0.matrices[0].description.slices = 0
        },
        Damage(sentence: "outside the bank") { $0.matrices[0].description.tiles[0] = 90 },
        Damage(sentence: "has 1 codes") { $0.matrices[0].codes = [1] },
        Damage(sentence: "a number that was never given") { $0.counters.matrixNext = 1 },
    ]

    @Test(arguments: damages)
    func isNamedWhenTheChipIsOpened(_ damage: Damage) throws {
        let bench = try TestBench(TestSpec.chip(TestSpec.technology()))
        try bench.takeLease()
        let matrix = try bench.map(rows: 16, columns: 8)
        try bench.program(matrix.id, [Int16](repeating: 5, count: 128))
        try bench.restart()
        bench.store.damage { chip in if chip != nil { damage.make(&chip!) } }
        let fault = #expect(throws: ChipFault.self) { try bench.restart() }
        #expect(fault?.code == .dataLoss)
        #expect(fault?.message.contains(damage.sentence) == true, "\(fault?.message ?? "")")
    }
}
