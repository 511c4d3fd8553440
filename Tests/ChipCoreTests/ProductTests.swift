import ChipCore
import Physics
import Synchronization
import TestSupport
import Testing

/// Products of whole matrices against integer arithmetic: the chip of these tests has no noise,
/// so that its products must be Σ q·x.
@Suite("Products of mapped matrices")
struct ProductTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var bits = 2
        var weightBits = 8
        var codeMax = 127
        var mapping = WeightEncoding.Mapping.differential
        var sensing: Sensing?
        var isSigned = false
        var isTransposed = false
        var isBitSerial = false
        var bank = ""

        var testDescription: String {
            "\(bits) bits a cell, ±\(codeMax), \(mapping), \(sensing.map { "\($0)" } ?? "default"), "
                + "\(isSigned ? "signed" : "unsigned")\(isTransposed ? ", transposed" : "")"
                + "\(isBitSerial ? ", bit-serial" : "") \(bank)"
        }
    }

    static let cases: [Case] = [
        Case(), Case(isSigned: true), Case(isTransposed: true),
        Case(isSigned: true, isTransposed: true), Case(isBitSerial: true),
        Case(isSigned: true, isBitSerial: true), Case(bits: 4), Case(codeMax: 100),
        Case(sensing: .differentialDigital), Case(sensing: .differentialDigital, isSigned: true),
        Case(mapping: .offset), Case(mapping: .offset, isSigned: true),
        Case(mapping: .offset, isTransposed: true), Case(bits: 4, codeMax: 60, mapping: .offset),
        Case(mapping: .offset, isSigned: true, isBitSerial: true),
        Case(bits: 4, weightBits: 4, codeMax: 15),
        Case(weightBits: 2, codeMax: 1, mapping: .offset),
        Case(bank: "sram"), Case(isSigned: true, isTransposed: true, bank: "sram"),
        Case(mapping: .offset, bank: "sram"),
    ]

    @Test(arguments: cases)
    func idealChipGivesIntegerProducts(_ test: Case) throws {
        // 40 × 20 on 16 × 8 tiles: blocks that fill their tiles and blocks that do not.
        let (rows, columns, batch) = (40, 20, 5)
        let bench = try TestBench(
            TestSpec.chip(TestSpec.technology(bits: test.bits), tiles: 128))
        try bench.takeLease()
        // 9 blocks of 8 slices and 2 polarities do not fit the 64 digital tiles.
        let size = test.bank == "sram" ? (16, 20) : (rows, columns)
        let matrix = try bench.map(
            rows: size.0, columns: size.1, weightBits: test.weightBits, codeMax: test.codeMax,
            bank: test.bank, mapping: test.mapping, sensing: test.sensing)
        var generator = SeededGenerator(state: 1)
        let codes = (0 ..< size.0 * size.1).map { _ in
            Int16.random(in: Int16(-test.codeMax) ... Int16(test.codeMax), using: &generator)
        }
        try bench.program(matrix.id, codes)
        let inputs = test.isTransposed ? size.1 : size.0
        let outputs = test.isTransposed ? size.0 : size.1
        let values = (0 ..< batch * inputs).map { _ in
            Int.random(in: test.isSigned ? -127 ... 127 : 0 ... 255, using: &generator)
        }
        let products = try bench.products(
            matrix.id,
            test.isSigned
                ? .signed(values.map { Int8($0) }) : .unsigned(values.map { UInt8($0) }),
            batch: batch, transposed: test.isTransposed, bitSerial: test.isBitSerial)
        #expect(products.count == batch * outputs)
        let scale = Double(inputs * test.codeMax * 255)
        for vector in 0 ..< batch {
            for output in 0 ..< outputs {
                let exact = (0 ..< inputs).reduce(0) { sum, input in
                    let weight =
                        test.isTransposed
                        ? codes[output * size.1 + input] : codes[input * size.1 + output]
                    return sum + Int(weight) * values[vector * inputs + input]
                }
                // Float32 products: relative to the largest possible sum.
                let error = abs(Double(products[vector * outputs + output]) - Double(exact))
                #expect(error <= 2e-6 * scale, "vector \(vector), output \(output)")
            }
        }
    }

    /// Codes with an ADC: within half an LSB a conversion of the exact product, and the LSB that
    /// the reply states is the one of §7.
    @Test func codesAreProductsInStatedSteps() throws {
        let bench = try TestBench(
            TestSpec.chip(TestSpec.technology(), rows: 32, columns: 8, adcBits: 10))
        try bench.takeLease()
        // 2 slices of 2 bits; full scale 32·0.2·(20 − 2) µA by default.
        let matrix = try bench.map(rows: 32, columns: 8, weightBits: 4)
        let codes = (0 ..< 256).map { Int16($0 % 31) - 15 }
        try bench.program(matrix.id, codes)
        let inputs = (0 ..< 32).map { UInt8($0 * 8) }
        let reply = try bench.chip.sample(
            .multiply(
                MultiplyCommand(
                    matrix: matrix.id, inputs: .unsigned(inputs), batch: 1, transposed: false,
                    bitSerial: false, products: false, fullScaleMicroamperes: 0)),
            work: bench.work)
        guard case .product(let product) = reply.result,
            case .codes(let values, let lsb) = product.values
        else {
            Issue.record("expected codes")
            return
        }
        let (shape, conversions, clipped) = (product.shape, product.conversions, product.clipped)
        // lsb = FS/(2⁹ − 1)·(L − 1)/((G_on − G_off)·V_read/255) with L = 4.
        let expected = 32.0 * 0.2 * 18 / 511 * 3 / (18 * 0.2 / 255)
        #expect(abs(lsb - expected) < 1e-9 * expected)
        #expect(shape == [1, 8])
        #expect(conversions == 16)
        #expect(clipped == 0)
        for column in 0 ..< 8 {
            let exact = (0 ..< 32).reduce(0) { $0 + Int(codes[$1 * 8 + column]) * Int(inputs[$1]) }
            // Half a step in each of two slices, weighted 1 and 4.
            #expect(abs(Double(values[column]) * lsb - Double(exact)) <= 2.5 * lsb * 1.001)
        }
    }

    @Test func clippedConversionsAreCounted() throws {
        let bench = try TestBench(
            TestSpec.chip(TestSpec.technology(), rows: 16, columns: 8, adcBits: 8))
        try bench.takeLease()
        let matrix = try bench.map(rows: 16, columns: 2, weightBits: 2, fullScale: 1)
        try bench.program(matrix.id, (0 ..< 32).map { $0 % 2 == 0 ? 3 : 0 })
        let reply = try bench.chip.sample(
            .multiply(
                MultiplyCommand(
                    matrix: matrix.id, inputs: .unsigned(Array(repeating: 255, count: 48)),
                    batch: 3, transposed: false, bitSerial: false, products: false,
                    fullScaleMicroamperes: 0)), work: bench.work)
        guard case .product(let product) = reply.result,
            case .codes(let values, _) = product.values
        else {
            Issue.record("expected codes")
            return
        }
        let (conversions, clipped) = (product.conversions, product.clipped)
        // Column 0 carries 16·0.2·18 = 57.6 µA and ends at the top code, column 1 carries none.
        #expect(values == [127, 0, 127, 0, 127, 0])
        #expect(conversions == 6)
        #expect(clipped == 3)
    }

    /// No result depends on how a batch is cut over threads.
    @Test func splittingChangesNothing() throws {
        var results: [[Float]] = []
        for isReversed in [false, true] {
            let bench = try TestBench(
                TestSpec.chip(TestSpec.technology(noise: 0.1), adcBits: 10))
            try bench.takeLease()
            let matrix = try bench.map(rows: 20, columns: 12)
            try bench.program(matrix.id, (0 ..< 240).map { Int16($0) - 120 })
            let inputs = (0 ..< 300 * 20).map { UInt8(truncatingIfNeeded: $0 * 7) }
            let work = WorkContext(
                now: bench.now,
                split: { count, body in
                    for index in 0 ..< count { body(isReversed ? count - 1 - index : index) }
                })
            let reply = try bench.chip.sample(
                .multiply(
                    MultiplyCommand(
                        matrix: matrix.id, inputs: .unsigned(inputs), batch: 300,
                        transposed: false, bitSerial: false, products: true,
                        fullScaleMicroamperes: 0)), work: work)
            guard case .product(let product) = reply.result,
                case .products(let values) = product.values
            else {
                Issue.record("\(reply.result)")
                return
            }
            results.append(values)
        }
        #expect(results[0] == results[1])
    }

    /// Asked once before the sample, then before each of 50 vectors: it stops amid them.
    @Test func aDigitalProductStopsBetweenVectors() throws {
        let bench = try TestBench(TestSpec.chip(TestSpec.technology()))
        try bench.takeLease()
        let matrix = try bench.map(rows: 8, columns: 8, weightBits: 2, bank: "sram")
        try bench.program(matrix.id, (0 ..< 64).map { Int16($0 % 7) - 3 })
        let asked = Mutex(0)
        let work = WorkContext(
            now: bench.now,
            isCancelled: {
                asked.withLock { asked in
                    asked += 1
                    return asked > 20
                }
            })
        let fault = #expect(throws: ChipFault.self) {
            try bench.multiply(
                MultiplyCommand(
                    matrix: matrix.id, inputs: .unsigned(Array(repeating: 1, count: 400)),
                    batch: 50, transposed: false, bitSerial: false, products: true,
                    fullScaleMicroamperes: 0), work: work)
        }
        #expect(fault?.reason == .cancelledByRequest)
        #expect(asked.withLock { $0 } == 21)
    }
}
