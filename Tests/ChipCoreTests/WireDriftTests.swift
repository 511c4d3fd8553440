import ChipCore
import Physics
import Testing

/// The exact matrix of a tile is carried along while its cells drift, and solved anew when written.
@Suite("Wires of a chip that drifts")
struct WireDriftTests {
    /// Unit vectors into a single array: the entries of M.
    private func entries(_ bench: TestBench, _ matrix: MatrixDescription) throws -> [Double] {
        var inputs = [UInt8](repeating: 0, count: matrix.rows * matrix.rows)
        for row in 0 ..< matrix.rows { inputs[row * matrix.rows + row] = 255 }
        let products = try bench.products(
            matrix.id, .unsigned(inputs), batch: matrix.rows)
        let volts = 0.2 / 255
        let kappa = 15 / (18 * volts)
        return products.map { (Double($0) + 255 * (kappa * 2 * volts + 8)) / (kappa * 0.2) }
    }

    /// Largest error of an entry over the largest entry of its output.
    private func error(_ bench: TestBench, _ matrix: MatrixDescription) throws -> Double {
        let found = try entries(bench, matrix)
        let bank = bench.spec.banks[0]
        let exact = EffectiveMatrix(
            WiredTile(
                rows: bank.rows, columns: bank.columns,
                conductances: try bench.conductances(tile: matrix.tiles[0]),
                resistances: bench.spec.wires))
        return (0 ..< matrix.columns).reduce(0.0) { worst, column in
            let largest = (0 ..< bank.rows).reduce(0) { max($0, exact[$1, column]) }
            return (0 ..< matrix.rows).reduce(worst) {
                max($0, abs(found[$1 * matrix.columns + column] - exact[$1, column]) / largest)
            }
        }
    }

    /// From 0.2 s to 10⁷ s after programming, in steps within a span and beyond it.
    @Test func agreeWithAFreshSolutionWhileTheCellsDrift() throws {
        let (bench, matrix) = try TestBench.single(
            TestSpec.technology(bits: 4, drift: 0.1, driftSpread: 0.02),
            wires: try .strong())
        try bench.program(matrix.id, (0 ..< 240).map { Int16($0 * 7 % 15) - 7 })
        // Below t₀ nothing drifts: one solution.
        try bench.advance(seconds: 0.2)
        #expect(try error(bench, matrix) < 1e-5)
        try bench.advance(seconds: 0.5)
        #expect(try error(bench, matrix) < 1e-5)
        #expect(bench.wireSolutions == 1)
        try bench.advance(seconds: 0.5)
        var age = 1.2
        #expect(try error(bench, matrix) < 1e-5)
        #expect(bench.wireSolutions > 1)
        var courses = 0
        var before = bench.wireSolutions
        while age < 1e7 {
            try bench.advance(seconds: age * 0.1)
            age *= 1.1
            #expect(try error(bench, matrix) < 1e-5, "age \(age)")
            let solved = bench.wireSolutions - before
            // A course is four solutions; a first guess that failed is four more.
            #expect([0, 4, 8].contains(solved))
            if solved > 0 { courses += 1 }
            before += solved
        }
        // 167 steps of 0.095 in ln(age), spans of 0.40 or more at this tolerance.
        #expect(courses <= 40)
        #expect(courses >= 20)
    }

    /// Half of the cells below t₀, half drifting fast: nothing may be held for long.
    @Test(arguments: [false, true])
    func cellsOfDifferentAgeKeepTheBound(hasWires: Bool) throws {
        let (bench, matrix) = try TestBench.single(
            TestSpec.technology(bits: 4, drift: 0.1),
            wires: hasWires ? try .strong() : .ideal)
        try bench.program(matrix.id, Array(repeating: 5, count: 240))
        try bench.advance(seconds: 1.1)
        try bench.program(
            matrix.id, Array(repeating: -3, count: 120),
            region: Region(row: 0, column: 0, rows: 10, columns: 12))
        for seconds in [0.1, 0.3, 0.3, 0.2, 0.4, 3] {
            #expect(try error(bench, matrix) < 1e-5)
            try bench.advance(seconds: seconds)
        }
        #expect(try error(bench, matrix) < 1e-5)
    }

    /// Written cells and nothing else cost a new solution where nothing drifts.
    @Test func aTileIsSolvedOnceUntilItIsWritten() throws {
        let (bench, matrix) = try TestBench.single(
            TestSpec.technology(bits: 4, noise: 0.1), wires: .published)
        let codes = (0 ..< 240).map { Int16($0 % 15) - 7 }
        let inputs = MultiplyCommand.Inputs.unsigned(Array(repeating: 9, count: 20))
        for round in 1 ... 2 {
            try bench.program(matrix.id, codes.map { $0 * Int16(3 - 2 * round) }, all: true)
            for _ in 0 ..< 3 {
                _ = try bench.products(matrix.id, inputs, batch: 1)
                try bench.advance(seconds: 1e5)
            }
            #expect(bench.wireSolutions == 2 * round - 1)
            _ = try bench.products(
                matrix.id, .unsigned(Array(repeating: 9, count: 12)), batch: 1, transposed: true)
            #expect(bench.wireSolutions == 2 * round)
        }
        _ = try bench.change(.unmap(matrix: matrix.id))
        #expect(bench.chip.worker.withLock { $0.wires.isEmpty && $0.images.isEmpty })
    }
}
