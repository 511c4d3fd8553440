import ChipCore
import Physics
import TestSupport
import Testing

/// Products of a chip whose wires have resistance, against every node of its tiles solved on its
/// own.
@Suite("Products through wires")
struct WiresTests {
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
        let wires = try WireResistances.strong()
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
            #expect(bench.wireSolutions == 0)
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
        let (bench, matrix) = try TestBench.single(
            TestSpec.technology(bits: 4), wires: try .strong())
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
