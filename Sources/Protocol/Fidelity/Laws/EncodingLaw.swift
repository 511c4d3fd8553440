internal import ChipClient
internal import Protocol

/// Where cells stand at their levels, products of random weights are exact on average, with
/// differential and with offset cells.
struct EncodingLaw: Law {
    let name = "encodings"
    let number = "E-1, E-2"
    private static let batch = 512

    func concerns(_ bench: Bench) -> Bool {
        bench.technology.programmingSpread == 0 && !bench.technology.isQuiet && bench.isFirst
    }

    func check(_ bench: Bench, _ record: inout Record) throws {
        var generator = SeededGenerator(seed: 6)
        let (rows, columns) = (min(128, bench.rows), min(64, bench.columns))
        let codes = (0 ..< rows * columns).map { _ in
            Int8.random(in: -127 ... 127, using: &generator)
        }
        let inputs = (0 ..< Self.batch * rows).map { _ in
            UInt8.random(in: 0 ... UInt8(bench.inputCodeMax), using: &generator)
        }
        for mapping in [WireMapping.differential, .offset] {
            let matrix = try MappedMatrix(
                bench, rows: rows, columns: columns, mapping: mapping, codes: codes)
            let word = mapping == .differential ? "differential" : "offset"
            let number = mapping == .differential ? "E-1" : "E-2"
            try check(matrix, inputs.map(Int.init), word, number, &record)
            // The same codes with signs take two phases, or a phase a bit.
            let signed = inputs.map { Int($0) / 2 * ($0 % 3 == 0 ? -1 : 1) }
            try check(matrix, signed, "\(word), signed inputs", number, &record)
            try check(
                matrix, inputs.map(Int.init), "\(word), a phase a bit", number, isBitSerial: true,
                &record)
            try matrix.unmap()
        }
    }

    private func check(
        _ matrix: MappedMatrix, _ inputs: [Int], _ word: String, _ number: String,
        isBitSerial: Bool = false, _ record: inout Record
    ) throws {
        let bench = matrix.bench
        let exact = Self.exact(
            matrix.codes, inputs, rows: matrix.rows, columns: matrix.columns)
        var options = MultiplyOptions()
        options.bitSerial = isBitSerial
        let isSigned = inputs.contains { $0 < 0 }
        let products = try bench.chip.multiply(
            matrix: matrix.state.matrix,
            inputs: isSigned
                ? .i8(inputs.map { Int8($0) }) : .u8(inputs.map { UInt8($0) }),
            batch: Self.batch, options: options
        ).products
        let errors = Moments(zip(products, exact).map { Double($0) - $1 })
        record.note(
            self, "mean error of products, \(word)", on: bench, number: number, expected: 0,
            measured: errors.mean, bound: Bound.normal() * errors.standardError, .statistical,
            unit: "code × code", samples: errors.count, source: "Σ q·X in whole numbers")
        let power = exact.reduce(0) { $0 + $1 * $1 }
        let slope = zip(products, exact).reduce(0) { $0 + Double($1.0) * $1.1 } / power
        record.note(
            self, "slope of products on exact ones, \(word)", on: bench, number: number,
            expected: 1, measured: slope,
            bound: Bound.normal() * errors.deviation / power.squareRoot(), .statistical,
            samples: errors.count, source: "Σ q·X in whole numbers")
    }

    /// Σ_i q_ij·X_i, batch × columns.
    static func exact(_ codes: [Int8], _ inputs: [Int], rows: Int, columns: Int) -> [Double] {
        var products = [Int](repeating: 0, count: inputs.count / rows * columns)
        for vector in 0 ..< inputs.count / rows {
            for row in 0 ..< rows {
                let input = inputs[vector * rows + row]
                for column in 0 ..< columns {
                    products[vector * columns + column] +=
                        input * Int(codes[row * columns + column])
                }
            }
        }
        return products.map(Double.init)
    }
}
