import ChipCore
import Physics
import Testing

/// Sums of cells that all hold what they were written to, less what is broken, by hand.
@Suite("Faults in tuning columns")
struct TuningFaultTests {
    private static let seeds = 1 ... 20 as ClosedRange<UInt64>

    /// 40 cells of 20 µS in one tile of 16 × 3, the third column half full.
    private func gtm(noise: Double = 0, adcBits: Int? = nil, columns: Int = 8) throws -> TestBench {
        let bench = try TestBench(
            TestSpec.chip(
                TestSpec.technology(noise: noise), tiles: 1, columns: columns, gtmCells: 40,
                adcBits: adcBits))
        try bench.takeLease()
        try bench.programReference(.gtm)
        return bench
    }

    /// Two LTM columns at 20 µS beside eight data columns, one tile.
    private func ltm(noise: Double = 0, adcBits: Int? = nil) throws -> (TestBench, UInt32) {
        let bench = try TestBench(
            TestSpec.chip(
                TestSpec.technology(noise: noise), tiles: 1, ltmColumns: 2, adcBits: adcBits))
        try bench.takeLease()
        let matrix = try bench.map(rows: 16, columns: 8, weightBits: 2, mapping: .offset)
        try bench.programReference(.ltm(matrix: matrix.id))
        try bench.program(matrix.id, Array(repeating: 1, count: 128))
        return (bench, matrix.id)
    }

    /// Σ g of the LTM columns, µS, from the sums at the code 255: κ is 3/18 a µS and code.
    private func conductances(_ bench: TestBench, _ matrix: UInt32) throws -> [Double] {
        let product = try bench.multiplyWithLTM(matrix, Array(repeating: 255, count: 16))
        return try #require(product.product.ltm).products.map { Double($0) / (255 * 3.0 / 18) }
    }

    private func sum(_ bench: TestBench) throws -> Double {
        try bench.readReference().microamperes / 0.2
    }

    /// A column of the GTM counts 16, 16 and 8 cells. A dead one is silent, without noise too.
    @Test func aDeadBitLineOfTheGTMSilencesItsColumn() throws {
        var lost: Set<Int> = []
        for seed in Self.seeds {
            let bench = try gtm()
            let record = try bench.fault(.deadBitLine, tile: bench.gtmTile, seed: seed)
            let dead = Int(try #require(record.deadBitLines.first))
            lost.insert(dead)
            #expect(abs(try sum(bench) - 20 * (40 - [16, 16, 8][dead])) < 1e-3)
        }
        #expect(lost == [0, 1, 2])
        let noisy = try gtm(noise: 0.1)
        try noisy.fault(.deadBitLine, tile: noisy.gtmTile, count: 3)
        #expect(try sum(noisy) == 0)
    }

    /// Each dead row takes a cell of the full columns, and one of the third if it is in its rows.
    @Test func aDeadWordLineOfTheGTMTakesACellAColumn() throws {
        var lost: Set<Int> = []
        for seed in Self.seeds {
            let bench = try gtm()
            let record = try bench.fault(.deadWordLine, tile: bench.gtmTile, count: 3, seed: seed)
            let cells = record.deadWordLines.reduce(0) { $0 + ($1 < 8 ? 3 : 2) }
            lost.insert(cells)
            #expect(abs(try sum(bench) - Double(20 * (40 - cells))) < 1e-3)
        }
        #expect(lost.count > 1)
    }

    /// G_off is 2 µS; a stuck cell that the GTM does not use changes nothing.
    @Test func stuckCellsOfTheGTMCountAsWhatTheyConduct() throws {
        for seed in Self.seeds {
            let bench = try gtm()
            let record = try bench.fault(.stuckOff, tile: bench.gtmTile, count: 20, seed: seed)
            let used = record.stuckOff.filter { $0 % 3 < 2 || $0 / 3 < 8 }.count
            #expect(abs(try sum(bench) - Double(20 * (40 - used) + 2 * used)) < 1e-3)
            try bench.programReference(.gtm, microsiemens: 10)
            #expect(abs(try sum(bench) - Double(10 * (40 - used) + 2 * used)) < 1e-3)
        }
    }

    /// Five of ten lines: an LTM column is silent, with noise too, or whole.
    @Test func aDeadBitLineSilencesAnLTMColumn() throws {
        var silent = 0
        for seed in Self.seeds {
            let (bench, matrix) = try ltm()
            let record = try bench.fault(.deadBitLine, tile: 0, count: 5, seed: seed)
            for (column, sum) in try conductances(bench, matrix).enumerated() {
                let isDead = record.deadBitLines.contains(UInt32(8 + column))
                silent += isDead ? 1 : 0
                #expect(abs(sum - (isDead ? 0 : 320)) < 1e-3)
            }
        }
        #expect((1 ..< 40).contains(silent))
        let (noisy, matrix) = try ltm(noise: 0.1)
        try noisy.fault(.deadBitLine, tile: 0, count: 10)
        #expect(try conductances(noisy, matrix) == [0, 0])
    }

    @Test func aDeadWordLineTakesACellOfEachLTMColumn() throws {
        let (bench, matrix) = try ltm()
        try bench.fault(.deadWordLine, tile: 0, count: 3)
        for sum in try conductances(bench, matrix) { #expect(abs(sum - 20 * 13) < 1e-3) }
    }

    @Test func stuckCellsOfAnLTMCountAsWhatTheyConduct() throws {
        let (bench, matrix) = try ltm()
        let record = try bench.fault(.stuckOff, tile: 0, count: 60)
        for (column, sum) in try conductances(bench, matrix).enumerated() {
            let stuck = record.stuckOff.filter { Int($0) % 10 == 8 + column }.count
            #expect(stuck > 0)
            #expect(abs(sum - Double(20 * (16 - stuck) + 2 * stuck)) < 1e-3)
        }
    }

    /// Whole codes are added to each conversion of the tile: three tiles of a column each, one of
    /// them off by 3; LSB = 2.5·16·V_read·20 µS/255.
    @Test func anOffsetOfTheGTMsConverterIsAddedToItsColumns() throws {
        for (lsb, tiles) in [(3.0, [1]), (-4, [0, 2])] {
            let bench = try gtm(adcBits: 8, columns: 1)
            let before = try bench.readReference().microamperes
            for tile in tiles {
                try bench.fault(.adcOffset(lsb: lsb), tile: bench.gtmTile + tile)
            }
            let step = 2.5 * 16 * 0.2 * 20 / 255
            let change = try bench.readReference(repeats: 5).microamperes - before
            #expect(abs(change - lsb * Double(tiles.count) * step) < 1e-9)
        }
    }

    /// κ·LSB = 2.5·16·20·3/18 on the scale of the products.
    @Test func anOffsetOfATilesConverterIsAddedToItsLTMSums() throws {
        for lsb in [5.0, -5] {
            let (bench, matrix) = try ltm(adcBits: 8)
            let inputs = [UInt8](repeating: 255, count: 16)
            let before = try #require(try bench.multiplyWithLTM(matrix, inputs).product.ltm)
            try bench.fault(.adcOffset(lsb: lsb), tile: 0)
            let after = try #require(try bench.multiplyWithLTM(matrix, inputs).product.ltm)
            for (a, b) in zip(after.products, before.products) {
                #expect(abs(Double(a - b) - lsb * 2.5 * 16 * 20 * 3 / 18) < 0.01)
            }
        }
    }
}
