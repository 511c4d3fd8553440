internal import Protocol

/// Where cells stand at their levels, products of random weights are exact on average, with
/// differential and with offset cells.
struct EncodingLaw: Law {
    let name = "encodings"
    let number = "E-1, E-2"
    private static let batch = 512

    func concerns(_ bench: Bench) -> Bool {
        bench.technology.programmingSpread == 0 && bench.technology.betweenChip == 0
            && bench.isFirst
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
        let exact = Self.exact(codes, inputs, rows: rows, columns: columns)
        for mapping in [WireMapping.differential, .offset] {
            let matrix = try MappedMatrix(
                bench, rows: rows, columns: columns, mapping: mapping, codes: codes)
            let products = try matrix.multiply(inputs, batch: Self.batch).products
            let errors = Moments(zip(products, exact).map { Double($0) - $1 })
            let word = mapping == .differential ? "differential" : "offset"
            let number = mapping == .differential ? "E-1" : "E-2"
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
            try matrix.unmap()
        }
    }

    /// Σ_i q_ij·X_i, batch × columns.
    static func exact(_ codes: [Int8], _ inputs: [UInt8], rows: Int, columns: Int) -> [Double] {
        var products = [Int](repeating: 0, count: inputs.count / rows * columns)
        for vector in 0 ..< inputs.count / rows {
            for row in 0 ..< rows {
                let input = Int(inputs[vector * rows + row])
                for column in 0 ..< columns {
                    products[vector * columns + column] +=
                        input * Int(codes[row * columns + column])
                }
            }
        }
        return products.map(Double.init)
    }
}
