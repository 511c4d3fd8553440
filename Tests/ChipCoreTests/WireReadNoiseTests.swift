import ChipCore
import Physics
import TestSupport
import Testing

@Suite("Read noise of products through wires")
struct WireReadNoiseTests {
    /// Variance of many products of one vector, differential, blocks smaller than the tiles, against
    /// the noise of every cell times the square of its voltage and of its transfer to the output.
    /// Broken lines are open: their cells carry nothing, and those of a broken output not even noise.
    @Test(arguments: [ReadDirection.forward, .transposed], [false, true])
    func noiseIsThatOfTheExactAdjoint(direction: ReadDirection, isBroken: Bool) throws {
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
        if isBroken {
            for kind in [FaultCommand.Kind.deadWordLine, .deadBitLine] {
                _ = try bench.chip.simulate(
                    .fault(
                        FaultCommand(
                            kind: kind, bank: "", tiles: matrix.tiles, amount: .count(12),
                            seed: 5)), work: bench.work)
            }
        }
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
        var means = exact
        for tile in matrix.tiles {
            let g = try bench.conductances(tile: tile)
            let nodal = NodalNetwork(tileRows, tileColumns, g, .published, direction)
            let grounded = [Double](repeating: 0, count: isForward ? tileColumns : tileRows)
            let driven =
                isForward
                ? nodal.potentials(rowVolts: volts, columnVolts: grounded)
                : nodal.potentials(rowVolts: grounded, columnVolts: volts)
            let currents = nodal.currents(driven, intoColumns: isForward)
            for output in 0 ..< outputs {
                means[output] += (tile == matrix.tiles[0] ? 1 : -1) * currents[output]
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
            // 99.9 % over all outputs of all cases.
            #expect(
                abs(mean - means[output])
                    <= 4.4 * (exact[output] / Double(batch)).squareRoot()
                    + 1e-5 * abs(means[output]))
            guard exact[output] > 0 else {
                #expect(isBroken && variance == 0)
                continue
            }
            // 3 % of the law, and 99.9 % of a sample of its variance.
            let bound = 0.03 + 3.290527 * (2 / Double(batch - 1)).squareRoot()
            #expect(abs(variance / exact[output] - 1) < bound)
        }
    }

    /// Of the one image.
    private func variance(_ bench: TestBench) -> [Float] {
        bench.chip.worker.withLock { $0.images.values.first?.image.variance ?? [] }
    }

    /// a of inside a span, against that of cells as old.
    @Test func noiseFollowsTheDrift() throws {
        let (bench, matrix) = try TestBench.single(
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
            let exact = noise.squares.block(rows: 20, columns: 0 ..< 12, stride: 16)
            #expect(found.count == exact.count)
            #expect(zip(found, exact).allSatisfy { abs($0 / $1 - 1) < 0.001 })
            if first.isEmpty { first = found }
            try bench.advance(seconds: 0.2)
        }
        // One course: four solutions and two with noise. 26 % more age, variance ∝ age^(−2ν).
        #expect(bench.wireSolutions == 6)
        #expect(zip(variance(bench), first).allSatisfy { $0 < 0.97 * $1 })
    }
}
