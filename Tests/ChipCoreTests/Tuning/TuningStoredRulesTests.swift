import ChipCore
import Physics
import Testing

@Suite("A store that says of references what cannot be is refused")
struct TuningStoredRulesTests {
    struct Damage: CustomTestStringConvertible, Sendable {
        let sentence: String
        var isPlain = false
        let make: @Sendable (inout StoredChip) -> Void
        var testDescription: String { sentence }

        static func gtm(_ microsiemens: Double, isPlain: Bool = false) -> Damage {
            Damage(
                sentence: "the GTM is said to hold \(microsiemens) µS", isPlain: isPlain
            ) { $0.counters.gtmMicrosiemens = microsiemens }
        }

        static func ltm(_ microsiemens: Double, isPlain: Bool = false) -> Damage {
            Damage(
                sentence: "matrix 1 has LTM columns that are said to hold \(microsiemens) µS",
                isPlain: isPlain
            ) { $0.matrices[0].description.ltmMicrosiemens = microsiemens }
        }
    }

    /// The window is 2 … 20 µS; `isPlain`: a chip without GTM and LTM columns.
    static let damages: [Damage] = [
        .gtm(21), .gtm(1.9), .gtm(-11), .gtm(.nan), .gtm(.infinity), .gtm(11, isPlain: true),
        .ltm(21), .ltm(1.9), .ltm(-12), .ltm(.nan), .ltm(12, isPlain: true),
        Damage(sentence: "matrix 1 has a size or a mapping that no command makes") {
            // Its tile is the GTM's.
            $0.matrices[0].description.bank = "gtm"
            $0.matrices[0].description.tiles = [96]
        },
    ]

    private func bench(isPlain: Bool) throws -> TestBench {
        let bench = try TestBench(
            TestSpec.chip(
                TestSpec.technology(), ltmColumns: isPlain ? 0 : 1, gtmCells: isPlain ? 0 : 20))
        try bench.takeLease()
        let matrix = try bench.map(rows: 16, columns: 8, weightBits: 2, mapping: .offset)
        try bench.program(matrix.id, Array(repeating: 1, count: 128))
        guard !isPlain else { return bench }
        try bench.programReference(.gtm, microsiemens: 11)
        try bench.programReference(.ltm(matrix: matrix.id), microsiemens: 12)
        return bench
    }

    @Test(arguments: damages)
    func isNamedWhenTheChipIsOpened(_ damage: Damage) throws {
        let bench = try bench(isPlain: damage.isPlain)
        // Sound before.
        try bench.restart()
        bench.store.damage { chip in if chip != nil { damage.make(&chip!) } }
        let fault = #expect(throws: ChipFault.self) { try bench.restart() }
        #expect(fault?.code == .dataLoss)
        #expect(fault?.message.contains(damage.sentence) == true, "\(fault?.message ?? "")")
    }
}
