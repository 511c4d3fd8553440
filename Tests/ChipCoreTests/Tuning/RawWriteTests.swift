import ChipCore
import Physics
import Testing

/// Trains of pulses and raw conductances on the cells of a reference: it no longer holds what it
/// was written to. Elsewhere they leave references alone.
@Suite("Raw writes and references")
struct RawWriteTests {
    /// Two matrices of one tile each with two LTM columns, at 11 and 13 µS; a GTM of one tile at
    /// 12 µS.
    private func bench() throws -> (TestBench, [MatrixDescription]) {
        let bench = try TestBench(TestSpec.chip(TestSpec.technology(), ltmColumns: 2, gtmCells: 20))
        try bench.takeLease()
        let matrices = try (0 ..< 2).map { _ in
            try bench.map(rows: 16, columns: 8, weightBits: 2, mapping: .offset)
        }
        for (matrix, microsiemens) in zip(matrices, [11.0, 13]) {
            try bench.program(matrix.id, Array(repeating: 1, count: 128))
            try bench.programReference(.ltm(matrix: matrix.id), microsiemens: microsiemens)
        }
        try bench.programReference(.gtm, microsiemens: 12)
        return (bench, matrices)
    }

    private func held(_ bench: TestBench) -> [Double] {
        [bench.status.gtmMicrosiemens] + bench.status.matrices.map(\.ltmMicrosiemens)
    }

    enum Place: Sendable, CaseIterable {
        case gtm, dataOfTheFirst, lastDataOfTheFirst, ltmOfTheFirst, lastLTMOfTheSecond
        case acrossTheEdge, tileOfNoMatrix

        var column: Int {
            switch self {
            case .gtm, .dataOfTheFirst: 0
            case .lastDataOfTheFirst, .acrossTheEdge: 7
            case .ltmOfTheFirst, .tileOfNoMatrix: 8
            case .lastLTMOfTheSecond: 9
            }
        }
        var columns: Int { self == .acrossTheEdge ? 2 : 1 }

        /// GTM, LTM of the first matrix, of the second.
        var leaves: [Double] {
            switch self {
            case .gtm: [0, 11, 13]
            case .dataOfTheFirst, .lastDataOfTheFirst, .tileOfNoMatrix: [12, 11, 13]
            case .ltmOfTheFirst, .acrossTheEdge: [12, 0, 13]
            case .lastLTMOfTheSecond: [12, 11, 0]
            }
        }
    }

    @Test(arguments: Place.allCases, [false, true])
    func unsayThoseWhoseCellsTheyTouch(_ place: Place, isPulse: Bool) throws {
        let (bench, matrices) = try bench()
        let tile =
            switch place {
            case .gtm: bench.gtmTile
            case .lastLTMOfTheSecond: matrices[1].tiles[0]
            case .tileOfNoMatrix: 7
            default: matrices[0].tiles[0]
            }
        let region = Region(row: 3, column: place.column, rows: 1, columns: place.columns)
        if isPulse {
            try bench.change(
                .pulse(
                    PulseCommand(
                        tile: tile, region: region, direction: .set, pulses: 1, step: 0.05)))
        } else {
            try bench.change(
                .program(
                    ProgramCommand(
                        target: .conductances(tile: tile, Array(repeating: 7, count: region.count)),
                        region: region, method: .openLoop, all: true, mask: nil, readBack: false,
                        cellStatus: false)))
        }
        for _ in 0 ..< 2 {
            #expect(held(bench) == place.leaves)
            try bench.restart()
        }
        let inputs = [UInt8](repeating: 9, count: 16)
        for (index, matrix) in matrices.enumerated() where place.leaves[1 + index] == 0 {
            let refused = try refusal { _ = try bench.multiplyWithLTM(matrix.id, inputs) }
            #expect(refused?.reason == .notProgrammed)
        }
        if place == .gtm {
            #expect(try refusal { _ = try bench.readReference() }?.reason == .notProgrammed)
        }
    }

    /// A write that is refused changes nothing.
    @Test func aRefusedOneUnsaysNothing() throws {
        let (bench, matrices) = try bench()
        for tile in [bench.gtmTile, matrices[0].tiles[0]] {
            let region = Region(row: 0, column: tile == bench.gtmTile ? 0 : 8, rows: 1, columns: 1)
            #expect(
                try refusal {
                    try bench.change(
                        .program(
                            ProgramCommand(
                                target: .conductances(tile: tile, [21]), region: region,
                                method: .openLoop, all: true, mask: nil, readBack: false,
                                cellStatus: false)))
                } != nil)
        }
        #expect(held(bench) == [12, 11, 13])
    }

    /// Codes go to data columns alone.
    @Test func codesLeaveTheLTMAlone() throws {
        let (bench, matrices) = try bench()
        try bench.program(matrices[0].id, Array(repeating: -1, count: 128), all: true)
        #expect(held(bench) == [12, 11, 13])
    }
}
