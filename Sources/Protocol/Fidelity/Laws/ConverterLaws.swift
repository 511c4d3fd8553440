internal import ChipClient
internal import Protocol

/// A matrix of largest weights: its columns carry the largest currents.
private func fullMatrix(_ bench: Bench) throws -> MappedMatrix {
    guard bench.sheet.converters.adcBits > 0 else {
        throw NotAvailable(why: "the chip's converters are ideal")
    }
    let (rows, columns) = (min(128, bench.rows), min(64, bench.columns))
    return try MappedMatrix(
        bench, rows: rows, columns: columns, mapping: .differential,
        codes: [Int8](repeating: 127, count: rows * columns))
}

/// Input codes become voltages in equal steps: products are proportional to the code.
struct DACLaw: Law {
    let name = "dac"
    let number = "M-1"
    private static let batch = 400

    func check(_ bench: Bench, _ record: inout Record) throws {
        let matrix = try fullMatrix(bench)
        let top = bench.inputCodeMax
        let full = try products(matrix, code: top)
        for share in [0.2, 0.4, 0.8] {
            let code = (share * top).rounded()
            let law = code / top
            let part = try products(matrix, code: code)
            // Noise of both, and of roundings that noise does not smear out.
            let error =
                (part.error * part.error + law * law * full.error * full.error
                + 2 * full.rounding * full.rounding).squareRoot() / full.mean
            record.note(
                self, "product at input code \(Int(code)) over that at \(Int(top))", on: bench,
                expected: law, measured: part.mean / full.mean, bound: Bound.normal() * error,
                .statistical, samples: Self.batch * matrix.columns,
                source: "V = V_read·code/(2^b − 1)")
        }
        try matrix.unmap()
    }

    /// Mean over columns and repeats, its standard error, and that of undithered roundings.
    private func products(
        _ matrix: MappedMatrix, code: Double
    ) throws -> (mean: Double, error: Double, rounding: Double) {
        let inputs = [UInt8](repeating: UInt8(code), count: Self.batch * matrix.rows)
        // Cells written open loop may carry more than the nominal current.
        let fullScale = 1.5 * matrix.state.adcFullScaleUa
        let values = try matrix.multiply(inputs, batch: Self.batch, fullScale: fullScale)
            .products.map(Double.init)
        let columns = (0 ..< matrix.columns).map { column in
            Moments(stride(from: column, to: values.count, by: matrix.columns).map { values[$0] })
        }
        let count = Double(matrix.columns)
        let errors = columns.reduce(0) { $0 + $1.standardError * $1.standardError }
        let slices = matrix.sliceWeights.reduce(0) { $0 + $1 * $1 }.squareRoot()
        let lsb = matrix.productsPerMicroampere * fullScale / matrix.codesOfFullScale
        return (
            columns.map(\.mean).mean, errors.squareRoot() / count,
            lsb * slices / (12 * count).squareRoot()
        )
    }
}

/// The converter's step, and that clipped conversions are counted.
struct ADCLaw: Law {
    let name = "adc"
    let number = "M-2"
    private static let batch = 16

    func check(_ bench: Bench, _ record: inout Record) throws {
        let matrix = try fullMatrix(bench)
        let inputs = [UInt8](repeating: UInt8(bench.inputCodeMax), count: Self.batch * matrix.rows)
        let fullScale = matrix.state.adcFullScaleUa
        let law = Double(matrix.rows) * bench.readVoltage * bench.technology.span
        record.note(
            self, "full scale before calibration", on: bench, expected: law, measured: fullScale,
            bound: 1e-6 * law, .tolerance, unit: "µA", samples: 1,
            source: "rows·V_read·(G_on − G_off)")
        let set = try bench.chip.calibrate(
            matrix.state.matrix, adcFullScaleMicroamperes: 1.5 * fullScale)
        let lsb = 1.5 * fullScale / matrix.codesOfFullScale
        record.note(
            self, "LSB", on: bench, expected: lsb, measured: set.adcLsbUa, bound: 1e-6 * lsb,
            .tolerance, unit: "µA", samples: 1, source: "FS/(2^(b−1) − 1)")
        let wide = try matrix.multiply(inputs, batch: Self.batch, output: .codes)
        let product = lsb * matrix.productsPerMicroampere
        record.note(
            self, "product of one code", on: bench, expected: product, measured: wide.lsb,
            bound: 1e-6 * product, .tolerance, unit: "product", samples: 1,
            source: "κ·LSB, κ = (L − 1)/((G_on − G_off)·v·stretch)")
        let narrow = try matrix.multiply(
            inputs, batch: Self.batch, fullScale: fullScale / 100)
        let all = Double(Self.batch * matrix.columns * Int(matrix.state.slices))
        for (what, measured, expected) in [
            ("conversions", Double(wide.conversions), all),
            ("clipped, full scale 1.5 times the largest current", Double(wide.clipped), 0),
            ("clipped, full scale a hundredth of it", Double(narrow.clipped), all),
        ] {
            record.note(
                self, what, on: bench, expected: expected, measured: measured, bound: 0, .exact,
                samples: Int(all), source: "vectors × columns × slices")
        }
        try matrix.unmap()
    }
}
