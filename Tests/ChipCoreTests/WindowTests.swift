import ChipCore
import Physics
import TestSupport
import Testing

/// Maps that the chip unrolls against maps that the test unrolls, element by element, and sends as
/// vectors: the same conversions of the same currents.
@Suite("Products with a window over activation maps")
struct WindowTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var height = 6
        var width = 5
        var channels = 3
        var kernel = (3, 3)
        var stride = (1, 1)
        var padding = (1, 1)
        var isSigned = false
        var isBitSerial = false
        var mapping = WeightEncoding.Mapping.differential
        var bank = ""
        var adcBits: Int? = 10
        var products = false

        var testDescription: String {
            "\(height) × \(width) × \(channels), kernel \(kernel), stride \(stride), padding "
                + "\(padding), \(isSigned ? "signed" : "unsigned")"
                + "\(isBitSerial ? ", bit-serial" : ""), \(mapping) \(bank), "
                + "\(adcBits.map { "\($0) bits" } ?? "ideal")\(products ? ", products" : "")"
        }
    }

    // 27 rows and more on tiles of 16: rows of the kernel are cut by tiles.
    static let cases: [Case] = [
        Case(), Case(kernel: (1, 1), padding: (0, 0)), Case(kernel: (5, 3), padding: (2, 1)),
        Case(kernel: (2, 4), stride: (2, 1), padding: (0, 3)), Case(stride: (2, 3)),
        Case(height: 1, width: 9, kernel: (1, 3), padding: (0, 2)),
        Case(height: 2, width: 2, channels: 20), Case(kernel: (6, 5), padding: (0, 0)),
        Case(kernel: (3, 3), stride: (7, 7), padding: (2, 2)), Case(isSigned: true),
        Case(isSigned: true, isBitSerial: true), Case(mapping: .offset),
        Case(isSigned: true, mapping: .offset, products: true),
        Case(mapping: .offset, adcBits: nil, products: true),
        Case(adcBits: nil, products: true), Case(channels: 1, bank: "sram"),
        Case(channels: 1, isSigned: true, bank: "sram"),
    ]

    @Test(arguments: cases)
    func theChipUnrollsAsTheHostDoes(_ test: Case) throws {
        // 43 maps: with 30 places, more than one part of 128 vectors, and a part of a map.
        let (maps, columns) = (43, 9)
        let window = InputWindow(
            rows: .init(
                size: test.height, kernel: test.kernel.0, stride: test.stride.0,
                padding: test.padding.0),
            columns: .init(
                size: test.width, kernel: test.kernel.1, stride: test.stride.1,
                padding: test.padding.1), channels: test.channels)
        let bench = try TestBench(
            TestSpec.chip(TestSpec.technology(), tiles: 256, adcBits: test.adcBits))
        try bench.takeLease()
        let matrix = try bench.map(
            rows: window.inputs, columns: columns, bank: test.bank, mapping: test.mapping)
        var generator = SeededGenerator(state: 3)
        try bench.program(
            matrix.id,
            (0 ..< window.inputs * columns).map { _ in
                Int16.random(in: -127 ... 127, using: &generator)
            })
        let codes = (0 ..< maps * window.mapSize).map { _ in
            Int.random(in: test.isSigned ? -127 ... 127 : 0 ... 255, using: &generator)
        }
        func multiply(_ values: [Int], _ window: InputWindow?) throws -> ProductResult {
            try bench.multiply(
                MultiplyCommand(
                    matrix: matrix.id,
                    inputs: test.isSigned
                        ? .signed(values.map { Int8($0) }) : .unsigned(values.map { UInt8($0) }),
                    batch: maps * (window?.places ?? places(test)), transposed: false,
                    bitSerial: test.isBitSerial, products: test.products, fullScaleMicroamperes: 0,
                    window: window))
        }
        #expect(window.places == places(test))
        let chip = try multiply(codes, window)
        let host = try multiply(unrolled(codes, test, maps: maps), nil)
        #expect(chip.shape == [maps * places(test), columns])
        #expect(chip.conversions == host.conversions)
        switch (chip.values, host.values) {
        case (.codes(let mine, let lsb), .codes(let expected, let expectedLSB)):
            #expect(mine == expected)
            #expect(lsb == expectedLSB)
            #expect(Set(mine).count > 20)
        case (.products(let mine), .products(let expected)):
            #expect(mine == expected)
            #expect(Set(mine).count > 20)
        default: Issue.record("\(chip.values) beside \(host.values)")
        }
    }

    private func places(_ test: Case) -> Int {
        ((test.height + 2 * test.padding.0 - test.kernel.0) / test.stride.0 + 1)
            * ((test.width + 2 * test.padding.1 - test.kernel.1) / test.stride.1 + 1)
    }

    /// By the definition: one code at a time, in kernel row, kernel column, channel.
    private func unrolled(_ maps: [Int], _ test: Case, maps count: Int) -> [Int] {
        var vectors: [Int] = []
        for map in 0 ..< count {
            for top in stride(
                from: -test.padding.0, through: test.height + test.padding.0 - test.kernel.0,
                by: test.stride.0)
            {
                for left in stride(
                    from: -test.padding.1, through: test.width + test.padding.1 - test.kernel.1,
                    by: test.stride.1)
                {
                    for y in top ..< top + test.kernel.0 {
                        for x in left ..< left + test.kernel.1 {
                            for channel in 0 ..< test.channels {
                                let isInside =
                                    (0 ..< test.height).contains(y)
                                    && (0 ..< test.width).contains(x)
                                vectors.append(
                                    isInside
                                        ? maps[
                                            ((map * test.height + y) * test.width + x)
                                                * test.channels + channel] : 0)
                            }
                        }
                    }
                }
            }
        }
        return vectors
    }

    @Test func onlyTheMapsTravel() throws {
        let window = InputWindow(
            rows: .init(size: 8, kernel: 3, stride: 1, padding: 1),
            columns: .init(size: 8, kernel: 3, stride: 1, padding: 1), channels: 1)
        func energy(_ byte: Double) throws -> (window: Double, vectors: Double) {
            var spec = try TestSpec.chip(TestSpec.technology(), adcBits: 8)
            spec.periphery.bufferPicojoulesPerByte = byte
            let bench = try TestBench(spec)
            try bench.takeLease()
            let matrix = try bench.map(rows: 9, columns: 8, weightBits: 2)
            try bench.program(matrix.id, Array(repeating: 1, count: 72))
            func cost(_ count: Int, _ window: InputWindow?) throws -> Double {
                try bench.chip.sample(
                    .multiply(
                        MultiplyCommand(
                            matrix: matrix.id,
                            inputs: .unsigned(Array(repeating: 0, count: count)), batch: 64,
                            transposed: false, bitSerial: false, products: false,
                            fullScaleMicroamperes: 0, window: window)),
                    work: bench.work
                ).cost.energyPicojoules
            }
            return (try cost(64, window), try cost(64 * 9, nil))
        }
        let (free, paid) = (try energy(0), try energy(1))
        // Bytes in, and four for each of 64 × 8 outputs.
        #expect(abs(paid.window - free.window - Double(64 + 4 * 512)) < 1e-6)
        #expect(abs(paid.vectors - free.vectors - Double(64 * 9 + 4 * 512)) < 1e-6)
    }

    @Test func aWindowThatDoesNotFitTheMatrixIsRefused() throws {
        let bench = try TestBench(TestSpec.chip(TestSpec.technology(), adcBits: 8))
        try bench.takeLease()
        let matrix = try bench.map(rows: 9, columns: 4)
        try bench.program(matrix.id, Array(repeating: 1, count: 36))
        let side = InputWindow.Side(size: 4, kernel: 3, stride: 1, padding: 0)
        func refusal(_ channels: Int, transposed: Bool) throws -> String? {
            let error = #expect(throws: ChipFault.self) {
                try bench.multiply(
                    MultiplyCommand(
                        matrix: matrix.id,
                        inputs: .unsigned(Array(repeating: 1, count: 16 * channels)), batch: 4,
                        transposed: transposed, bitSerial: false, products: false,
                        fullScaleMicroamperes: 0,
                        window: InputWindow(rows: side, columns: side, channels: channels)))
            }
            return error?.message
        }
        #expect(
            try refusal(2, transposed: false)
                == "a window of 3 × 3 over maps of 2 channels has 18 inputs; matrix 1 has 9 rows")
        #expect(
            try refusal(1, transposed: true)
                == "window is present; allowed: absent where transpose is true")
    }
}
