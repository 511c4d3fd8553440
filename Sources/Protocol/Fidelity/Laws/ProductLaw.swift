internal import Protocol

/// Products have the mean and the noise of their cells, forward and transposed, with differential
/// and with offset cells.
struct ProductLaw: Law {
    let name = "products"
    let number = "M-5"
    private static let batch = 2_000

    func check(_ bench: Bench, _ record: inout Record) throws {
        guard bench.sheet.converters.adcBits > 0 else {
            throw NotAvailable(why: "the chip's converters are ideal")
        }
        var generator = SeededGenerator(seed: 5)
        let (rows, columns) = (min(128, bench.rows), min(64, bench.columns))
        let codes = (0 ..< rows * columns).map { _ in
            Int8.random(in: -127 ... 127, using: &generator)
        }
        let inputs = (0 ..< max(rows, columns)).map { _ in
            UInt8.random(in: 0 ... UInt8(bench.inputCodeMax), using: &generator)
        }
        for mapping in [WireMapping.differential, .offset] {
            let matrix = try MappedMatrix(
                bench, rows: rows, columns: columns, mapping: mapping, codes: codes)
            let word = mapping == .differential ? "differential" : "offset"
            try check(matrix, inputs, isTransposed: false, word, &record)
            try check(matrix, inputs, isTransposed: true, "\(word), transposed", &record)
            try matrix.unmap()
        }
    }

    private func check(
        _ matrix: MappedMatrix, _ inputs: [UInt8], isTransposed: Bool, _ what: String,
        _ record: inout Record
    ) throws {
        let vector = Array(inputs.prefix(isTransposed ? matrix.columns : matrix.rows))
        let currents = try matrix.currents(vector, isTransposed: isTransposed)
        // Nothing clips: seven deviations of noise beyond the largest current.
        let fullScale = currents.largest + 7 * currents.noisiest
        let law = matrix.products(currents, inputs: vector, fullScale: fullScale)
        let batch = Self.batch
        let products = try matrix.multiply(
            [[UInt8]](repeating: vector, count: batch).flatMap { $0 }, batch: batch,
            fullScale: fullScale, isTransposed: isTransposed
        ).products
        var distance = 0.0
        var ratio = 0.0
        for output in law.indices {
            let values = Moments(
                stride(from: output, to: products.count, by: law.count).map {
                    Double(products[$0])
                })
            let variance = law[output].variance + law[output].rounding
            // The conductances in the law were read with noise themselves.
            let uncertain = variance / Double(batch) + law[output].variance / Double(Bench.many)
            distance +=
                (values.mean - law[output].mean) * (values.mean - law[output].mean) / uncertain
            ratio += values.deviation * values.deviation / variance
        }
        let outputs = Double(law.count)
        record.note(
            self, "distance of mean products from their law, over its standard error, \(what)",
            on: matrix.bench, expected: 1, measured: (distance / outputs).squareRoot(),
            bound: Bound.deviation(law.count), .statistical, samples: batch * law.count,
            source: "κ·Σ L^s·Σ V·g of the conductances read back")
        record.note(
            self, "noise of products over its law, \(what)", on: matrix.bench, expected: 1,
            measured: (ratio / outputs).squareRoot(),
            bound: Bound.deviation(law.count * (batch - 1)), .statistical,
            samples: batch * law.count,
            source: "κ²·Σ L^2s·(Σ V²σ²(g) + LSB²/12) of the conductances read back")
    }
}
