import ChipCore
import Physics
import TestSupport
import Testing

/// Products of a chip whose wires have resistance, against every node of its tiles solved on its
/// own.
@Suite("Products through wires")
struct WiresTests {
    static let strong = try? WireResistances(
        driverOhm: 600, rowWireOhm: 60, columnWireOhm: 90, senseOhm: 1800)

    struct Case: CustomTestStringConvertible, Sendable {
        var mapping = WeightEncoding.Mapping.differential
        var sensing: Sensing?
        var direction = ReadDirection.forward
        var isSigned = false
        var testDescription: String {
            "\(sensing.map { "\($0)" } ?? "\(mapping)") \(direction)\(isSigned ? " signed" : "")"
        }
    }

    static let cases = [ReadDirection.forward, .transposed].flatMap {
        [
            Case(direction: $0), Case(direction: $0, isSigned: true),
            Case(sensing: .differentialDigital, direction: $0),
            Case(mapping: .offset, sensing: .singleEnded, direction: $0),
        ]
    }

    /// 20 × 11 weights of two slices on 16 × 8 tiles: blocks that fill their tile and blocks that
    /// leave cells beside them.
    @Test(arguments: cases)
    func equalTheNodalSolution(_ test: Case) throws {
        let wires = try #require(Self.strong)
        let bench = try TestBench(TestSpec.chip(TestSpec.technology(bits: 4), wires: wires))
        try bench.takeLease()
        let matrix = try bench.map(
            rows: 20, columns: 11, weightBits: 8, codeMax: 100, mapping: test.mapping,
            sensing: test.sensing)
        #expect(matrix.slices == 2)
        var generator = SeededGenerator(state: 3)
        let codes = (0 ..< 220).map { _ in Int16.random(in: -100 ... 100, using: &generator) }
        try bench.program(matrix.id, codes)
        let isForward = test.direction == .forward
        let (inputs, outputs) = isForward ? (20, 11) : (11, 20)
        let batch = 3
        let values = (0 ..< batch * inputs).map { _ in
            Int.random(in: test.isSigned ? -127 ... 127 : 0 ... 255, using: &generator)
        }
        let products = try bench.products(
            matrix.id,
            test.isSigned
                ? .signed(values.map { Int8($0) }) : .unsigned(values.map { UInt8($0) }),
            batch: batch, transposed: !isForward)

        let polarities = test.mapping == .differential ? 2 : 1
        let cells = try matrix.tiles.map { try bench.conductances(tile: $0) }
        let solved = cells.map {
            NodalNetwork(16, 8, $0, wires, test.direction).matrix(test.direction)
        }
        // κ and what is subtracted for each input code, by device.md.
        let stretch = test.mapping == .differential ? 2.0 : 1.0
        let volts = 0.2 / 255
        let kappa = 15 / (18 * volts * stretch)
        let reference = test.mapping == .offset ? kappa * 17 * 2 * volts + 128 / stretch : 0
        var drop = 0.0
        for vector in 0 ..< batch {
            let codes = values[vector * inputs ..< (vector + 1) * inputs].map { Double($0) }
            for output in 0 ..< outputs {
                var exact = -reference * codes.reduce(0, +)
                var ideal = exact
                var scale = 0.0
                for input in 0 ..< inputs {
                    let (row, column) = isForward ? (input, output) : (output, input)
                    let block = row / 16 * 2 + column / 8
                    for slice in 0 ..< 2 {
                        for polarity in 0 ..< polarities {
                            let tile = (block * 2 + slice) * polarities + polarity
                            let cell = row % 16 * 8 + column % 8
                            let part =
                                kappa * volts * codes[input] * (slice == 0 ? 1 : 16)
                                * (polarity == 0 ? 1 : -1)
                            exact += part * solved[tile][cell]
                            scale += abs(part * solved[tile][cell])
                            ideal += part * cells[tile][cell]
                        }
                    }
                }
                let product = Double(products[vector * outputs + output])
                #expect(abs(product - exact) <= 1e-5 * scale)
                drop = max(drop, abs(ideal - exact) / scale)
            }
        }
        // The wires are not a detail.
        #expect(drop > 0.05)
    }

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

    private func single(_ technology: CellTechnology, wires: WireResistances) throws
        -> (TestBench, MatrixDescription)
    {
        let bench = try TestBench(
            TestSpec.chip(technology, tiles: 4, rows: 24, columns: 16, wires: wires))
        try bench.takeLease()
        let matrix = try bench.map(
            rows: 20, columns: 12, weightBits: 4, codeMax: 7, mapping: .offset,
            sensing: .singleEnded)
        #expect(matrix.tiles.count == 1)
        return (bench, matrix)
    }

    private func solutions(_ bench: TestBench) -> Int {
        bench.chip.worker.withLock { $0.wireSolutions }
    }

    /// From 0.2 s to 10⁷ s after programming, in steps within a span and beyond it.
    @Test func agreeWithAFreshSolutionWhileTheCellsDrift() throws {
        let (bench, matrix) = try single(
            TestSpec.technology(bits: 4, drift: 0.1, driftSpread: 0.02),
            wires: try #require(Self.strong))
        try bench.program(matrix.id, (0 ..< 240).map { Int16($0 * 7 % 15) - 7 })
        // Below t₀ nothing drifts: one solution.
        try bench.advance(seconds: 0.2)
        #expect(try error(bench, matrix) < 1e-5)
        try bench.advance(seconds: 0.5)
        #expect(try error(bench, matrix) < 1e-5)
        #expect(solutions(bench) == 1)
        try bench.advance(seconds: 0.5)
        var age = 1.2
        #expect(try error(bench, matrix) < 1e-5)
        #expect(solutions(bench) > 1)
        var courses = 0
        var before = solutions(bench)
        while age < 1e7 {
            try bench.advance(seconds: age * 0.1)
            age *= 1.1
            #expect(try error(bench, matrix) < 1e-5, "age \(age)")
            let solved = solutions(bench) - before
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
        let (bench, matrix) = try single(
            TestSpec.technology(bits: 4, drift: 0.1),
            wires: hasWires ? try #require(Self.strong) : .ideal)
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
        let (bench, matrix) = try single(
            TestSpec.technology(bits: 4, noise: 0.1), wires: .published)
        let codes = (0 ..< 240).map { Int16($0 % 15) - 7 }
        let inputs = MultiplyCommand.Inputs.unsigned(Array(repeating: 9, count: 20))
        for round in 1 ... 2 {
            try bench.program(matrix.id, codes.map { $0 * Int16(3 - 2 * round) }, all: true)
            for _ in 0 ..< 3 {
                _ = try bench.products(matrix.id, inputs, batch: 1)
                try bench.advance(seconds: 1e5)
            }
            #expect(solutions(bench) == 2 * round - 1)
            _ = try bench.products(
                matrix.id, .unsigned(Array(repeating: 9, count: 12)), batch: 1, transposed: true)
            #expect(solutions(bench) == 2 * round)
        }
        _ = try bench.change(.unmap(matrix: matrix.id))
        #expect(bench.chip.worker.withLock { $0.wires.isEmpty && $0.images.isEmpty })
    }

    /// Variance of many products of one vector, differential, blocks smaller than the tiles, against
    /// the noise of every cell times the square of its voltage and of its transfer to the output.
    @Test(arguments: [ReadDirection.forward, .transposed])
    func noiseIsThatOfTheExactAdjoint(direction: ReadDirection) throws {
        let (tileRows, tileColumns, rows, columns, batch) = (32, 24, 24, 18, 60_000)
        let bench = try TestBench(
            TestSpec.chip(
                TestSpec.technology(bits: 4, noise: 0.1), rows: tileRows, columns: tileColumns,
                wires: .published))
        try bench.takeLease()
        let matrix = try bench.map(rows: rows, columns: columns, weightBits: 4, codeMax: 7)
        #expect(matrix.sensing == .differentialAnalog && matrix.tiles.count == 2)
        var generator = SeededGenerator(state: 8)
        try bench.program(
            matrix.id,
            (0 ..< rows * columns).map { _ in Int16.random(in: -7 ... 7, using: &generator) })
        let isForward = direction == .forward
        let (inputs, outputs) = isForward ? (rows, columns) : (columns, rows)
        let vector = (0 ..< inputs).map { _ in UInt8.random(in: 0 ... 255, using: &generator) }
        let products = try bench.products(
            matrix.id, .unsigned(Array(repeatElement(vector, count: batch).joined())),
            batch: batch, transposed: !isForward)

        let volts =
            vector.map { Double($0) * 0.2 / 255 }
            + Array(repeating: 0, count: (isForward ? tileRows : tileColumns) - inputs)
        var exact = [Double](repeating: 0, count: outputs)
        for tile in matrix.tiles {
            let g = try bench.conductances(tile: tile)
            let nodal = NodalNetwork(tileRows, tileColumns, g, .published, direction)
            let grounded = [Double](repeating: 0, count: isForward ? tileColumns : tileRows)
            let driven =
                isForward
                ? nodal.potentials(rowVolts: volts, columnVolts: grounded)
                : nodal.potentials(rowVolts: grounded, columnVolts: volts)
            for output in 0 ..< outputs {
                let adjoint = isForward ? nodal.columnDriven(output) : nodal.rowDriven(output)
                for cell in g.indices {
                    let (word, bit) = (nodal.wordLine[cell], nodal.bitLine[cell])
                    let transfer = adjoint[word] - adjoint[bit]
                    let effect = 0.1 * g[cell] * (driven[word] - driven[bit]) * transfer
                    exact[output] += effect * effect
                }
            }
        }
        let kappa = 15 / (18 * 0.2 / 255 * 2)
        for output in 0 ..< outputs {
            let sample = (0 ..< batch).map { Double(products[$0 * outputs + output]) / kappa }
            let mean = sample.reduce(0, +) / Double(batch)
            let variance =
                sample.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(batch - 1)
            // 3 % of the law, and 99.9 % of a sample of its variance.
            let bound = 0.03 + 3.290527 * (2 / Double(batch - 1)).squareRoot()
            #expect(abs(variance / exact[output] - 1) < bound)
        }
    }

    /// Of the one image.
    private func variance(_ bench: TestBench) -> [Float] {
        bench.chip.worker.withLock { $0.images.values.first?.image.variance ?? [] }
    }

    /// a of (X-7) inside a span, against that of cells as old.
    @Test func noiseFollowsTheDrift() throws {
        let (bench, matrix) = try single(
            TestSpec.technology(bits: 4, drift: 0.1, noise: 0.1), wires: .published)
        try bench.program(matrix.id, (0 ..< 240).map { Int16($0 * 7 % 15) - 7 })
        try bench.advance(seconds: 2)
        let tile = matrix.tiles[0]
        var first: [Float] = []
        for _ in 0 ..< 4 {
            _ = try bench.products(
                matrix.id, .unsigned(Array(repeating: 1, count: 20)), batch: 1)
            let found = variance(bench)
            let g = try bench.conductances(tile: tile)
            let wired = WiredTile(
                rows: 24, columns: 16, conductances: g, resistances: .published)
            let noise = WireNoise(
                transfers: CellTransfers(wired, effective: EffectiveMatrix(wired)),
                conductances: g.map { Float($0) },
                noise: bench.spec.banks[0].technology.readNoise)
            let exact = noise.squares.corner(rows: 20, columns: 12, stride: 16)
            #expect(found.count == exact.count)
            #expect(zip(found, exact).allSatisfy { abs($0 / $1 - 1) < 0.001 })
            if first.isEmpty { first = found }
            try bench.advance(seconds: 0.2)
        }
        // One course: four solutions and two with noise. 26 % more age, variance ∝ age^(−2ν).
        #expect(solutions(bench) == 6)
        #expect(zip(variance(bench), first).allSatisfy { $0 < 0.97 * $1 })
    }

    @Test func wiresOfZeroAreNoWires() throws {
        let none = try WireResistances(driverOhm: 0, rowWireOhm: 0, columnWireOhm: 0, senseOhm: 0)
        var results: [[Float]] = []
        for wires in [WireResistances.ideal, none] {
            let bench = try TestBench(
                TestSpec.chip(
                    TestSpec.technology(drift: 0.05, noise: 0.1), adcBits: 10, wires: wires))
            try bench.takeLease()
            let matrix = try bench.map(rows: 20, columns: 12)
            try bench.program(matrix.id, (0 ..< 240).map { Int16($0) - 120 })
            try bench.advance(seconds: 100)
            results.append(
                try bench.products(
                    matrix.id, .unsigned((0 ..< 60).map { UInt8($0 * 4) }), batch: 3))
            #expect(solutions(bench) == 0)
            #expect(bench.chip.dataSheet.effectsNotModelled.contains("wire resistance"))
        }
        #expect(results[0] == results[1])
    }

    @Test func theDataSheetSaysSo() throws {
        let chip = try TestBench(TestSpec.chip(TestSpec.technology(), wires: .published)).chip
        #expect(chip.dataSheet.effectsModelled.contains("wire resistance"))
        #expect(!chip.dataSheet.effectsNotModelled.contains("wire resistance"))
    }

    /// The power that the drivers give a tile lies between that of the effective matrix and that
    /// of the cells without wires, which is what a product costs (K-2).
    @Test func theStatedEnergyIsAnUpperBound() throws {
        let (bench, matrix) = try single(
            TestSpec.technology(bits: 4), wires: try #require(Self.strong))
        try bench.program(matrix.id, (0 ..< 240).map { Int16($0 * 7 % 15) - 7 })
        let codes = (0 ..< 20).map { UInt8($0 * 12) }
        let reply = try bench.chip.sample(
            .multiply(
                MultiplyCommand(
                    matrix: matrix.id, inputs: .unsigned(codes), batch: 1, transposed: false,
                    bitSerial: false, products: true, fullScaleMicroamperes: 0)),
            work: bench.work)
        let stated = try #require(reply.cost.parts[.array]?.energyPicojoules)
        // (K-2) counts the cells of the block only: those beside it are opened.
        var g = try bench.conductances(tile: matrix.tiles[0])
        for cell in g.indices where cell % 16 >= 12 { g[cell] = 0 }
        let volts = codes.map { Double($0) * 0.2 / 255 } + [0, 0, 0, 0]
        let nodal = NodalNetwork(24, 16, g, bench.spec.wires)
        let potentials = nodal.potentials(
            rowVolts: volts, columnVolts: Array(repeating: 0, count: 16))
        let sources = nodal.currents(potentials, intoColumns: false)
        // V·µA for 10 ns.
        let power = -zip(volts, sources).reduce(0) { $0 + $1.0 * $1.1 }
        let forward = nodal.forwardMatrix()
        let least = g.indices.reduce(0) { $0 + volts[$1 / 16] * volts[$1 / 16] * forward[$1] }
        #expect(least < power)
        #expect(power * 10e-3 < stated)
    }
}
