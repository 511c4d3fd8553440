import Foundation
import Physics
import TestSupport
import Testing

@Suite("Wires: read noise through the wires (X-6, X-7)")
struct WireNoiseTests {
    /// The tile and its exact solution: potentials of every node for each driven line.
    struct Bench {
        let rows: Int
        let columns: Int
        let g: [Double]
        let direction: ReadDirection
        let effective: EffectiveMatrix
        let transfers: CellTransfers
        let nodal: NodalNetwork

        init(
            _ cells: Cells, _ rows: Int, _ columns: Int, _ resistances: WireResistances,
            _ direction: ReadDirection, open: Double = 0, seed: UInt64
        ) throws {
            var generator = SeededGenerator(state: seed)
            (self.rows, self.columns, self.direction) = (rows, columns, direction)
            g = try randomConductances(
                cells, count: rows * columns, open: open, generator: &generator)
            let tile = WiredTile(
                rows: rows, columns: columns, conductances: g, resistances: resistances,
                direction: direction)
            effective = EffectiveMatrix(tile)
            transfers = CellTransfers(tile, effective: effective)
            nodal = NodalNetwork(rows, columns, g, resistances, direction)
        }

        var inputs: Int { direction == .forward ? rows : columns }
        var outputs: Int { direction == .forward ? columns : rows }
        func input(_ cell: Int) -> Int { direction == .forward ? cell / columns : cell % columns }
        func output(_ cell: Int) -> Int { direction == .forward ? cell % columns : cell / columns }
        func driven(input: Int) -> [Double] {
            direction == .forward ? nodal.rowDriven(input) : nodal.columnDriven(input)
        }
        func driven(output: Int) -> [Double] {
            direction == .forward ? nodal.columnDriven(output) : nodal.rowDriven(output)
        }
        func driven(_ volts: [Double]) -> [Double] {
            let zeros = [Double](repeating: 0, count: outputs)
            return direction == .forward
                ? nodal.potentials(rowVolts: volts, columnVolts: zeros)
                : nodal.potentials(rowVolts: zeros, columnVolts: volts)
        }
        /// Input-line node and output-line node of a cell.
        func nodes(_ cell: Int) -> (Int, Int) {
            direction == .forward
                ? (nodal.wordLine[cell], nodal.bitLine[cell])
                : (nodal.bitLine[cell], nodal.wordLine[cell])
        }
        func currents(_ volts: [Double]) -> [Double] {
            (0 ..< outputs).map { output in
                (0 ..< rows * columns).reduce(0) { sum, cell in
                    self.output(cell) == output
                        ? sum + effective.values[cell] * volts[input(cell)] : sum
                }
            }
        }
    }

    /// T, α, κ and λ against their definitions, every node solved.
    @Test(
        arguments: [(12, 9, 0.0), (7, 20, 0.3), (18, 18, 0.1)],
        [ReadDirection.forward, .transposed])
    func factorsAreWhatTheySay(shape: (Int, Int, Double), direction: ReadDirection) throws {
        for (driver, sense) in [(1000.0, 300.0), (0, 0), (0, 800)] {
            let bench = try Bench(
                .rram, shape.0, shape.1,
                WireResistances(
                    driverOhm: driver, rowWireOhm: 40, columnWireOhm: driver / 10, senseOhm: sense),
                direction, open: shape.2, seed: 11)
            let count = bench.rows * bench.columns
            let byInput = (0 ..< bench.inputs).map { bench.driven(input: $0) }
            let byOutput = (0 ..< bench.outputs).map { bench.driven(output: $0) }
            let all = bench.driven([Double](repeating: 1, count: bench.inputs))
            let sums = bench.currents([Double](repeating: 1, count: bench.inputs))
            let total = sums.reduce(0, +)
            var (t, alpha, lambda, kappa) = ([Double](), [Double](), [Double](), [Double]())
            for cell in 0 ..< count {
                let (word, bit) = bench.nodes(cell)
                let (input, output) = (bench.input(cell), bench.output(cell))
                t.append(byOutput[output][bit] - byOutput[output][word])
                alpha.append(byInput[input][word])
                lambda.append((all[word] - alpha[cell]) / total)
                kappa.append(all[bit] / sums[output])
            }
            let transfers = bench.transfers
            #expect(largestDifference(transfers.transfer, t) < 1e-11)
            #expect(largestDifference(transfers.alpha, alpha) < 1e-11)
            #expect(zip(transfers.lambda, lambda).allSatisfy { abs($0 - $1) * total < 1e-11 })
            #expect(zip(transfers.kappa, kappa).allSatisfy { abs($0 - $1) * total < 1e-10 })
        }
    }

    struct Case: CustomTestStringConvertible, Sendable {
        let cells: Cells
        let rows: Int
        let columns: Int
        let direction: ReadDirection
        var testDescription: String { "\(cells.name) \(rows) × \(columns) \(direction)" }
    }

    static let cases = [Cells.feFET, .pcmOne, .pcmTwo, .rram].flatMap { cells in
        [(16, 16), (24, 40), (40, 24), (32, 32), (48, 48), (64, 64)].map {
            Case(cells: cells, rows: $0.0, columns: $0.1, direction: .forward)
        } + [Case(cells: cells, rows: 32, columns: 20, direction: .transposed)]
    }

    /// Against the exact adjoint: the noise of every cell of the tile times the square of its own
    /// voltage and of its transfer to the output.
    @Test(arguments: cases)
    func withinThreePercentOfTheExactVariance(_ item: Case) throws {
        let seed = UInt64(item.rows * 100 + item.columns)
        let bench = try Bench(
            item.cells, item.rows, item.columns, .published, item.direction, seed: seed)
        let noise = try item.cells.technology().readNoise
        let image = WireNoise(
            transfers: bench.transfers, conductances: bench.g.map { Float($0) }, noise: noise)
        var generator = SeededGenerator(state: seed + 1)
        let adjoints = (0 ..< bench.outputs).map { bench.driven(output: $0) }
        for density in [1.0, 0.4] {
            let volts = (0 ..< bench.inputs).map { _ in
                Double.random(in: 0 ..< 1, using: &generator) < density
                    ? 0.2 * Double(Int.random(in: 0 ..< 256, using: &generator)) / 255 : 0
            }
            let potentials = bench.driven(volts)
            let currents = bench.currents(volts)
            let variances = image.variances(voltages: volts, currents: currents)
            for output in 0 ..< bench.outputs {
                let adjoint = adjoints[output]
                var exact = 0.0
                for cell in 0 ..< bench.rows * bench.columns {
                    let (word, bit) = bench.nodes(cell)
                    let deviation = Double(noise.deviation(Float(bench.g[cell])))
                    let effect =
                        deviation * (potentials[word] - potentials[bit])
                        * (adjoint[bit] - adjoint[word])
                    exact += effect * effect
                }
                #expect(abs(variances[output] / exact - 1) < 0.03)
            }
        }
    }

    /// The three products and three sums are Σ σ²·S², for voltages of both signs.
    @Test(arguments: [ReadDirection.forward, .transposed])
    func theExpansionIsTheSum(direction: ReadDirection) throws {
        let bench = try Bench(.pcmTwo, 13, 22, .published, direction, seed: 9)
        let noise = try Cells.pcmTwo.technology().readNoise
        let g = bench.g.map { Float($0) }
        let image = WireNoise(transfers: bench.transfers, conductances: g, noise: noise)
        var generator = SeededGenerator(state: 1)
        let volts = (0 ..< bench.inputs).map { _ in Double.random(in: -1 ... 1, using: &generator) }
        let currents = bench.currents(volts)
        let total = currents.reduce(0, +)
        var sums = [Double](repeating: 0, count: bench.outputs)
        let transfers = bench.transfers
        for cell in g.indices {
            let output = bench.output(cell)
            let effect =
                Double(noise.deviation(g[cell])) * transfers.transfer[cell]
                * (transfers.alpha[cell] * volts[bench.input(cell)]
                    + transfers.lambda[cell] * total - transfers.kappa[cell] * currents[output])
            sums[output] += effect * effect
        }
        let variances = image.variances(voltages: volts, currents: currents)
        #expect(largestRatioError(variances, sums) < 1e-5)
    }

    /// Half way between two ages against the noise at that age.
    @Test(arguments: [Cells.feFET, .rram], [ReadDirection.forward, .transposed])
    func betweenTwoAges(cells: Cells, direction: ReadDirection) throws {
        var generator = SeededGenerator(state: 2)
        let g = try randomConductances(cells, count: 64 * 64, generator: &generator)
        let nu = g.map { _ in
            cells.driftCoefficient * Double.random(in: 0.4 ... 1.6, using: &generator)
        }
        let noise = try cells.technology().readNoise
        func image(_ x: Double) -> (WireNoise, EffectiveMatrix) {
            let aged = zip(g, nu).map { $0 * exp(-$1 * x) }
            let tile = WiredTile(
                rows: 64, columns: 64, conductances: aged, resistances: .published,
                direction: direction)
            let effective = EffectiveMatrix(tile)
            return (
                WireNoise(
                    transfers: CellTransfers(tile, effective: effective),
                    conductances: aged.map { Float($0) }, noise: noise), effective
            )
        }
        let volts = (0 ..< 64).map { _ in Double.random(in: 0 ... 0.2, using: &generator) }
        let (middle, effective) = image(0.21)
        let currents = (0 ..< 64).map { output in
            (0 ..< 64).reduce(0) { sum, input in
                sum + volts[input]
                    * (direction == .forward ? effective[input, output] : effective[output, input])
            }
        }
        let mixed = WireNoise.between(image(0).0, image(0.42).0, share: 0.5)
        let error = largestRatioError(
            mixed.variances(voltages: volts, currents: currents),
            middle.variances(voltages: volts, currents: currents))
        #expect(error < 0.001)
        // The ends themselves are further away.
        for end in [0, 0.42] {
            let atEnd = image(end).0.variances(voltages: volts, currents: currents)
            let expected = middle.variances(voltages: volts, currents: currents)
            #expect(largestRatioError(atEnd, expected) > 0.004)
        }
    }

    @Test func withoutResistancesItIsThePlainLaw() throws {
        let noise = try ReadNoise(relative: 0.1, constantMicrosiemens: 0.3)
        let tile = WiredTile(
            rows: 3, columns: 2, conductances: [1.0, 2, 0, 4, 5, 6], resistances: .ideal)
        let transfers = CellTransfers(tile, effective: EffectiveMatrix(tile))
        let image = WireNoise(transfers: transfers, conductances: [1, 2, 0, 4, 5, 6], noise: noise)
        for (variance, g) in zip(image.squares, [1.0, 2, 0, 4, 5, 6]) {
            let deviation = 0.1 * g + 0.3
            #expect(abs(Double(variance) - deviation * deviation) < 1e-7)
        }
        #expect((image.sums + image.outputs).allSatisfy { abs($0) < 1e-12 })
        #expect(
            (image.sumSquares + image.sumOutputs + image.outputSquares).allSatisfy { $0 < 1e-12 })
    }

    @Test func openCellsAreQuiet() {
        let tile = WiredTile(
            rows: 2, columns: 2, conductances: [0.0, 0, 0, 0], resistances: .published)
        let transfers = CellTransfers(tile, effective: EffectiveMatrix(tile))
        #expect(transfers.kappa + transfers.lambda == [Double](repeating: 0, count: 8))
        #expect(transfers.transfer.allSatisfy { abs($0 - 1) < 1e-15 })
    }
}
